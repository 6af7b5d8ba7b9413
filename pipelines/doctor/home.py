"""Looks at what Repline wrote: the warehouse, the published versions, and tables that other tools load.

Does not belong here: how old the data are (`pipelines.reports.freshness`).
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from ingestion.findings import Finding, State
from ingestion.text import first_line
from pipelines.publication.versions import (
    PublicationError,
    Version,
    current_number,
    newest_version,
    published_version,
    version_numbers,
)
from pipelines.reports.warehouse_reader import WarehouseUnavailableError, is_refreshing, open_warehouse
from pipelines.settings import Settings
from pipelines.sources import Sources


def warehouse(settings: Settings, sources: Sources) -> Iterator[Finding]:
    """Whether this DuckDB can read the file, and whether it holds what other tools should have loaded."""
    if not settings.warehouse.exists() and sources.landed:
        text = f"{settings.warehouse} is not there; let the tool that loads {', '.join(sources.landed)} run first"
        yield Finding(State.FAULT, "warehouse", text)
        return
    if not settings.warehouse.exists():
        yield Finding(State.OK, "warehouse", f"{settings.warehouse} is made by the first refresh")
        return
    if is_refreshing(settings):
        yield Finding(State.OK, "warehouse", "a refresh is running")
        return
    try:
        with open_warehouse(settings) as connection:
            [(version,)] = connection.execute(
                "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
            ).fetchall()
            yield Finding(State.OK, "warehouse", f"written by DuckDB {version}, readable by {duckdb.__version__}")
            for source, schema in sources.landed.items():
                [(count,)] = connection.execute(
                    "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ?", [schema]
                ).fetchall()
                yield _landed(source, schema, count)
    except (WarehouseUnavailableError, duckdb.Error) as error:
        yield Finding(State.FAULT, "warehouse", first_line(error))


def _landed(source: str, schema: str, count: int) -> Finding:
    if count:
        return Finding(State.OK, f"source {source}", f"{count} tables in schema {schema} of the warehouse")
    text = f"schema {schema} of the warehouse has no table; let the tool load it, or name another in landed_schemas"
    return Finding(State.FAULT, f"source {source}", text)


def copied(settings: Settings) -> Iterator[Finding]:
    """Whether the database that the marts are copied to lets us in."""
    if settings.copy_to is None:
        return
    from pipelines.copying.target import CopyError, target_of

    try:
        target = target_of(settings)
        with target.connection():
            yield Finding(State.OK, "copy", f"{target.url} answers")
    except CopyError as error:
        yield Finding(State.FAULT, "copy", str(error))


def publication(settings: Settings) -> tuple[Version | None, Finding]:
    """The newest version, and what is to be said of the published ones."""
    try:
        newest = newest_version(settings)
        current = published_version(settings)
    except PublicationError as error:
        return None, Finding(State.FAULT, "published", str(error))
    if newest is None:
        return None, Finding(State.OK, "published", "nothing yet; `repline refresh` does it")
    if current is None:
        text = "readers see none; `repline refresh` or `repline rollback` puts one in place"
        return newest, Finding(State.FAULT, "published", text)
    kept = f"versions {', '.join(map(str, version_numbers(settings)))} are kept"
    if newest.number != current_number(settings):
        text = f"version {current.number}, rolled back from {newest.number}; {kept}"
        return newest, Finding(State.WARNING, "published", text)
    return newest, Finding(State.OK, "published", f"version {current.number}; {kept}")
