"""Warehouses of other releases: what is converted, what is not, and that nothing is lost or read twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion import migrations
from ingestion.landing.source import landing_pipeline, landing_source
from ingestion.migrations import FORMATS, STEPS, MigrationError
from tests.ingestion.loading import run
from tests.ingestion.old_home import LOADED_ROWS, make_old_home, with_type


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_old_home(tmp_path / "home")
    return tmp_path / "home"


def load(home: Path) -> None:
    """As the orchestrator does it: only the warehouse remembers."""
    pipeline = landing_pipeline(home / "warehouse.duckdb", home / "dlt")
    pipeline.drop()
    run(pipeline, home / "warehouse.duckdb", landing_source(home / "landing")).raise_on_failed_jobs()


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def change(home: Path, statement: str) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute(statement)


def column_type(home: Path, table: str, column: str) -> str:
    [(found,)] = rows(
        home,
        f"SELECT data_type FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name = '{table}' "
        f"AND column_name = '{column}'",
    )
    return str(found)


def test_a_home_of_0_1_0_takes_new_rows_and_reads_no_file_twice(home: Path) -> None:
    before = rows(home, "SELECT file, file_hash, loaded_at FROM raw.landing_files ORDER BY ALL")
    load(home)
    assert rows(home, "SELECT file, file_hash, loaded_at FROM raw.landing_files ORDER BY ALL") == before
    with (home / "landing" / "calls.csv").open("a", encoding="utf-8") as stream:
        stream.write("c3,u1,2025-04-03T10:00:00Z,outbound,5\n")
    load(home)
    for entity, count in {**LOADED_ROWS, "calls": 3}.items():
        assert rows(home, f"SELECT count(*) FROM raw.landing__{entity}") == [(count,)], entity
    assert rows(home, "SELECT count(*) FROM raw.quarantine") == [(1,)]
    assert rows(home, f"SELECT format FROM {FORMATS}") == [(len(STEPS),)]


@pytest.mark.parametrize(
    ("type_", "dlt_type"), [("DOUBLE", "double"), ("BIGINT", "bigint"), ("DECIMAL(10,2)", "decimal")]
)
def test_a_type_that_the_contract_changed_is_converted(home: Path, type_: str, dlt_type: str) -> None:
    """dlt, which freezes types, loads into the converted table."""
    change(home, "UPDATE raw.landing__calls SET duration_seconds = 61")
    with_type(home, "landing__calls", "duration_seconds", type_, dlt_type)
    with (home / "landing" / "calls.csv").open("a", encoding="utf-8") as stream:
        stream.write("c3,u1,2025-04-03T10:00:00Z,outbound,5.25\n")
    load(home)
    assert column_type(home, "landing__calls", "duration_seconds") == "DECIMAL(15,3)"
    found = rows(home, "SELECT call_id, duration_seconds::VARCHAR FROM raw.landing__calls ORDER BY ALL")
    assert found == [("c1", "61.500"), ("c2", "30.000"), ("c3", "5.250")]
    load(home)
    assert rows(home, "SELECT count(*) FROM raw.landing_files") == [(5,)]


@pytest.mark.parametrize(("type_", "dlt_type"), [("DECIMAL(18,6)", "decimal"), ("VARCHAR", "text")])
def test_values_that_would_not_stay_what_they_are_stop_the_load(home: Path, type_: str, dlt_type: str) -> None:
    with_type(home, "landing__calls", "duration_seconds", type_, dlt_type)
    change(home, "UPDATE raw.landing__calls SET duration_seconds = 1.234567 WHERE call_id = 'c1'")
    before = rows(home, "SELECT * FROM raw.landing__calls ORDER BY ALL")
    with pytest.raises(MigrationError) as caught:
        load(home)
    text = str(caught.value)
    assert text.startswith(f"raw.landing__calls.duration_seconds is {type_} in {home / 'warehouse.duckdb'}, and this")
    assert "wants DECIMAL(15,3)" in text
    assert "move the warehouse away and refresh" in text
    assert rows(home, "SELECT * FROM raw.landing__calls ORDER BY ALL") == before
    (home / "warehouse.duckdb").unlink()
    load(home)
    assert rows(home, "SELECT count(*) FROM raw.landing__calls") == [(2,)]


def test_notes_without_a_source_get_it(home: Path) -> None:
    for schema in ("raw", "raw_staging"):
        for table in ("landing_files", "quarantine"):
            change(home, f"ALTER TABLE {schema}.{table} DROP COLUMN source")
    (home / "landing" / "calls.csv").write_text("call_id,user_id,started_at,direction\n", encoding="utf-8")
    load(home)
    assert rows(home, "SELECT source, count(*) FROM raw.landing_files GROUP BY ALL") == [("landing", 5)]
    assert rows(home, "SELECT source, count(*) FROM raw.quarantine GROUP BY ALL") == [("landing", 1)]


def test_a_warehouse_of_a_newer_release_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(migrations, "STEPS", (*STEPS, lambda connection: None))
        newer.setattr(migrations, "version", lambda _: "9.0.0")
        load(home)
    with pytest.raises(
        MigrationError, match=r"was written by Repline 9\.0\.0, and this is .*install that release again"
    ):
        load(home)


def test_what_is_as_it_should_be_is_not_written(home: Path) -> None:
    warehouse = home / "warehouse.duckdb"
    assert migrations.migrate(warehouse)
    written = warehouse.read_bytes()
    assert not migrations.migrate(warehouse)
    assert warehouse.read_bytes() == written
    assert not migrations.migrate(home / "new.duckdb")
    assert not migrations.migrate(home / "new.duckdb")
