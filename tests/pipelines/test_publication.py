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

from ingestion.hiding import NOTES
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
        process = SPAWN.Process(target=publish_under, args=(settings, umask, fingerprint))
        process.start()
        process.join()
        files = [path for path in versions.versions_dir(settings).rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o777 for path in files} == {mode}


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
    with warehouse(settings) as connection:
        connection.execute("UPDATE marts.fct_call SET duration_seconds = 62 WHERE call_id = 'c1'")
    write_parquet = publication._write_parquet

    def write_and_damage(connection: Any, folder: Path, name: str) -> None:
        write_parquet(connection, folder, name)
        if name == "fct_call":
            damage(folder / "parquet" / "fct_call.parquet")

    monkeypatch.setattr(publication, "_write_parquet", write_and_damage)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "damaged")
    assert versions.published_version(settings) == good
    assert versions.needs_publishing(settings, "damaged")
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]


# --- What is the same


def inodes(version: versions.Version) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in (version.path / "parquet").iterdir()}


def change_dim_rep(settings: Settings) -> None:
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO marts.dim_rep VALUES ('u1', 'Ada')")


def written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The marts of which a publication wrote the table and the file."""
    names: list[str] = []
    for function in ("_write_table", "_write_parquet"):
        write = getattr(publication, function)

        def note(*arguments: Any, write: Any = write, at: int = 1 if function == "_write_table" else 2) -> None:
            names.append(arguments[at])
            write(*arguments)

        monkeypatch.setattr(publication, function, note)
    version = publish(settings, AS_OF, "written")
    monkeypatch.undo()
    assert version.tables == tuple(
        versions.PublishedTable(*row)
        for row in read(settings, "SELECT table_name, row_count, checksum FROM marts.publication ORDER BY ALL")
    )
    for table in version.tables:
        of_parquet = f"FROM '{version.path}/parquet/{table.name}.parquet' ORDER BY ALL"
        assert read(settings, of_parquet) == read(settings, f"FROM marts.{table.name} ORDER BY ALL")
        with warehouse(settings) as connection:
            mart = connection.execute(f"FROM marts.{table.name} ORDER BY ALL").fetchall()
        assert read(settings, f"FROM marts.{table.name} ORDER BY ALL") == mart
    return sorted({name for name in names if name not in publication.RECORD_TABLES})


def test_only_marts_that_changed_are_written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(settings, AS_OF, "first")
    before = inodes(first)
    assert written(settings, monkeypatch) == []
    change_dim_rep(settings)
    assert written(settings, monkeypatch) == ["dim_rep"]
    last = versions.versions(settings)[-1]
    assert inodes(last)["fct_call.parquet"] == before["fct_call.parquet"]
    assert inodes(last)["dim_rep.parquet"] != before["dim_rep.parquet"]
    # The version before is as it was.
    with duckdb.connect(str(first.path / "repline.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM marts.dim_rep").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("ALTER TABLE marts.dim_rep RENAME full_name TO name", ["dim_rep"]),
        ("ALTER TABLE marts.dim_rep ALTER full_name TYPE INTEGER", ["dim_rep"]),
        ("COMMENT ON COLUMN marts.fct_call.call_id IS 'Its id.'", ["fct_call"]),
        ("CREATE TABLE marts.more AS SELECT 1 AS a", ["more"]),
        ("DROP TABLE marts.dim_rep", []),
    ],
)
def test_a_mart_of_the_same_rows_in_another_form_has_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, change: str, expected: list[str]
) -> None:
    publish(settings, AS_OF, "first")
    with warehouse(settings) as connection:
        connection.execute(change)
        marts = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
        form = "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE {} ORDER BY ALL"
        forms = connection.execute(form.format("schema_name = 'marts'")).fetchall()
    assert written(settings, monkeypatch) == expected
    assert (
        read(settings, form.format(f"schema_name = 'marts' AND table_name NOT IN {publication.RECORD_TABLES}")) == forms
    )
    assert {path.stem for path in (settings.published / "parquet").iterdir()} == {
        *(name for (name,) in marts),
        *publication.RECORD_TABLES,
    }


def rewrite(file: Path) -> None:
    """Change a published file behind Repline's back."""
    file.chmod(0o644)
    if file.suffix == ".parquet":
        change_value(file)
    else:
        with duckdb.connect(str(file)) as connection:
            connection.execute("UPDATE marts.fct_call SET call_id = 'changed'")


@pytest.mark.parametrize(
    ("name", "damage", "expected"),
    [
        ("parquet/fct_call.parquet", rewrite, ["fct_call"]),
        ("parquet/fct_call.parquet", Path.unlink, ["fct_call"]),
        ("repline.duckdb", rewrite, ["dim_rep", "fct_call"]),
        ("repline.duckdb", Path.unlink, ["dim_rep", "fct_call"]),
        ("parquet/publication.parquet", Path.unlink, ["dim_rep", "fct_call"]),
    ],
)
def test_nothing_is_taken_from_a_file_that_was_changed_since(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    damage: Callable[[Path], None],
    expected: list[str],
) -> None:
    version = publish(settings, AS_OF, "first")
    damage(version.path / name)
    assert written(settings, monkeypatch) == expected


def test_without_hard_links_files_are_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(settings, AS_OF, "first")
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    second = publish(settings, AS_OF, "second")
    assert inodes(first)["fct_call.parquet"] != inodes(second)["fct_call.parquet"]
    assert read(settings, f"SELECT count(*) FROM '{second.path}/parquet/fct_call.parquet'") == [(3,)]


def test_replaced_tables_leave_no_room_behind(settings: Settings) -> None:
    """The database of a version that came of many does not grow, and shrinks with its marts."""

    def size(number: int) -> int:
        grow(settings, number)
        return (publish(settings, AS_OF, str(number)).path / "repline.duckdb").stat().st_size

    small, large = size(1), size(4)
    assert large > 1.5 * small
    assert max(size(number) for number in (4, 5, 4, 5, 4)) < 1.5 * large
    assert [size(1), size(1)][-1] < 1.5 * small


# --- Crashes


# The moments between which a publication can be killed, by the call that it does not outlive.
STEPS = ["_write_table", "_audit", "_make_durable", "sync_folder", "release", "prune"]


def publish_and_die(settings: Settings, step: str) -> None:
    setattr(publication, step, lambda *_, **__: os._exit(9))
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
    versions.restore_current(settings)
    seen = versions.published_version(settings)
    if step in ("release", "prune"):  # complete: all that is missing is the last step
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
    for name in (".building-1", ".removed-000000", ".spill"):
        (folder / name / "parquet").mkdir(parents=True)
        (folder / name / "parquet" / "half.parquet").write_bytes(b"half")
    publish(settings, AS_OF, "new")
    assert sorted(path.name for path in folder.iterdir()) == ["000001", "000002"]


def test_what_others_leave_among_the_versions_stops_nothing_and_stays(settings: Settings) -> None:
    folder = settings.published / "versions"
    (folder / ".Trashes").mkdir(parents=True)
    strangers = [".DS_Store", ".nfs000000000000001", ".Trashes/kept", "3", "notes.txt", "²"]
    for name in strangers:
        (folder / name).write_bytes(b"not ours")
    publish_many(settings, 2)
    rollback(settings)
    assert versions.version_numbers(settings) == [1, 2]
    assert all((folder / name).exists() for name in strangers)


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


def test_versions_with_values_that_are_hidden_by_now_go_when_a_new_one_is_published(settings: Settings) -> None:
    publish_many(settings, 3)
    with warehouse(settings) as connection:
        connection.execute(f"CREATE TABLE {NOTES} (last_version BIGINT)")
        connection.execute(f"INSERT INTO {NOTES} VALUES (2), (3)")
        connection.execute("UPDATE marts.fct_call SET call_id = 'hidden' WHERE call_id = 'c1'")
    version = publish(settings, AS_OF, "hidden")
    assert versions.version_numbers(settings) == [4]
    # Not even in the room that replaced tables leave in a copied database.
    assert version.path.joinpath("repline.duckdb").read_bytes().count(b"c1") == 0


def test_rollback_goes_to_the_version_before_and_a_step_further_each_time(settings: Settings) -> None:
    publish_many(settings, 3)
    assert rollback(settings).number == 2
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(2,)]
    parquet = settings.published / "parquet" / "publication.parquet"
    assert read(settings, f"SELECT DISTINCT version FROM '{parquet}'") == [(2,)]
    assert rollback(settings).number == 1
    with pytest.raises(PublicationError, match="no version before 1 is kept; complete versions: 1, 2, 3"):
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
    with pytest.raises(PublicationError, match=r"nothing is published yet.*run `repline refresh`"):
        rollback(settings)
    publish_many(settings, 2)
    with pytest.raises(PublicationError, match="there is no complete version 7; complete versions: 1, 2"):
        rollback(settings, to=7)
    assert versions.current_number(settings) == 2


def test_a_damaged_version_is_told_in_one_line_and_replaced(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    record = version.path / "parquet" / "publication.parquet"
    record.unlink()
    with pytest.raises(PublicationError, match=r"version 1 cannot be read .*; `repline refresh` puts another one"):
        versions.published_version(settings)
    assert versions.needs_publishing(settings, "inputs")
    assert publish(settings, AS_OF, "inputs").number == 2


LOSSES = {
    "the links": ["current", "marts.duckdb", "repline.duckdb", "parquet"],
    "the link to the current version": ["current"],
    "the folder of the newest version": ["versions/000003"],
    "a part of the newest version": ["versions/000003/repline.duckdb"],
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("by", ["refresh", "rollback"])
def test_what_is_lost_of_the_published_folder_costs_no_complete_version(settings: Settings, loss: str, by: str) -> None:
    publish_many(settings, 3)
    for name in LOSSES[loss]:
        path = settings.published / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    complete = [1, 2, 3] if "link" in loss else [1, 2]
    if by == "refresh":
        versions.restore_current(settings)
        current = versions.current_number(settings)
    else:
        current = rollback(settings).number
    assert current == complete[-1]
    assert read(settings, "SELECT DISTINCT version FROM marts.publication") == [(current,)]
    assert versions.needs_publishing(settings, "inputs 2") is (complete == [1, 2])
    publish(settings, AS_OF, "inputs 4")
    assert set(complete) < set(versions.version_numbers(settings))


def test_without_any_complete_version_refresh_is_the_way_out(settings: Settings) -> None:
    publish(settings, AS_OF, "inputs")
    shutil.rmtree(settings.published / "versions" / "000001")
    with pytest.raises(PublicationError, match="run `repline refresh`"):
        rollback(settings)
    with pytest.raises(PublicationError, match="`repline refresh` puts another one in place"):
        versions.published_version(settings)
    versions.restore_current(settings)
    assert versions.needs_publishing(settings, "inputs")
    publish(settings, AS_OF, "inputs")
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]


def test_a_rolled_back_version_does_not_come_back_with_the_links(settings: Settings) -> None:
    publish_many(settings, 3)
    rollback(settings)
    versions.restore_current(settings)
    assert versions.current_number(settings) == 2
    shutil.rmtree(settings.published / "versions" / "000002")
    versions.restore_current(settings)
    assert versions.current_number(settings) == 1


def test_a_backup_that_copied_the_links_targets_is_told(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    (settings.published / "current").unlink()
    shutil.copytree(version.path, settings.published / "current")
    with pytest.raises(PublicationError, match=r"current is a folder where a link has to be.*; move it away"):
        versions.restore_current(settings)


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
