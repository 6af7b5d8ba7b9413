"""Faults of the machine beneath a run: a full disk, a damaged file, a warehouse that another program has open.

Belongs here: recognising them, whichever library met them, and the one line that names the file and the way out.
Does not belong here: raising it (`pipelines.assets.failures`, `pipelines.publication.publish`, `pipelines.cli`).

The text is looked at, not the type: dlt, dbt, Great Expectations and Dagster hand on the words of the system, of
DuckDB and of SQLite within errors of their own, and dbt and Dagster within plain text.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines.settings import Settings

_HELD = "Could not set lock on file"
_FULL = re.compile(
    r"No space left on device|Disk quota exceeded|database or disk is full"
    # What DuckDB says where there is no room for the intermediate results that do not fit into memory.
    r"|max_temp_directory_size"
)
_DAMAGED_DUCKDB = re.compile(
    r"Corrupt database file|not a valid DuckDB database file|Could not read enough bytes from file"
    r"|Failed to deserialize|Failed to load metadata pointer"
)
_DAMAGED_SQLITE = re.compile(
    r"file is not a database|database disk image is malformed|malformed database schema|disk I/O error"
)
_NO_SPACE_BYTES = 1_000_000
_SQLITE = re.compile(r"sqlite3?\.")
# A file as the system and DuckDB name it; of a file that is moved, where it was to go.
_QUOTED_PATH = re.compile(r"""(?:["'][^"'\n]+["'] -> )?["'](/[^"'\n]+)["']""")


def is_held(error: BaseException | str) -> bool:
    """Whether the error is that another process has the DuckDB file open."""
    return _HELD in str(error)


def storage_fault(said: BaseException | str, settings: Settings) -> str:
    """What is wrong with the disk or a file, and the way out, in one line; empty for another error.

    `said` is an error, looked at with its causes, or a text that a library gave of one.
    """
    text = said if isinstance(said, str) else "\n".join(str(each) for each in causes(said))
    named = _QUOTED_PATH.search(text)
    # SQLite does not always say why it cannot write.
    if _FULL.search(text) or ("disk I/O error" in text and shutil.disk_usage(settings.home).free < _NO_SPACE_BYTES):
        return (
            f"the disk of {named[1] if named else settings.home} is full; free some space, or lower keep_versions, and "
            "refresh again"
        )
    if _DAMAGED_DUCKDB.search(text):
        file = Path(named[1]) if named and Path(named[1]).suffix == ".duckdb" else settings.warehouse
        if file != settings.warehouse:
            return f"{file} is damaged; put back a copy of it, or remove it, and refresh again"
        return (
            f"the warehouse {file} is damaged; put back a copy of it, or move it away and refresh: all sources are "
            "then read from their beginning"
        )
    if _DAMAGED_SQLITE.search(text) and _SQLITE.search(text):
        damaged = next(_damaged_records(settings.dagster_home), settings.dagster_home)
        return (
            f"Dagster's record of the runs, {damaged}, is damaged; move the folder {settings.dagster_home} away and "
            "refresh: only the history of the runs is lost"
        )
    return ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it was raised from, down to the innermost."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or current.__context__


def _damaged_records(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                is_good = connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
        except sqlite3.Error:
            is_good = False
        if not is_good:
            yield file
