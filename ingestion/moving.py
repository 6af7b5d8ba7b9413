"""Moves the raw tables, with what dlt knows of them, between the warehouse and the lake.

Belongs here: that they are in one of the two, whole, wherever a move is killed. Does not belong here: the files of the
lake (`ingestion.lake`), or which of the two is wanted (`pipelines.settings`).

A home that changes its engine moves them; and what overwrites raw rows (hiding, forgetting, a migration) has them in
the warehouse while it works, since packages are never changed. Where a raw table is a table of the warehouse, that is
the truth; where it is a view, the lake is. One transaction turns all of the one into the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from ingestion.clearing import FORGOTTEN, HIDDEN_COLUMNS, clear_packages
from ingestion.contract import RAW_SCHEMA
from ingestion.lake import Lake
from ingestion.migrations import STAGING_SCHEMA, is_due, migrate
from ingestion.register import SOURCES
from ingestion.text import quoted

# Repline's own notes, which stay in the warehouse.
_NOTES = {FORGOTTEN, HIDDEN_COLUMNS}
_MOVED = "__moved"

Log = Callable[[str], None]


def settle(warehouse: Path, dlt_home: Path, lake: Lake, is_in_lake: bool, log: Log = lambda _: None) -> None:
    """Bring the raw tables to where they are wanted; nothing is done where they are there already.

    What an earlier release wrote is migrated in the warehouse. Only for the holder of the refresh lock. Raises
    LakeError where the lake is that of another home, which is left alone.
    """
    if not warehouse.exists():
        return
    if not is_in_lake:
        to_warehouse(warehouse, dlt_home, lake, log)
        return
    with closing(duckdb.connect(str(warehouse))) as connection:
        lake.claim(connection)
    lake.sweep()
    if is_due(warehouse):
        to_warehouse(warehouse, dlt_home, lake, log)
        if migrate(warehouse):
            clear_packages(dlt_home, [source.name for source in SOURCES])
    to_lake(warehouse, dlt_home, lake, log)


def is_in(lake: Lake, warehouse: Path) -> bool:
    """Whether the lake holds the raw tables."""
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        return lake.is_of(connection) and lake.raw.is_dir() and not _tables(connection)


@contextmanager
def in_warehouse(warehouse: Path, dlt_home: Path, lake: Lake | None) -> Iterator[None]:
    """Have the raw tables in the warehouse within the block, where they can be changed, wherever they are otherwise."""
    if lake is None or not is_in(lake, warehouse):
        yield
        return
    to_warehouse(warehouse, dlt_home, lake)
    try:
        yield
    finally:
        to_lake(warehouse, dlt_home, lake)


def to_lake(warehouse: Path, dlt_home: Path, lake: Lake, log: Log = lambda _: None) -> None:
    """Write all raw tables of the warehouse as packages, and show them as views."""
    with closing(duckdb.connect(str(warehouse))) as connection:
        tables = _tables(connection)
        if not tables:
            return
        lake.claim(connection)
        log(f"The raw tables go to the lake, {lake.folder}")
        lake.remove_raw()
        # dlt begins a lake where there is none.
        _carry_state(tables, warehouse, dlt_home, None, lake)
        for table in tables:
            lake.put(connection, table)
        connection.begin()
        for table in tables:
            connection.execute(f"DROP TABLE {RAW_SCHEMA}.{quoted(table)}")
        connection.execute(f"DROP SCHEMA IF EXISTS {STAGING_SCHEMA} CASCADE")
        lake.show(connection)
        connection.commit()


def to_warehouse(warehouse: Path, dlt_home: Path, lake: Lake, log: Log = lambda _: None) -> None:
    """Make a table of the warehouse of each raw table in the lake, and remove its packages."""
    if not lake.raw.is_dir():
        return
    with closing(duckdb.connect(str(warehouse))) as connection:
        if not lake.is_of(connection):
            return
        if not _tables(connection):
            log(f"The raw tables come from the lake, {lake.folder}")
            lake.sweep()
            lake.show(connection)
            views = [packages.name for packages in lake.packages()]
            for view in _views(connection) - {*views}:
                connection.execute(f"DROP VIEW {RAW_SCHEMA}.{quoted(view)}")
            _carry_state(views, warehouse, dlt_home, lake, None)
            connection.begin()
            for view in views:
                new = f"{RAW_SCHEMA}.{quoted(f'{view}{_MOVED}')}"
                connection.execute(f"CREATE TABLE {new} AS FROM {RAW_SCHEMA}.{quoted(view)}")
                connection.execute(f"DROP VIEW {RAW_SCHEMA}.{quoted(view)}")
                connection.execute(f"ALTER TABLE {new} RENAME TO {quoted(view)}")
            connection.commit()
    lake.remove_raw()


def _carry_state(tables: list[str], warehouse: Path, dlt_home: Path, before: Lake | None, after: Lake | None) -> None:
    """Let dlt store there what it stored here of each source: its cursors, and the shape of its tables."""
    from ingestion.warehouse import pipeline_into

    for source in SOURCES:
        if not any(table.startswith(f"{source.name}__") for table in tables):
            continue
        clear_packages(dlt_home, [source.name])
        pipeline_into(source.name, warehouse, dlt_home, before).sync_destination()
        pipeline = pipeline_into(source.name, warehouse, dlt_home, after)
        with pipeline.managed_state(extract_state=True):
            pass
        pipeline.normalize()
        pipeline.load(raise_on_failed_jobs=True)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The raw tables that the warehouse itself holds, none of dlt's own."""
    query = (
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = ?"
        " AND NOT starts_with(table_name, '_dlt') ORDER BY table_name"
    )
    return [name for (name,) in connection.execute(query, [RAW_SCHEMA]).fetchall() if name not in _NOTES]


def _views(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = ?"
    return {name for (name,) in connection.execute(query, [RAW_SCHEMA]).fetchall()}
