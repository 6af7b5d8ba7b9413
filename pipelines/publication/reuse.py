"""What of the version before is still the same, and so is not written again.

Belongs here: telling what that is, and taking it over. Does not belong here: writing what changed
(`pipelines.publication.publish`).

dbt makes every mart anew, so only their contents tell which of them changed. Six marts of a million rows took 19.4 s
to write as DuckDB and Parquet; their checksums 1.2 s, a copy of the database 0.6 s, and replacing two of its tables
2.5 s.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Set
from pathlib import Path

import duckdb

from ingestion.text import literal, quoted
from pipelines.publication.content import SCHEMA, Mart, forms_of
from pipelines.publication.versions import DATABASE, PARQUET, PUBLICATION, read_record
from pipelines.publication.views import drop_views

# Tables that are replaced take the room of those that they replace. A file that is emptier than this, since its marts
# have become much smaller, is written anew.
MAX_FREE_SHARE = 0.5


def take_over(
    connection: duckdb.DuckDBPyConnection, last: Path, folder: Path, marts: Iterable[Mart], beside: Set[str]
) -> frozenset[str]:
    """Bring the marts that are as in the version `last` into `folder`, and return their names.

    Their tables are in a copy of its database, from which everything else is gone, views and the tables of those in
    `beside` too; their Parquet files are linked, which costs no space either. Nothing is taken from a version that is
    damaged, or that was changed since it was published.
    """
    database = folder / DATABASE
    try:
        *_, recorded = read_record(last)
        published = {table.name: (table.row_count, table.checksum) for table in recorded}
        same = {
            mart.name: mart.form
            for mart in marts
            if published.get(mart.name) == (mart.row_count, mart.checksum)
            and is_untouched(last, file := last / PARQUET / f"{mart.name}.parquet")
            and _metadata(connection, file) == mart.form.parquet_metadata
        }
        if not same or not is_untouched(last, last / DATABASE):
            return frozenset()
        _copy(last / DATABASE, database)
        connection.execute(f"ATTACH {literal(str(database))} AS published")
        try:
            if _free_share(connection) > MAX_FREE_SHARE:
                same.clear()
            forms = forms_of(connection, "published")
            tables = _tables(connection)
            unchanged = {name for name, form in same.items() if forms.get(name) == form and name in tables | beside}
            drop_views(connection)
            for name in tables - (unchanged - beside):
                connection.execute(f"DROP TABLE published.{SCHEMA}.{quoted(name)}")
            # From here on their room is free for the tables that come.
            connection.execute("CHECKPOINT published")
        finally:
            connection.execute("DETACH published")
    except (duckdb.Error, IndexError):
        unchanged = set()
    if not unchanged:
        database.unlink(missing_ok=True)
    for name in unchanged:
        _link(last / PARQUET / f"{name}.parquet", folder / PARQUET / f"{name}.parquet")
    return frozenset(unchanged)


def is_untouched(version: Path, file: Path) -> bool:
    """Whether the file is there, and nobody wrote to it after the version's record, which is its newest file."""
    record = version / PARQUET / f"{PUBLICATION}.parquet"
    return file.is_file() and file.stat().st_mtime_ns <= record.stat().st_mtime_ns


def _metadata(connection: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    """What a Parquet file says of itself: those of earlier releases said nothing."""
    query = "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)"
    return dict(connection.execute(query, [str(file)]).fetchall())


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = ?"
    return {name for (name,) in connection.execute(query, [SCHEMA]).fetchall()}


def _free_share(connection: duckdb.DuckDBPyConnection) -> float:
    query = (
        "SELECT free_blocks / greatest(total_blocks, 1) FROM pragma_database_size() WHERE database_name = 'published'"
    )
    [(share,)] = connection.execute(query).fetchall()
    return float(share)


def _copy(source: Path, target: Path) -> None:
    """Copy the contents alone; the copy is written to. File systems that can share the blocks of two files do."""
    try:
        with source.open("rb") as reader, target.open("wb") as writer:
            while os.copy_file_range(reader.fileno(), writer.fileno(), 1 << 30):
                pass
    except (AttributeError, OSError):  # only Linux has it, and not for every file system
        shutil.copyfile(source, target)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # not every file system has hard links
        shutil.copyfile(source, target)
