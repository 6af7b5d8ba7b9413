"""Brings a warehouse that an earlier release wrote to the shape that this one writes.

Belongs here: the format's number in the warehouse, the steps from one number to the next, and raw columns that are new
in the landing contract or have another type there now. Does not belong here: marts, which every refresh builds anew.

A step goes to the end of `STEPS` where what an earlier release left is read wrongly, or cannot be loaded into. It must
do no harm to a warehouse that does not need it: those before the first number are taken through all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contract import ENTITIES_BY_NAME, RAW_SCHEMA
from ingestion.register import CONTRACT_SOURCES
from ingestion.text import quoted

# dlt loads into tables of this schema first and merges from there; it makes them where they are missing.
STAGING_SCHEMA = f"{RAW_SCHEMA}_staging"
FORMATS = "repline.formats"
# The newer format of DuckDB compresses better: it took a fifth less processor time for 21 million rows.
STORAGE_VERSION = "v1.3.0"


class MigrationError(RuntimeError):
    """The warehouse cannot be used by this release; the message is one line with the way out."""


@dataclass(frozen=True)
class _Changed:
    """A raw column that is not as the contract has it. `source` is the name of dlt's schema, too."""

    source: str
    table: str
    column: str
    found: str
    wanted: str


def migrate(warehouse: Path) -> bool:
    """Make the warehouse where there is none, and else bring it to this release's format; true where it was changed.

    All or nothing. Raises MigrationError where it was written by a newer release, or holds what cannot be converted.
    """
    is_new = not warehouse.exists()
    options: dict[str, Any] = {"storage_compatibility_version": STORAGE_VERSION} if is_new else {}
    with duckdb.connect(str(warehouse), config=options) as connection:
        found, release = _format(connection)
        if found > len(STEPS):
            raise MigrationError(
                f"the warehouse {warehouse} was written by Repline {release}, and this is {version('repline')}, which "
                "cannot read it; install that release again, or set REPLINE_HOME to another folder and refresh"
            )
        changed = _changed_types(connection)
        added = _missing_columns(connection)
        if found == len(STEPS) and not changed and not added:
            return False
        connection.begin()
        for step in STEPS[found:]:
            step(connection)
        for column in changed:
            _convert(connection, column, warehouse)
        for column in added:
            connection.execute(
                f"ALTER TABLE {RAW_SCHEMA}.{column.table} ADD COLUMN {quoted(column.column)} {column.wanted}"
            )
            connection.execute(f"DROP TABLE IF EXISTS {STAGING_SCHEMA}.{column.table}")
        for source in {column.source for column in (*changed, *added)}:
            _forget_schema(connection, source)
        _note_format(connection)
        connection.commit()
    return not is_new


def is_due(warehouse: Path) -> bool:
    """Whether a warehouse that is there has to be brought to this release's format, its raw tables or its number."""
    with duckdb.connect(str(warehouse)) as connection:
        found, _ = _format(connection)
        return found < len(STEPS) or bool(_changed_types(connection) or _missing_columns(connection))


def _format(connection: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """The number of the warehouse's format and the release that brought it there; 0 for one without a number."""
    schema, table = FORMATS.split(".")
    if not _has_table(connection, schema, table):
        return 0, ""
    row = connection.execute(f"SELECT max(format), max_by(release, format) FROM {FORMATS}").fetchone()
    return (int(row[0]), str(row[1])) if row and row[0] is not None else (0, "")


def _note_format(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {FORMATS.split('.')[0]}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {FORMATS} (format INTEGER, release VARCHAR, reached_at TIMESTAMP)")
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute(f"INSERT INTO {FORMATS} VALUES (?, ?, ?)", [len(STEPS), version("repline"), now])


def _changed_types(connection: duckdb.DuckDBPyConnection) -> list[_Changed]:
    columns = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = ? ORDER BY ALL",
        [RAW_SCHEMA],
    ).fetchall()
    contract_sources = {source.name for source in CONTRACT_SOURCES}
    changed = []
    for table, name, found in columns:
        source, _, entity = table.partition("__")
        if source not in contract_sources or entity not in ENTITIES_BY_NAME:
            continue
        types = {column.name: column.type.value for column in ENTITIES_BY_NAME[entity].columns}
        # DuckDB writes DECIMAL(18,4), the contract DECIMAL(18, 4).
        wanted = types.get(name, found).replace(" ", "")
        if wanted != found:
            changed.append(_Changed(source, table, name, found, wanted))
    return changed


def _missing_columns(connection: duckdb.DuckDBPyConnection) -> list[_Changed]:
    """Columns of the contract that a raw table lacks. dlt adds one when rows arrive, but the models read it at once."""
    found: dict[str, set[str]] = {}
    for table, name in connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = ?", [RAW_SCHEMA]
    ).fetchall():
        found.setdefault(table, set()).add(name)
    return [
        _Changed(source.name, table, column.name, "", column.type.value)
        for source in CONTRACT_SOURCES
        for entity in ENTITIES_BY_NAME.values()
        for table in [f"{source.name}__{entity.name}"]
        if table in found
        for column in entity.columns
        if column.name not in found[table]
    ]


def _convert(connection: duckdb.DuckDBPyConnection, changed: _Changed, warehouse: Path) -> None:
    """Give the column its new type where each value stays what it is.

    Text is not converted: how it is read is the landing contract's, and the files say it once more.
    """
    table, name = f"{RAW_SCHEMA}.{changed.table}", quoted(changed.column)
    there_and_back = f"TRY_CAST(TRY_CAST({name} AS {changed.wanted}) AS {changed.found})"
    differs = "true" if changed.found == "VARCHAR" else f"{there_and_back} IS DISTINCT FROM {name}"
    row = connection.execute(f"SELECT count(*) FROM {table} WHERE {name} IS NOT NULL AND {differs}").fetchone()
    if row and row[0]:
        connection.rollback()
        raise MigrationError(
            f"{table}.{changed.column} is {changed.found} in {warehouse}, and this release wants {changed.wanted}, as "
            f"which {row[0]:,} of its values cannot be kept; move the warehouse away and refresh: all sources are then "
            "read from their beginning"
        )
    connection.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE {changed.wanted}")
    connection.execute(f"DROP TABLE IF EXISTS {STAGING_SCHEMA}.{changed.table}")


def _forget_schema(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Let dlt note the tables of a source anew: it refuses a type that is not the one that it noted."""
    for schema in (RAW_SCHEMA, STAGING_SCHEMA):
        if _has_table(connection, schema, "_dlt_version"):
            connection.execute(f"DELETE FROM {schema}._dlt_version WHERE schema_name = ?", [source])


def _has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    query = "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?"
    return connection.execute(query, [schema, table]).fetchone() is not None


def _name_the_source_of_notes(connection: duckdb.DuckDBPyConnection) -> None:
    """The first warehouses have notes without `source`, when all files were landing files.

    dlt would add the column itself, but as null, and DuckDB adds no column that may not be null.
    """
    for schema in (RAW_SCHEMA, STAGING_SCHEMA):
        for table in ("landing_files", "quarantine"):
            if _has_table(connection, schema, table):
                column = "source VARCHAR DEFAULT 'landing'"
                connection.execute(f"ALTER TABLE {schema}.{table} ADD COLUMN IF NOT EXISTS {column}")


STEPS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (_name_the_source_of_notes,)
