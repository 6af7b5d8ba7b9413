"""Personal columns that were loaded before `personal_columns` named them: hidden where they lie, and cleared away.

Belongs here: the raw tables and the quarantine. Does not belong here: the setting and the hash (`ingestion.personal`),
the files that keep what was overwritten (`ingestion.clearing`), or what is loaded from now on (the sources).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

import duckdb

from ingestion.clearing import HIDDEN_COLUMNS, clear_packages, drop_schemas, write_anew
from ingestion.contract import RAW_SCHEMA
from ingestion.lake import Lake
from ingestion.moving import in_warehouse
from ingestion.personal import DROP, HASH, PersonalColumns, hidden
from ingestion.text import literal, quoted

NOTES = f"{RAW_SCHEMA}.{HIDDEN_COLUMNS}"
_IS_HASH = "regexp_full_match({}, '[0-9a-f]{{64}}')"


def hide_former_loads(
    warehouse: Path,
    dlt_home: Path,
    setting: PersonalColumns,
    treatments: Mapping[str, Mapping[str, str]],
    derived: Collection[str],
    version: int,
    lake: Lake | None = None,
) -> int:
    """Hide the columns that are new in the setting in what is loaded already, and return how many values that were.

    `treatments` are HASH or DROP by column, by raw table, as the sources know that they are allowed. Schemas that are
    `derived` are made anew by the refresh, so they are dropped. `version` is the newest published one. Where values
    were in clear, nothing that is kept of former loads holds them afterwards (`ingestion.clearing`). `lake` is that of
    the home, if it has one. May be killed at any moment: the next call goes on. Only for the holder
    of the refresh lock.
    """
    wanted = {f"{table}.{column}": each for table, columns in treatments.items() for column, each in columns.items()}
    if not wanted or not warehouse.exists():
        return 0
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute(
            f"CREATE SCHEMA IF NOT EXISTS {RAW_SCHEMA}; CREATE TABLE IF NOT EXISTS {NOTES}"
            " (column_name VARCHAR, treatment VARCHAR, last_version BIGINT, is_cleared BOOLEAN)"
        )
        noted = connection.execute(f"SELECT column_name, treatment FROM {NOTES} WHERE is_cleared").fetchall()
    new = {name: treatment for name, treatment in wanted.items() if (name, treatment) not in noted}
    if not new:
        return 0
    with in_warehouse(warehouse, dlt_home, lake):
        return _hide_all(warehouse, dlt_home, setting, new, derived, version, lake)


def _hide_all(
    warehouse: Path,
    dlt_home: Path,
    setting: PersonalColumns,
    new: Mapping[str, str],
    derived: Collection[str],
    version: int,
    lake: Lake | None,
) -> int:
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        setting.prepare(connection)
        connection.begin()
        changed = sum(_hide(connection, name, treatment) for name, treatment in new.items())
        pending = connection.execute(f"SELECT 1 FROM {NOTES} WHERE NOT is_cleared").fetchall()
        has_to_clear = bool(changed or pending)
        for name, treatment in new.items():
            connection.execute(f"DELETE FROM {NOTES} WHERE column_name = ?", [name])
            row = [name, treatment, version if has_to_clear else 0, not has_to_clear]
            connection.execute(f"INSERT INTO {NOTES} VALUES (?, ?, ?, ?)", row)
        connection.commit()
        if not has_to_clear:
            return 0
        drop_schemas(connection, derived)
    clear_packages(dlt_home, {name.partition("__")[0] for name in new})
    write_anew(warehouse, HIDDEN_COLUMNS, lake)
    return changed


def _hide(connection: duckdb.DuckDBPyConnection, name: str, treatment: str) -> int:
    """Hide one column of a raw table, of its staging table and of the quarantine; return the number of values."""
    table, _, column = name.partition(".")
    count = 0
    for schema in (RAW_SCHEMA, f"{RAW_SCHEMA}_staging"):
        if _has(connection, schema, table, column):
            count += _update(connection, f"{schema}.{quoted(table)}", column, treatment)
    source, _, entity = table.partition("__")
    for schema in (RAW_SCHEMA, f"{RAW_SCHEMA}_staging"):
        if _has(connection, schema, "quarantine", "value"):
            # A line that could not be split into columns is kept whole.
            # A warehouse of the first release is migrated by the load that comes; all its files were landing files.
            of_source = f"source = {literal(source)}" if _has(connection, schema, "quarantine", "source") else "true"
            where = (
                f"{of_source} AND entity = {literal(entity)}"
                f" AND (column_name IS NULL OR column_name = {literal(column)})"
            )
            count += _update(connection, f"{schema}.quarantine", "value", "", where)
    return count


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str, column: str) -> bool:
    query = "SELECT 1 FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? AND column_name = ?"
    return bool(connection.execute(query, [schema, table, column]).fetchall())


def _update(connection: duckdb.DuckDBPyConnection, table: str, column: str, treatment: str, where: str = "true") -> int:
    """Hide what is in clear. A hash, which the door made, is not; but a column that is dropped keeps none either."""
    name = quoted(column)
    value = hidden(name, HASH) if treatment == HASH else "NULL"
    in_clear = f"{name} IS NOT NULL" if treatment == DROP else f"NOT {_IS_HASH.format(name)}"
    found = connection.execute(f"UPDATE {table} SET {name} = {value} WHERE {in_clear} AND {where}").fetchall()
    return int(found[0][0])
