"""Loads of a database: types, what is read again, slices, bad rows over time, errors without the password."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from ingestion.contract import ENTITIES
from ingestion.database import tables
from ingestion.mapping import Part, TableLayout
from tests.conftest import REPOSITORY
from tests.ingestion.database.conftest import MAPPING, CrmDatabase
from tests.ingestion.database.server import PASSWORD

Failure = Callable[[BaseException], str]
DEALS = "SELECT opportunity_id FROM raw.database__opportunities ORDER BY length(opportunity_id), 1"


def test_every_table_has_the_contracts_columns(loaded: CrmDatabase) -> None:
    for entity in ENTITIES:
        columns = loaded.rows(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'raw' "
            f"AND table_name = 'database__{entity.name}' ORDER BY column_index"
        )
        expected = [(column.name, column.type.value.replace(" ", "")) for column in entity.columns]
        assert columns[: len(expected) + 1] == [*expected, ("_file", "VARCHAR")], entity.name


def test_values_arrive_in_the_contracts_types(crm: CrmDatabase) -> None:
    crm.execute("UPDATE deals SET deleted_at = now() WHERE number = 'D2'")
    crm.load()
    assert crm.rows(
        "SELECT * EXCLUDE (id) FROM (SELECT opportunity_id, owner_id, stage, pipeline, amount, created_at, close_date, "
        "updated_at, is_deleted, score, tags, _file, id FROM raw.database__opportunities) ORDER BY 1 LIMIT 1 OFFSET 2"
    ) == [
        (
            "D2",
            "1",
            "Won",
            "default",
            Decimal("2.5"),
            datetime(2025, 7, 1, 8, 2),
            date(2025, 8, 1),
            datetime(2025, 7, 1, 14),
            True,
            "2",
            '{"a":1}',
            "public.deals",
        )
    ]
    assert crm.rows("SELECT stage, is_closed, is_won FROM raw.database__pipeline_stages ORDER BY position") == [
        ("Qualify", False, False),
        ("Won", True, True),
        ("Lost", True, False),
    ]
    assert crm.rows("SELECT user_id, full_name FROM raw.database__users ORDER BY 1") == [("1", "Ada"), ("2", "Zoë")]
    assert crm.account() == [("CRM.User", 2, 2, 0), ("public.deals", 10, 10, 0), ("stages", 3, 3, 0)]


def test_second_load_does_nothing(crm: CrmDatabase) -> None:
    assert crm.load() == 1
    notes = crm.rows("SELECT * FROM raw.landing_files ORDER BY ALL")
    assert crm.load() == 0
    assert crm.rows("SELECT * FROM raw.landing_files ORDER BY ALL") == notes


VERSIONS = {
    "timestamptz": "changed",
    "timestamp": "changed AT TIME ZONE 'UTC'",
    "date": "DATE '2025-07-01' + (score * 2)::int",
    "bigint": "score::bigint * 100",
    "text": "'v' || lpad(score::text, 9, '0')",
}


def test_only_changed_rows_are_read_again(crm: CrmDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the type of the cursor, and although the server stands in another time zone: of each type a table."""
    start, _, deals = MAPPING.partition("  opportunities:\n")
    parts = []
    for type_, value in VERSIONS.items():
        crm.execute(
            f"CREATE TABLE {type_}_deals AS SELECT * FROM deals;"
            f"UPDATE {type_}_deals SET number = '{type_} ' || number;"
            f"ALTER TABLE {type_}_deals ADD COLUMN version {type_}; UPDATE {type_}_deals SET version = {value}"
        )
        part = deals.replace("public.deals", f"public.{type_}_deals").replace("cursor: changed", "cursor: version")
        parts.append(f"    -{part[3:]}".replace("\n    ", "\n      "))
    crm.mapping.write_text(f"{start}  opportunities:\n{''.join(parts)}")
    fetched: dict[str, list[int]] = {}
    fetch = tables.Database.fetch

    def counting(database: tables.Database, part: Part, layout: TableLayout, *arguments: Any) -> tables.Fetched:
        result = fetch(database, part, layout, *arguments)
        fetched.setdefault(layout.name, []).append(result.row_count)
        return result

    def are_fetched(users: int, stages: int, deals: int) -> None:
        expected = {f"public.{type_}_deals": [deals] for type_ in VERSIONS}
        assert fetched == {"CRM.User": [users], "stages": [stages], **expected}
        fetched.clear()

    monkeypatch.setattr(tables.Database, "fetch", counting)
    crm.load()
    are_fetched(2, 3, 10)
    for type_, value in VERSIONS.items():
        table = f"{type_}_deals"
        crm.execute(
            f"UPDATE {table} SET amount = 99, score = 20, changed = '2025-07-02 08:00Z' WHERE number = '{type_} D1';"
            f"UPDATE {table} SET version = {value} WHERE number = '{type_} D1';"
            f"INSERT INTO {table} (number, stage, made_at, changed, score)"
            f" VALUES ('{type_} D11', 'Won', now(), now(), 21);"
            f"UPDATE {table} SET version = {value} WHERE number = '{type_} D11'"
        )
    crm.load()
    # The row that had the greatest value, and what changed; all stages, which have no cursor.
    are_fetched(1, 3, 3)
    changed = crm.rows(
        "SELECT opportunity_id, amount FROM raw.database__opportunities WHERE opportunity_id LIKE '% D1'"
    )
    assert sorted(changed) == [(f"{type_} D1", Decimal(99)) for type_ in sorted(VERSIONS)]
    accounts = {table: counts for table, *counts in crm.account()}
    for type_ in VERSIONS:
        assert len([row for row in crm.rows(DEALS) if row[0].startswith(f"{type_} ")]) == 11, type_
        assert accounts[f"public.{type_}_deals"] == [11, 11, 0]
    crm.load()
    assert crm.load() == 0


def test_a_late_row_within_the_overlap_is_found(loaded: CrmDatabase) -> None:
    loaded.execute(
        "INSERT INTO deals (number, stage, made_at, changed) VALUES "
        "('late', 'Won', now(), '2025-07-01 21:59:30Z'), ('too late', 'Won', now(), '2025-07-01 21:58:00Z')"
    )
    loaded.load()
    assert loaded.rows(DEALS)[-1] == ("late",)


def test_a_row_without_a_cursor_value_is_read(loaded: CrmDatabase) -> None:
    loaded.execute("INSERT INTO deals (number, stage, made_at) VALUES ('none', 'Won', now())")
    loaded.load()
    assert loaded.rows(DEALS)[-1] == ("none",)
    assert loaded.load() == 0


def test_a_first_load_in_slices(crm: CrmDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_PER_CHUNK", 2)
    crm.execute("UPDATE deals SET changed = '2025-07-01 15:00Z' WHERE number IN ('D3', 'D4', 'D5', 'D6')")
    counts = []
    while True:
        crm.load(rows=3)
        counts.append(len(crm.rows(DEALS)))
        if not crm.slices[-1].is_cut:
            break
    # Each slice is a load of its own, and goes on where the last one ended; the last finds no more.
    assert counts == [4, 8, 10, 10]
    assert crm.account()[1] == ("public.deals", 10, 10, 0)
    assert crm.load() == 0


def test_a_killed_load_goes_on_after_its_last_slice(crm: CrmDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_PER_CHUNK", 2)
    crm.load(rows=4)
    assert len(crm.rows(DEALS)) == 4
    script = f"""
        import os, signal
        from pathlib import Path
        from ingestion.api.options import Slice
        from ingestion.database import database_source, tables
        from ingestion.warehouse import raw_pipeline

        tables._ROWS_PER_CHUNK = 2
        home = Path({str(crm.home)!r})
        pipeline = raw_pipeline("database", home / "warehouse.duckdb", home / "dlt")
        pipeline.drop()
        pipeline.extract(database_source(Path({str(crm.mapping)!r}), True, Slice(4)))
        pipeline.normalize()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, cwd=REPOSITORY)
    assert done.returncode == -9
    assert len(crm.rows(DEALS)) == 4
    crm.load(rows=100)
    assert crm.rows(DEALS) == [(f"D{n}",) for n in range(1, 11)]


def test_bad_rows_stay_noted_until_they_are_good(crm: CrmDatabase) -> None:
    """A slice of good rows does not make the bad ones of former slices forgotten."""
    crm.execute("UPDATE deals SET amount = -1 WHERE number IN ('D1', 'D2')")
    crm.load()
    bad = "amount is negative"
    assert crm.quarantined() == [
        ("public.deals", 1, "D1", "amount", "-1.00", bad),
        ("public.deals", 2, "D2", "amount", "-1.00", bad),
    ]
    crm.execute("UPDATE deals SET amount = 5, changed = '2025-08-01Z' WHERE number = 'D3'")
    crm.load()
    assert len(crm.quarantined()) == 2
    assert crm.account()[1] == ("public.deals", 10, 8, 2)
    assert crm.load() == 0
    crm.execute("UPDATE deals SET amount = 5, changed = '2025-08-02Z' WHERE number = 'D1'")
    crm.execute("UPDATE deals SET amount = -2, changed = '2025-08-02Z' WHERE number = 'D2'")
    crm.load()
    assert crm.quarantined() == [("public.deals", 1, "D2", "amount", "-2.00", bad)]
    assert crm.account()[1] == ("public.deals", 10, 9, 1)


def test_rows_of_an_unknown_stage_get_another_chance(crm: CrmDatabase) -> None:
    crm.execute("UPDATE deals SET stage = 'Propose' WHERE number = 'D1'")
    crm.load()
    crm.execute("UPDATE deals SET changed = '2025-08-02Z' WHERE number = 'D3'")
    crm.load()
    assert [row[2] for row in crm.quarantined()] == ["D1"]
    crm.execute("INSERT INTO stages VALUES ('Propose', 4, NULL)")
    crm.load()
    assert crm.quarantined() == []
    assert crm.account()[1] == ("public.deals", 10, 10, 0)


def test_what_the_mapping_says_anew_is_read_from_the_start(loaded: CrmDatabase) -> None:
    loaded.mapping.write_text(MAPPING.replace("amount: amount", "amount: {column: score}"))
    loaded.load()
    assert loaded.rows("SELECT sum(amount)::INT FROM raw.database__opportunities") == [(55,)]
    assert loaded.load() == 0


def test_all_tables_are_read_anew(loaded: CrmDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """From their beginning and in slices, although their cursors say that nothing changed."""
    monkeypatch.setattr(tables, "_ROWS_PER_CHUNK", 2)
    with duckdb.connect(str(loaded.home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM raw.database__opportunities WHERE opportunity_id IN ('D1', 'D9')")
    assert loaded.load() == 0
    loaded.load(rows=4, anew=True)
    while loaded.slices[-1].is_cut:
        loaded.load(rows=4)
    assert loaded.rows(DEALS) == [(f"D{n}",) for n in range(1, 11)]
    assert loaded.load() == 0


def test_an_older_row_gives_way_and_equal_ones_do_not_double(crm: CrmDatabase) -> None:
    crm.execute("ALTER TABLE deals DROP CONSTRAINT deals_number_key")
    crm.execute(
        "INSERT INTO deals (number, stage, amount, made_at, changed) VALUES "
        "('D10', 'Won', 1, now(), '2025-01-01Z'), ('D10', 'Won', 2, now(), '2025-12-01Z')"
    )
    crm.load()
    assert crm.rows("SELECT amount FROM raw.database__opportunities WHERE opportunity_id = 'D10'") == [(Decimal(2),)]
    assert crm.load() == 0


def test_an_empty_table_and_one_that_the_mapping_no_longer_names(crm: CrmDatabase) -> None:
    crm.execute("CREATE TABLE accounts (id int, name text)")
    crm.mapping.write_text(MAPPING + "  accounts: {table: accounts, columns: {account_id: id, name: name}}\n")
    crm.load()
    assert crm.rows("SELECT count(*) FROM raw.database__accounts") == [(0,)]
    crm.execute("INSERT INTO accounts VALUES (1, 'One')")
    crm.load()
    assert crm.rows("SELECT account_id, name FROM raw.database__accounts") == [("1", "One")]
    crm.mapping.write_text(MAPPING)
    crm.load()
    assert crm.rows("SELECT account_id FROM raw.database__accounts") == [("1",)]
    assert crm.load() == 0


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("public.deals", "public.deal", ["line 14, opportunities, names the table public.deal, which 127.0.0.1/crm_"]),
        (
            "owner_id: owner",
            "owner_id: Owner",
            [
                "line 20, opportunities.columns.owner_id, takes the column 'Owner', which the table public.deals",
                "owner, amount",
            ],
        ),
        (
            "cursor: changed\n    overlap",
            "cursor: modified\n    overlap",
            ["line 16, opportunities.cursor, takes the column 'modified'"],
        ),
    ],
)
def test_a_mapping_that_does_not_fit(crm: CrmDatabase, failure: Failure, old: str, new: str, parts: list[str]) -> None:
    crm.mapping.write_text(MAPPING.replace(old, new))
    with pytest.raises(Exception) as caught:
        crm.load()
    for part in ("mapping.yml, line ", "nothing was loaded", *parts):
        assert part in failure(caught.value)


class TestThePasswordIsNeverShown:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://repline:{}@127.0.0.1:1/crm",
            "postgresql://nobody:{}@127.0.0.1:{port}/crm",
            "postgresql://repline:{}@[127.0.0.1/crm",
            "nonsense {}",
            "mysql+nodriver://repline:{}@127.0.0.1/crm",
        ],
    )
    def test_in_errors_and_logs(
        self,
        crm: CrmDatabase,
        failure: Failure,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        secret = quote(PASSWORD, safe="")
        monkeypatch.setenv(
            "SOURCES__DATABASE__CREDENTIALS", url.replace("{port}", str(crm.server.port)).replace("{}", secret)
        )
        with caplog.at_level(logging.DEBUG), pytest.raises(Exception) as caught:
            crm.load()
        shown = failure(caught.value) + caplog.text + "".join(capfd.readouterr())
        assert "nothing was loaded" in shown
        assert PASSWORD not in shown
        assert secret not in shown

    def test_in_the_warehouse_and_dlts_folder(self, crm: CrmDatabase, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            crm.load()
        written = b"".join(path.read_bytes() for path in crm.home.rglob("*") if path.is_file())
        for secret in (PASSWORD, quote(PASSWORD, safe="")):
            assert secret.encode() not in written
            assert secret not in caplog.text

    def test_it_is_asked_for_by_name(self, crm: CrmDatabase, failure: Failure, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SOURCES__DATABASE__CREDENTIALS")
        with pytest.raises(Exception) as caught:
            crm.load()
        assert "the secret SOURCES__DATABASE__CREDENTIALS is missing" in failure(caught.value)


def test_credentials_in_parts(crm: CrmDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in dlt's secrets.toml: a table of drivername, host and so on."""
    monkeypatch.delenv("SOURCES__DATABASE__CREDENTIALS")
    parts = {
        "DRIVERNAME": "postgresql+psycopg",
        "HOST": "127.0.0.1",
        "PORT": str(crm.server.port),
        "USERNAME": "repline",
        "PASSWORD": PASSWORD,
        "DATABASE": crm.name,
    }
    for name, value in parts.items():
        monkeypatch.setenv(f"SOURCES__DATABASE__CREDENTIALS__{name}", value)
    crm.load()
    assert len(crm.rows(DEALS)) == 10


def test_beside_another_source_nothing_is_required(crm: CrmDatabase) -> None:
    crm.mapping.write_text("entities:\n  users: {table: CRM.User, columns: {user_id: id, full_name: Full Name}}\n")
    crm.load(required=False)
    assert crm.rows("SELECT count(*) FROM raw.database__opportunities") == [(0,)]
