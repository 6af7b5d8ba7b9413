"""What a version holds: every mart in both forms, whole, and no copy that differs."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.content import Form
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError
from pipelines.settings import Settings
from tests.pipelines.publication.published import change_value, lose_row, read
from tests.pipelines.small_warehouse import AS_OF, land, warehouse
from tests.processes import FORKS


def test_both_forms_hold_every_mart_with_its_rows_types_and_descriptions(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    with warehouse(settings) as connection:
        expected = connection.execute("FROM marts.fct_call ORDER BY ALL").fetchall()
        types = connection.execute("DESCRIBE marts.fct_call").fetchall()
    parquet = settings.published / "parquet"
    assert read(settings, "FROM marts.fct_call ORDER BY ALL") == expected
    assert read(settings, "DESCRIBE marts.fct_call") == types
    assert read(settings, f"FROM '{parquet}/fct_call.parquet' ORDER BY ALL") == expected
    assert read(settings, f"SELECT column_name FROM (DESCRIBE FROM '{parquet}/dim_rep.parquet')") == [
        ("user_id",),
        ("full_name",),
    ]
    assert read(settings, "SELECT comment FROM duckdb_tables() WHERE table_name = 'fct_call'") == [
        ("One row per call; the source's own id.",)
    ]
    assert read(
        settings,
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'fct_call' AND comment IS NOT NULL",
    ) == [("duration_seconds", "Length in seconds.")]
    assert {path.name for path in version.path.iterdir()} == {"repline.duckdb", "parquet"}


@pytest.mark.parametrize("name", ["marts.duckdb", "repline.duckdb"])
def test_either_name_of_the_file_gives_the_same_database(settings: Settings, name: str) -> None:
    publish(settings, AS_OF, "inputs")
    with duckdb.connect(str(settings.published / name), read_only=True) as connection:
        assert connection.execute("SELECT current_database()").fetchall() == [("repline",)]
        assert connection.execute("SELECT count(*) FROM marts.fct_call").fetchall() == [(3,)]


def test_the_version_tells_what_it_holds(settings: Settings) -> None:
    before = datetime.now(UTC)
    version = publish(settings, AS_OF, "inputs")
    rows = read(settings, "FROM marts.publication ORDER BY table_name")
    published_at = rows[0][1].replace(tzinfo=UTC)
    assert before <= published_at <= datetime.now(UTC)
    checksums = {table.name: table.checksum for table in version.tables}
    naive = AS_OF.replace(tzinfo=None)
    assert rows == [
        (1, rows[0][1], naive, "dim_rep", 0, "0", "inputs"),
        (1, rows[0][1], naive, "fct_call", 3, checksums["fct_call"], "inputs"),
    ]
    assert versions.published_version(settings) == version
    assert versions.published_row_counts(settings, before=AS_OF) == {"dim_rep": 0, "fct_call": 3}
    assert read(settings, f"FROM '{settings.published}/parquet/publication.parquet' ORDER BY table_name") == rows
    undescribed = read(
        settings,
        "SELECT table_name, column_name FROM duckdb_columns()"
        f" WHERE table_name IN {publication.RECORD_TABLES} AND comment IS NULL",
    )
    assert undescribed == []


def test_the_version_tells_how_fresh_its_inputs_were(settings: Settings) -> None:
    land(settings, "calls", "2025-04-30 11:00:00")
    with warehouse(settings) as connection:
        connection.execute(
            "INSERT INTO raw.landing__calls (call_id, started_at) VALUES"
            " ('c1', '2025-04-29 08:00:00'), ('after the as-of', '2025-05-02 08:00:00')"
        )
    publish(settings, AS_OF, "inputs")
    rows = read(settings, "FROM marts.dataset_freshness WHERE last_load_at IS NOT NULL")
    assert rows == [("calls", datetime(2025, 4, 29, 8), datetime(2025, 4, 30, 11), 72.0)]


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ("CREATE OR REPLACE TABLE marts.fct_call AS FROM marts.fct_call ORDER BY call_id DESC", True),
        ("UPDATE marts.fct_call SET duration_seconds = 61.501 WHERE call_id = 'c1'", False),
        ("UPDATE marts.fct_call SET duration_seconds = 0 WHERE call_id = 'c2'", False),
        # The same set of rows, another one twice: a checksum that folds duplicates would not see it.
        ("INSERT INTO marts.fct_call FROM marts.fct_call WHERE call_id = 'c1'; DELETE FROM marts.fct_call"
         " WHERE rowid = 1", False),
    ],
)  # fmt: skip
def test_the_checksum_sees_content_and_not_order(settings: Settings, change: str, is_same: bool) -> None:
    first = publish(settings, AS_OF, "one")
    with warehouse(settings) as connection:
        connection.execute(change)
    second = publish(settings, AS_OF, "two")
    assert [table.row_count for table in first.tables] == [table.row_count for table in second.tables]
    assert (first.tables == second.tables) is is_same


def test_types_that_parquet_lacks_pass_the_audit(settings: Settings) -> None:
    with warehouse(settings) as connection:
        connection.execute(
            "CREATE TABLE marts.odd AS SELECT"
            " 'open'::ENUM('open', 'won') AS kind, 12::HUGEINT AS \"big \"\"one\"\"\","
            " [1, 2] AS list, {'a': NULL::INTEGER} AS struct, 'nan'::DOUBLE AS number"
        )
        connection.execute("CREATE VIEW marts.seen AS FROM marts.fct_call WHERE call_id = 'c1'")
    publish(settings, AS_OF, "inputs")
    assert read(settings, "FROM marts.odd")[0][:2] == ("open", 12)
    assert versions.published_row_counts(settings, before=AS_OF)["seen"] == 1


def test_what_a_killed_dbt_run_left_is_no_mart(settings: Settings) -> None:
    with warehouse(settings) as connection:
        connection.execute("CREATE TABLE marts.fct_call__dbt_tmp AS FROM marts.fct_call")
    assert [table.name for table in publish(settings, AS_OF, "inputs").tables] == ["dim_rep", "fct_call"]


def test_published_files_are_read_only(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    files = [path for path in version.path.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert {path.stat().st_mode & 0o222 for path in files} == {0}


def publish_under(settings: Settings, umask: int, fingerprint: str) -> None:
    os.umask(umask)
    publish(settings, AS_OF, fingerprint)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o444), (0o027, 0o440), (0o077, 0o400)])
def test_who_may_read_the_published_files_is_what_the_umask_says(settings: Settings, umask: int, mode: int) -> None:
    for fingerprint in ("one", "two"):  # the second takes over what the first wrote
        process = FORKS.Process(target=publish_under, args=(settings, umask, fingerprint))
        process.start()
        process.join()
        files = [path for path in versions.versions_dir(settings).rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o777 for path in files} == {mode}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_row, "marts.fct_call has 3 rows, its Parquet copy 2"),
        (change_value, "the copies of marts.fct_call differ in their values"),
    ],
)
def test_a_copy_that_differs_from_the_mart_is_not_published(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], message: str
) -> None:
    good = publish(settings, AS_OF, "good")
    with warehouse(settings) as connection:
        connection.execute("UPDATE marts.fct_call SET duration_seconds = 62 WHERE call_id = 'c1'")
    write_parquet = publication._write_parquet

    def write_and_damage(connection: Any, folder: Path, name: str, form: Form) -> None:
        write_parquet(connection, folder, name, form)
        if name == "fct_call":
            damage(folder / "parquet" / "fct_call.parquet")

    monkeypatch.setattr(publication, "_write_parquet", write_and_damage)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "damaged")
    assert versions.published_version(settings) == good
    assert versions.needs_publishing(settings, "damaged")
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]
