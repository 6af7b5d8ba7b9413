"""Leaving no trace: what was hidden or forgotten is gone from the files that Repline keeps of its loads.

Belongs here: the warehouse's file, dlt's folders, and which published versions are from before. Does not belong here:
what is hidden (`ingestion.hiding`) or forgotten (`ingestion.forgetting`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import duckdb

from ingestion.contract import RAW_SCHEMA
from ingestion.lake import Lake, remove
from ingestion.migrations import STORAGE_VERSION
from ingestion.register import pipeline_name
from ingestion.text import literal, quoted

# Both note, with what was hidden or forgotten, the newest published version of that time (last_version): it and those
# before may hold it. A row that is not cleared away yet (is_cleared) belongs to a run that was killed.
HIDDEN_COLUMNS = "hidden_columns"
FORGOTTEN = "forgotten"


def last_version_in_clear(warehouse: Path) -> int:
    """The newest published version that may hold what is hidden or forgotten by now, 0 for none."""
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        noted = [
            connection.execute(f"SELECT coalesce(max(last_version), 0) FROM {RAW_SCHEMA}.{table}").fetchall()[0][0]
            for table in (HIDDEN_COLUMNS, FORGOTTEN)
            if has_table(connection, RAW_SCHEMA, table)
        ]
    return max(map(int, noted), default=0)


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether there is such a table, or a view that shows one of the lake."""
    query = (
        "SELECT 1 FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND (table_schema, table_name) = (?, ?)"
    )
    return bool(connection.execute(query, [schema, table]).fetchall())


def drop_schemas(connection: duckdb.DuckDBPyConnection, schemas: Collection[str]) -> None:
    """Drop what a refresh makes anew."""
    for schema in schemas:
        connection.execute(f"DROP SCHEMA IF EXISTS {quoted(schema)} CASCADE")


def clear_packages(dlt_home: Path, sources: Collection[str]) -> None:
    """Remove the folders of the sources' pipelines, which keep what they loaded; their state is in the warehouse."""
    for source in sources:
        shutil.rmtree(dlt_home / pipeline_name(source), ignore_errors=True)


def write_anew(warehouse: Path, notes: str, lake: Lake | None = None) -> None:
    """Put a new file in the warehouse's place that never held what was overwritten or dropped.

    DuckDB keeps both until it needs the room. `notes` is the table of schema `raw` whose rows are cleared by it. The
    home's lake goes before: its raw tables are in the warehouse now, and the rest is made by the next build.
    """
    if lake:
        with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
            is_its_own = lake.is_of(connection)
        if is_its_own:
            remove(lake.folder)
    new = warehouse.with_name(f"{warehouse.name}.new")
    new.unlink(missing_ok=True)
    with closing(duckdb.connect()) as connection:
        connection.execute(f"ATTACH {literal(str(warehouse))} AS old (READ_ONLY)")
        connection.execute(f"ATTACH {literal(str(new))} AS new (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("COPY FROM DATABASE old TO new")
        connection.execute(f"UPDATE new.{RAW_SCHEMA}.{notes} SET is_cleared = true")
        connection.execute("DETACH new")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.chmod(warehouse.stat().st_mode)
    new.replace(warehouse)
