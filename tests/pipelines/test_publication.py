"""Publication: every version is complete, readers are never disturbed, and one can go back."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError, rollback
from pipelines.settings import Settings, SettingsError
from tests.pipelines.small_warehouse import AS_OF, land, make_settings, make_warehouse, warehouse

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path / "home")
    make_warehouse(settings)
    return settings


def read(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What a BI tool gets from the published file. Tables are named `marts.<table>` and no more."""
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def content(settings: Settings) -> set[str]:
    return {path.relative_to(settings.published).as_posix() for path in settings.published.rglob("*")}


def publish_many(settings: Settings, count: int) -> None:
    for number in range(count):
        publish(settings, AS_OF, f"inputs {number}")


# --- What a version holds


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
        ("One row a call; the source's own id.",)
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
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}


# --- Audit


def lose_row(path: Path) -> None:
    duckdb.sql(f"COPY (FROM '{path}' LIMIT 2) TO '{path}.new' (FORMAT parquet)")
    Path(f"{path}.new").replace(path)


def change_value(path: Path) -> None:
    duckdb.sql(f"COPY (SELECT * REPLACE (call_id || '!' AS call_id) FROM '{path}') TO '{path}.new' (FORMAT parquet)")
    Path(f"{path}.new").replace(path)


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
    write_table = publication._write_table

    def write_and_damage(connection: Any, folder: Path, name: str, query: str) -> None:
        write_table(connection, folder, name, query)
        if name == "fct_call":
            damage(folder / "parquet" / "fct_call.parquet")

    monkeypatch.setattr(publication, "_write_table", write_and_damage)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "damaged")
    assert versions.published_version(settings) == good
    assert versions.needs_publishing(settings, "damaged")
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]


# --- Crashes


# The moments between which a publication can be killed, by the call that it does not outlive.
STEPS = ["_comment", "_audit", "_make_durable", "sync_folder", "release", "prune"]


def publish_and_die(settings: Settings, step: str) -> None:
    setattr(publication, step, lambda *_: os._exit(9))
    publish(settings, AS_OF, "new")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_publication_killed_at_any_step_leaves_a_good_version_and_is_made_up_for(
    settings: Settings, step: str, is_first: bool
) -> None:
    if not is_first:
        publish(settings, AS_OF, "old")
    process = SPAWN.Process(target=publish_and_die, args=(settings, step))
    process.start()
    process.join()
    assert process.exitcode == 9
    seen = versions.published_version(settings)
    if step == "prune":
        assert seen is not None and seen.fingerprint == "new"
        assert not versions.needs_publishing(settings, "new")
    else:
        assert (seen.fingerprint if seen else None) == (None if is_first else "old")
        assert versions.needs_publishing(settings, "new")
    version = publish(settings, AS_OF, "new")
    assert versions.versions(settings)[-1] == version == versions.published_version(settings)
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]
    names = {path.name for path in settings.published.iterdir()}
    assert names == {"versions", "current", *versions.LINKS}
    kept = {path.name for path in (settings.published / "versions").iterdir()}
    assert kept == {f"{number:06d}" for number in range(1, version.number + 1)}


def test_what_an_earlier_process_left_is_cleared_away(settings: Settings) -> None:
    publish(settings, AS_OF, "old")
    folder = settings.published / "versions"
    for name in (".building-1", ".removed-000000", ".spill", "000002"):
        (folder / name / "parquet").mkdir(parents=True)
        (folder / name / "parquet" / "half.parquet").write_bytes(b"half")
    assert versions.version_numbers(settings) == [1]
    publish(settings, AS_OF, "new")
    assert sorted(path.name for path in folder.iterdir()) == ["000001", "000002"]
    assert not (folder / "000002" / "parquet" / "half.parquet").exists()


# --- Errors in one line


def hold(path: str, is_ready: Any, may_end: Any) -> None:
    with duckdb.connect(path):
        is_ready.set()
        may_end.wait(60)


def test_a_warehouse_locked_by_another_process_is_one_clear_line(settings: Settings) -> None:
    is_ready, may_end = SPAWN.Event(), SPAWN.Event()
    process = SPAWN.Process(target=hold, args=(str(settings.warehouse), is_ready, may_end))
    process.start()
    try:
        assert is_ready.wait(60)
        with pytest.raises(PublicationError, match="is open for writing in another program") as caught:
            publish(settings, AS_OF, "inputs")
    finally:
        may_end.set()
        process.join()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.IOException)
    assert versions.published_version(settings) is None


def test_a_full_disk_leaves_the_last_version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    good = publish(settings, AS_OF, "good")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publication, "_make_durable", fail)
    with pytest.raises(PublicationError, match="is full; free some space"):
        publish(settings, AS_OF, "new")
    assert versions.published_version(settings) == good
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]


@pytest.mark.parametrize(
    ("change", "tables", "message"),
    [
        ("DROP SCHEMA marts CASCADE", None, "no tables in schema marts; run `repline refresh`"),
        ("SELECT 1", ["fct_call", "kpi_slippage"], "no table marts.kpi_slippage; run `repline refresh`"),
        ("CREATE TABLE marts.publication (a INTEGER)", None, "marts.publication must be renamed"),
    ],
)
def test_a_warehouse_without_the_marts_is_one_clear_line(
    settings: Settings, change: str, tables: list[str] | None, message: str
) -> None:
    with warehouse(settings) as connection:
        connection.execute(change)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "inputs", tables)
    assert versions.published_version(settings) is None


def test_no_warehouse_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match="there is no warehouse"):
        publish(make_settings(tmp_path), AS_OF, "inputs")


@pytest.mark.parametrize("keep", [0, 1, "five"])
def test_a_useless_keep_versions_is_refused_before_anything_is_written(tmp_path: Path, keep: object) -> None:
    settings = make_settings(tmp_path, keep_versions=keep)
    make_warehouse(settings)
    with pytest.raises(SettingsError, match="keep_versions"):
        publish(settings, AS_OF, "inputs")
    assert not settings.published.exists()


# --- Versions


def test_only_the_last_versions_are_kept(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    publish_many(settings, 4)
    assert versions.version_numbers(settings) == [3, 4]
    assert sorted(path.name for path in (settings.published / "versions").iterdir()) == ["000003", "000004"]


def test_the_current_version_is_never_pruned(settings: Settings) -> None:
    publish_many(settings, 4)
    rollback(settings, to=1)
    assert versions.prune(settings, keep=2) == [2]
    assert versions.version_numbers(settings) == [1, 3, 4]
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(1,)]


def test_rollback_goes_to_the_version_before_and_a_step_further_each_time(settings: Settings) -> None:
    publish_many(settings, 3)
    assert rollback(settings).number == 2
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(2,)]
    parquet = settings.published / "parquet" / "publication.parquet"
    assert read(settings, f"SELECT DISTINCT version FROM '{parquet}'") == [(2,)]
    assert rollback(settings).number == 1
    with pytest.raises(PublicationError, match="no version before 1 is kept; kept versions: 1, 2, 3"):
        rollback(settings)


def test_after_a_rollback_the_same_inputs_are_not_published_again_but_new_ones_are(
    settings: Settings,
) -> None:
    publish_many(settings, 3)
    rollback(settings)
    assert not versions.needs_publishing(settings, "inputs 2")
    assert versions.needs_publishing(settings, "fixed inputs")
    assert versions.version_numbers(settings) == [1, 2, 3]
    assert publish(settings, AS_OF, "fixed inputs").number == 4
    assert versions.current_number(settings) == 4
    assert not (settings.published / "rolled_back").is_symlink()
    assert rollback(settings).number == 3


def test_a_rollback_can_be_undone(settings: Settings) -> None:
    publish_many(settings, 3)
    rollback(settings, to=1)
    before = content(settings)
    assert rollback(settings, to=3).number == 3
    assert versions.current_number(settings) == 3
    assert before - content(settings) == {"rolled_back"}


def test_a_rollback_to_a_version_that_is_not_kept_is_refused(settings: Settings) -> None:
    with pytest.raises(PublicationError, match="nothing is published yet"):
        rollback(settings)
    publish_many(settings, 2)
    with pytest.raises(PublicationError, match="there is no version 7; kept versions: 1, 2"):
        rollback(settings, to=7)
    assert versions.current_number(settings) == 2


def test_a_damaged_version_is_told_in_one_line_and_replaced(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    record = version.path / "parquet" / "publication.parquet"
    record.unlink()
    with pytest.raises(PublicationError, match="version 1 cannot be read"):
        versions.published_version(settings)
    assert versions.needs_publishing(settings, "inputs")
    assert publish(settings, AS_OF, "inputs").number == 2


def test_the_published_folder_can_be_moved(settings: Settings, tmp_path: Path) -> None:
    publish(settings, AS_OF, "inputs")
    shutil.move(settings.home, tmp_path / "moved")
    moved = make_settings(tmp_path / "moved")
    assert read(moved, "SELECT count(*) FROM marts.fct_call") == [(3,)]


# --- Readers


def keep_reading(published: str, may_end: Any, results: Any) -> None:
    """Query both forms again and again; put the number of queries, the versions seen, the first error."""
    queries, seen, error = 0, set(), ""
    try:
        while not may_end.is_set():
            with duckdb.connect(f"{published}/marts.duckdb", read_only=True) as connection:
                # fct_call of version n has n * 50000 rows with n in each.
                for table in ("marts.fct_call", f"'{published}/parquet/fct_call.parquet'"):
                    query = f"SELECT min(version), max(version), count(*) FROM {table}"
                    [(least, most, count)] = connection.execute(query).fetchall()
                    if least != most or count != least * 50_000:
                        raise AssertionError(f"{table}: half a version, {least} to {most}, {count} rows")
                    seen.add(least)
                    queries += 1
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    results.put((queries, seen, error))


def grow(settings: Settings, number: int) -> None:
    with warehouse(settings) as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE marts.fct_call AS"
            f" SELECT {number} AS version, 'call ' || hash(i) AS call_id"
            f" FROM range({number * 50_000}) AS calls (i)"
        )


def test_a_reader_sees_whole_versions_and_no_lock_all_through_three_publications(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    grow(settings, 1)
    publish(settings, AS_OF, "1")
    may_end, results = SPAWN.Event(), SPAWN.Queue()
    process = SPAWN.Process(target=keep_reading, args=(str(settings.published), may_end, results))
    process.start()
    try:
        for number in (2, 3, 4):
            grow(settings, number)
            publish(settings, AS_OF, str(number))
        # On a busy machine the reader may still be starting: let it see the last version for a while.
        process.join(2)
    finally:
        may_end.set()
    queries, seen, error = results.get(timeout=60)
    process.join()
    assert error == ""
    assert queries > 10
    assert 4 in seen


def test_a_reader_of_an_old_version_goes_on_after_it_was_pruned(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    grow(settings, 1)
    old = publish(settings, AS_OF, "1")
    query = "SELECT min(version), max(version), count(*), max(call_id) FROM marts.fct_call"
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as reader:
        for number in (2, 3):
            grow(settings, number)
            publish(settings, AS_OF, str(number))
        assert not old.path.exists()
        # The first read of the data: nothing of it is in the reader's memory yet.
        assert reader.execute(query).fetchall()[0][:3] == (1, 1, 50_000)
    assert read(settings, query)[0][:3] == (3, 3, 150_000)


def test_after_a_rollback_only_new_inputs_are_published_not_a_new_day(settings: Settings) -> None:
    publish(settings, AS_OF, "good@2025-01-01")
    publish(settings, AS_OF, "bad@2025-01-02")
    assert versions.needs_publishing(settings, "bad@2025-01-03")
    versions.rollback(settings)
    assert not versions.needs_publishing(settings, "bad@2025-01-03")
    assert versions.needs_publishing(settings, "mended@2025-01-03")


def test_the_marts_of_a_past_moment_are_not_compared_with_later_ones(settings: Settings) -> None:
    publish(settings, AS_OF, "inputs")
    assert versions.published_row_counts(settings, before=AS_OF - timedelta(seconds=1)) == {}
