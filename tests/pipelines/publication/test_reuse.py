"""What a version takes over from the one before: what is the same, and nothing that was changed since."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.settings import Settings
from tests.pipelines.publication.published import change_value, grow, read
from tests.pipelines.small_warehouse import AS_OF, warehouse


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


def test_parquet_files_say_what_they_hold_and_those_that_do_not_are_written_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = publish(settings, AS_OF, "first").path / "parquet" / "fct_call.parquet"
    metadata = pq.read_schema(file).metadata
    assert metadata[b"description"] == b"One row per call; the source's own id."
    assert json.loads(metadata[b"column_descriptions"]) == {"duration_seconds": "Length in seconds."}
    # As an earlier release wrote it.
    modified = file.stat().st_mtime_ns
    duckdb.sql(f"COPY (FROM '{file}') TO '{file}.new' (FORMAT parquet)")
    Path(f"{file}.new").replace(file)
    os.utime(file, ns=(modified, modified))
    assert written(settings, monkeypatch) == ["fct_call"]
