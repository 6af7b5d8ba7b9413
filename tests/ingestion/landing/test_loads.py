"""Loads one after the other: what is read again, which version stands, what a repeated load leaves."""

from __future__ import annotations

import os

import duckdb
import pytest

from ingestion.contract import ENTITIES
from ingestion.landing import batches, table_name
from tests.ingestion.landing.conftest import OPPORTUNITIES, Landing

CONTENT = "SELECT * FROM raw.landing__opportunities ORDER BY opportunity_id"


def test_every_table_has_the_contracts_columns_whatever_files_there_are(loaded: Landing) -> None:
    for entity in ENTITIES:
        columns = loaded.rows(
            f"SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '{table_name(entity)}' "
            "AND schema_name = 'raw' ORDER BY column_index"
        )
        expected = [(column.name, column.type.value.replace(" ", "")) for column in entity.columns]
        assert columns == [*expected, ("_file", "VARCHAR")], entity.name


def test_values_are_read_as_their_types(loaded: Landing) -> None:
    assert loaded.rows(
        "SELECT opportunity_id, amount::VARCHAR, created_at::VARCHAR, close_date::VARCHAR, pipeline, is_deleted "
        "FROM raw.landing__opportunities ORDER BY 1"
    ) == [
        ("o1", "100.5000", "2025-01-02 10:00:00", "2025-03-01", "default", False),
        ("o2", "20.0000", "2025-01-03 08:00:00", "2025-02-01", "default", False),
    ]


def test_formats_agree(landing: Landing) -> None:
    """The same records from CSV, JSON lines and Parquet are the same rows."""
    landing.write("accounts/1.csv", "account_id,name,created_at\na1,One,2025-01-01T12:00:00+01:00\n")
    landing.write("accounts/2.jsonl", '{"account_id": "a2", "name": "Two", "created_at": "2025-01-01T11:00:00Z"}\n')
    landing.write_parquet(
        "accounts/3.parquet",
        "SELECT 'a3' AS account_id, 'Three' AS name, TIMESTAMPTZ '2025-01-01T13:00:00+02:00' AS created_at",
    )
    landing.load()
    assert landing.rows("SELECT account_id, name, created_at::VARCHAR FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "One", "2025-01-01 11:00:00"),
        ("a2", "Two", "2025-01-01 11:00:00"),
        ("a3", "Three", "2025-01-01 11:00:00"),
    ]


def test_second_load_with_nothing_new_does_nothing(landing: Landing) -> None:
    assert landing.load() == 1
    before = landing.rows("SELECT * FROM raw.landing_files ORDER BY ALL")
    assert landing.load() == 0
    assert landing.rows("SELECT * FROM raw.landing_files ORDER BY ALL") == before


def test_touched_file_is_not_read_again(loaded: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(loaded.folder / "opportunities.csv")
    monkeypatch.setattr(batches, "convert", lambda *_: pytest.fail("an unchanged file was read"))
    loaded.load()


def test_other_contents_of_the_same_size_and_time_are_read(landing: Landing) -> None:
    path = landing.write("accounts.csv", "account_id,name\na1,old\n")
    landing.load()
    before = path.stat()
    path.write_text("account_id,name\na1,new\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    landing.load()
    assert landing.rows("SELECT name FROM raw.landing__accounts") == [("new",)]


def test_all_files_are_read_anew_and_nothing_is_dropped(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id,created_at\na1,\na2,some day\n")
    landing.write("accounts/2.csv", "account_id\na3\n")
    landing.load()
    with duckdb.connect(str(landing.home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM raw.landing__accounts WHERE account_id = 'a3'")
    (landing.folder / "accounts" / "1.csv").unlink()
    landing.load(anew=True)
    assert landing.rows("SELECT account_id FROM raw.landing__accounts ORDER BY 1") == [("a1",), ("a3",)]
    current = "SELECT max_by(rows_quarantined, loaded_at) FROM raw.landing_files WHERE file = 'accounts/1.csv'"
    assert landing.rows(current) == [(0,)]
    assert landing.load() == 0


def test_a_clock_that_was_set_back_hides_nothing(landing: Landing) -> None:
    landing.write("accounts.csv", "account_id\na1\n")
    landing.load()
    with duckdb.connect(str(landing.home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE raw.landing_files SET loaded_at = loaded_at + INTERVAL 1 YEAR")
    landing.write("accounts.csv", "account_id\na1\na2\n")
    landing.load()
    newest = "SELECT max_by(rows_loaded, loaded_at) FROM raw.landing_files WHERE entity = 'accounts'"
    assert landing.rows(newest) == [(2,)]


def test_only_the_changed_file_is_read(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id\na1\n")
    landing.load()
    landing.write("accounts/2.csv", "account_id\na2\n")
    landing.load()
    assert landing.rows("SELECT count(*) FROM raw.landing_files") == [(5,)]
    assert landing.rows(
        "SELECT file FROM raw.landing_files WHERE loaded_at = (SELECT max(loaded_at) FROM raw.landing_files)"
    ) == [("accounts/2.csv",)]


def test_same_file_loaded_into_a_new_warehouse_gives_the_same(loaded: Landing) -> None:
    first = loaded.rows(CONTENT)
    loaded.home = loaded.home.parent / "another"
    loaded.load()
    assert loaded.rows(CONTENT) == first


def test_repeated_load_after_the_state_was_lost_changes_nothing(loaded: Landing) -> None:
    """A load that is killed after its rows arrived, but before dlt noted it, is done again from the start."""
    before = loaded.rows(CONTENT)
    with duckdb.connect(str(loaded.home / "warehouse.duckdb")) as connection:
        connection.execute("DELETE FROM raw._dlt_pipeline_state; DELETE FROM raw._dlt_loads")
    loaded.load()
    assert loaded.rows(CONTENT) == before
    assert loaded.rows("SELECT count(*) FROM raw.landing_files") == [(3,)]


@pytest.mark.parametrize(
    ("rows", "stands"),
    [
        (["2025-01-03T00:00:00Z,first", "2025-01-02T00:00:00Z,second"], "first"),
        (["2025-01-02T00:00:00Z,first", "2025-01-02T00:00:00Z,second"], "second"),
        (["2025-01-02T00:00:00Z,first", ",second"], "first"),
        ([",first", ",second"], "second"),
    ],
)
def test_duplicated_key_in_one_file(landing: Landing, rows: list[str], stands: str) -> None:
    landing.write("accounts.csv", "account_id,updated_at,name\n" + "".join(f"a1,{row}\n" for row in rows))
    landing.load()
    assert landing.rows("SELECT name FROM raw.landing__accounts") == [(stands,)]
    assert landing.rows(
        "SELECT rows_read, rows_loaded, rows_superseded FROM raw.landing_files WHERE entity = 'accounts'"
    ) == [(2, 2, 1)]


def test_duplicated_key_in_two_files(landing: Landing) -> None:
    landing.write("accounts/b.csv", "account_id,updated_at,name\na1,2025-01-02,last file\n")
    landing.write("accounts/a.csv", "account_id,updated_at,name\na1,2025-01-02,first file\na2,2025-01-01,alone\n")
    landing.load()
    assert landing.rows("SELECT account_id, name FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "last file"),
        ("a2", "alone"),
    ]


def test_key_without_versions_the_last_line_stands(landing: Landing) -> None:
    landing.write(
        "opportunity_history.csv",
        "opportunity_id,changed_at,stage,amount\n"
        "o1,2025-01-02T10:00:00Z,Qualify,1\no1,2025-01-02T11:00:00+01:00,Qualify,2\no1,2025-01-03,Qualify,3\n",
    )
    landing.load()
    assert landing.rows("SELECT amount::INT FROM raw.landing__opportunity_history ORDER BY 1") == [(2,), (3,)]


def test_older_version_that_arrives_later_gives_way(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id,updated_at,name\na1,2025-01-05,newer\na2,2025-01-05,old\n")
    landing.load()
    landing.write("accounts/2.csv", "account_id,updated_at,name\na1,2025-01-04,late\na2,2025-01-06,new\na3,,third\n")
    landing.load()
    assert landing.rows("SELECT account_id, name FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "newer"),
        ("a2", "new"),
        ("a3", "third"),
    ]
    assert landing.rows("SELECT rows_loaded, rows_superseded FROM raw.landing_files WHERE file = 'accounts/2.csv'") == [
        (3, 1)
    ]


def test_deleted_record_stays_and_comes_back(loaded: Landing) -> None:
    loaded.write("opportunities.csv", OPPORTUNITIES + "o1,u1,Qualify,1,2025-01-02,,2025-01-05T00:00:00Z,true\n")
    loaded.load()
    deleted = "SELECT is_deleted FROM raw.landing__opportunities WHERE opportunity_id = 'o1'"
    assert loaded.rows(deleted) == [(True,)]
    loaded.write("opportunities.csv", OPPORTUNITIES + "o1,u1,Qualify,1,2025-01-02,,2025-01-06T00:00:00Z,false\n")
    loaded.load()
    assert loaded.rows(deleted) == [(False,)]


def test_removed_file_keeps_its_rows_and_frees_its_quarantine(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id,created_at\na1,\na2,some day\n")
    landing.load()
    (landing.folder / "accounts" / "1.csv").unlink()
    landing.load()
    assert landing.rows("SELECT account_id FROM raw.landing__accounts") == [("a1",)]
    current = "SELECT max_by(rows_quarantined, loaded_at) FROM raw.landing_files WHERE entity = 'accounts'"
    assert landing.rows(current) == [(0,)]
    assert landing.load() == 0


def test_extra_columns_that_come_and_go(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id,zeta\na1,z1\n")
    landing.load()
    landing.write("accounts/2.csv", "account_id,alpha\na2,x2\n")
    landing.load()
    landing.write("accounts/3.csv", "account_id,name\na3,plain\n")
    landing.load()
    assert landing.rows("SELECT account_id, zeta, alpha FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "z1", None),
        ("a2", None, "x2"),
        ("a3", None, None),
    ]


def test_a_text_that_the_first_file_lacks_beside_a_key_that_both_have(landing: Landing) -> None:
    landing.write("accounts/1.csv", "account_id,industry\na1,Retail\na2,Retail\n")
    landing.write("accounts/2.csv", "account_id,name\na2,Two\na3,Three\n")
    landing.load()
    assert landing.rows("SELECT account_id, name, industry FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", None, "Retail"),
        ("a2", "Two", None),
        ("a3", "Three", None),
    ]


def test_entity_that_arrives_later(loaded: Landing) -> None:
    loaded.write("leads.csv", "lead_id,created_at\nl1,2025-01-01\n")
    loaded.load()
    assert loaded.rows("SELECT lead_id FROM raw.landing__leads") == [("l1",)]


def test_beside_another_source_nothing_is_required(landing: Landing) -> None:
    for name in ("users", "pipeline_stages", "opportunities"):
        (landing.folder / f"{name}.csv").unlink()
    landing.write("exchange_rates.csv", "rate_date,currency,rate\n2025-01-01,EUR,1.04\n")
    landing.load(required=False)
    assert landing.rows("SELECT currency FROM raw.landing__exchange_rates") == [("EUR",)]
    assert landing.rows("SELECT count(*) FROM raw.landing__users") == [(0,)]
    assert landing.load(required=False) == 0


def test_beside_another_source_there_need_be_no_folder(landing: Landing) -> None:
    landing.folder = landing.folder.parent / "elsewhere"
    landing.load(required=False)
    assert landing.rows("SELECT count(*) FROM raw.landing__opportunities") == [(0,)]


def test_notes_of_version_0_1_are_of_the_landing_files(landing: Landing) -> None:
    """Its tables had neither `source` nor `record_key`, nor a format: a load adds them and knows the files as read."""
    landing.write("accounts/1.csv", "account_id,created_at\na1,some day\n")
    landing.load()
    with duckdb.connect(str(landing.home / "warehouse.duckdb")) as connection:
        for table in ("raw.landing_files", "raw.quarantine", "raw_staging.landing_files", "raw_staging.quarantine"):
            without = "source, record_key" if "quarantine" in table else "source"
            connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * EXCLUDE ({without}) FROM {table}")
        connection.execute("DROP SCHEMA repline CASCADE")
        # As if dlt had written another version of the schema.
        for schema in ("raw", "raw_staging"):
            connection.execute(f"UPDATE {schema}._dlt_version SET version_hash = 'older'")
    landing.write("accounts/2.csv", "account_id,created_at\na2,some day\n")
    landing.load()
    assert landing.rows("SELECT source, count(*) FROM raw.landing_files GROUP BY ALL") == [("landing", 5)]
    assert landing.rows("SELECT source, file, record_key FROM raw.quarantine ORDER BY file") == [
        ("landing", "accounts/1.csv", None),
        ("landing", "accounts/2.csv", "a2"),
    ]
