"""A personal column that is named after its values were loaded: nothing that Repline keeps has them in clear."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import hiding
from ingestion.clearing import last_version_in_clear
from ingestion.hiding import hide_former_loads
from ingestion.personal import DROP, HASH, PersonalColumns

KEY = "a long random text"
CLEAR = "ada@example.com"
HASHED = hashlib.sha256(f"{KEY}{CLEAR}".encode()).hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data home with the address in raw, in its staging, in the quarantine, in a mart, and in a load package."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(
            f"""
            CREATE SCHEMA raw; CREATE SCHEMA raw_staging; CREATE SCHEMA marts; CREATE SCHEMA quality;
            CREATE TABLE raw.landing__users (user_id VARCHAR NOT NULL, email VARCHAR, hired_on DATE);
            INSERT INTO raw.landing__users VALUES ('u1', '{CLEAR}', '2020-01-01'), ('u2', NULL, NULL);
            COMMENT ON COLUMN raw.landing__users.email IS 'An address.';
            CREATE TABLE raw_staging.landing__users AS FROM raw.landing__users;
            CREATE TABLE raw.quarantine (source VARCHAR, entity VARCHAR, column_name VARCHAR, value VARCHAR);
            INSERT INTO raw.quarantine VALUES
                ('landing', 'users', 'email', '{CLEAR}'), ('landing', 'users', 'email', '{HASHED}'),
                ('landing', 'users', NULL, 'u3,{CLEAR},'), ('landing', 'users', 'hired_on', 'soon'),
                ('landing', 'calls', NULL, 'kept');
            CREATE VIEW marts.users AS FROM raw.landing__users;
            CREATE TABLE marts.dim_rep AS FROM raw.landing__users;
            CREATE TABLE quality.expectation_result AS SELECT 1 AS run_id;
            """
        )
    for source in ("landing", "hubspot"):
        package = tmp_path / "dlt" / f"repline_{source}" / "load" / "loaded"
        package.mkdir(parents=True)
        (package / "users.parquet").write_text(CLEAR)
    return tmp_path


def hide(home: Path, treatments: dict[str, dict[str, str]], version: int = 3) -> int:
    setting = PersonalColumns({}, KEY)
    return hide_former_loads(home / "warehouse.duckdb", home / "dlt", setting, treatments, ["marts"], version)


def read(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def with_clear(home: Path) -> set[str]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {path.relative_to(home).as_posix() for path in files if CLEAR.encode() in path.read_bytes()}


def test_values_of_former_loads_are_hidden_and_leave_no_trace(home: Path) -> None:
    assert "warehouse.duckdb" in with_clear(home)
    assert hide(home, {"landing__users": {"email": HASH}}) == 4
    assert with_clear(home) == {"dlt/repline_hubspot/load/loaded/users.parquet"}
    assert read(home, "FROM raw.landing__users ORDER BY user_id") == [
        ("u1", HASHED, read(home, "SELECT DATE '2020-01-01'")[0][0]),
        ("u2", None, None),
    ]
    assert read(home, "SELECT column_name, value FROM raw.quarantine ORDER BY ALL") == [
        ("email", HASHED),
        ("email", None),
        ("hired_on", "soon"),
        (None, "kept"),
        (None, None),
    ]
    assert read(home, "SELECT comment FROM duckdb_columns() WHERE comment = 'An address.'") == [("An address.",)]
    assert read(home, "SELECT schema_name FROM duckdb_tables() WHERE schema_name IN ('marts', 'quality')") == [
        ("quality",)
    ]
    assert last_version_in_clear(home / "warehouse.duckdb") == 3


def test_what_is_hidden_already_costs_nothing(home: Path) -> None:
    hide(home, {"landing__users": {"email": HASH}})
    before = (home / "warehouse.duckdb").stat().st_ino
    assert hide(home, {"landing__users": {"email": HASH}}, version=4) == 0
    # A column that never held anything is noted, and nothing is cleared away for it.
    assert hide(home, {"landing__users": {"email": HASH, "nickname": DROP}}, version=4) == 0
    assert (home / "warehouse.duckdb").stat().st_ino == before
    assert last_version_in_clear(home / "warehouse.duckdb") == 3
    assert read(home, "SELECT email FROM raw.landing__users WHERE user_id = 'u1'") == [(HASHED,)]
    assert hide(home, {"landing__users": {"email": DROP, "hired_on": DROP}}, version=5) == 5
    assert read(home, "SELECT DISTINCT email, hired_on FROM raw.landing__users") == [(None, None)]
    assert last_version_in_clear(home / "warehouse.duckdb") == 5


def test_one_that_was_killed_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(hiding, "write_anew", die)
        with pytest.raises(KeyboardInterrupt):
            hide(home, {"landing__users": {"email": HASH}})
    assert read(home, "SELECT email FROM raw.landing__users WHERE user_id = 'u1'") == [(HASHED,)]
    hide(home, {"landing__users": {"email": HASH}})
    assert with_clear(home) == {"dlt/repline_hubspot/load/loaded/users.parquet"}
    assert read(home, f"SELECT is_cleared FROM {hiding.NOTES}") == [(True,)]


def test_without_the_setting_or_a_warehouse_there_is_nothing_to_do(home: Path, tmp_path: Path) -> None:
    before = (home / "warehouse.duckdb").read_bytes()
    assert hide(home, {"landing__users": {}}) == 0
    assert (home / "warehouse.duckdb").read_bytes() == before
    assert hide(tmp_path / "elsewhere", {"landing__users": {"email": HASH}}) == 0
