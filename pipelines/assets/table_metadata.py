"""What Dagster shows of a table: its columns with types, keys and descriptions, and its number of rows.

Belongs here: reading that from the warehouse. Does not belong here: what the columns mean (the landing
contract and dbt's YAML say it; it is handed in).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from ingestion.contract import RAW_SCHEMA
from ingestion.text import quoted

# Dagster's names for facts that its UI shows in a special way.
COLUMN_SCHEMA = "dagster/column_schema"
ROW_COUNT = "dagster/row_count"
TABLE_NAME = "dagster/table_name"


@dataclass(frozen=True)
class TableFacts:
    """Columns with their DuckDB types in table order; `row_count` is None for a view, which would be run."""

    columns: Mapping[str, str]
    row_count: int | None

    def metadata(self, described: dg.TableSchema | None = None) -> dict[str, Any]:
        """The facts as Dagster metadata, with descriptions and keys of those columns that `described` has."""
        known = {column.name: column for column in described.columns} if described else {}
        columns = [
            dg.TableColumn(
                name,
                type_,
                description=known[name].description if name in known else None,
                constraints=known[name].constraints if name in known else None,
            )
            for name, type_ in self.columns.items()
        ]
        counted = {} if self.row_count is None else {ROW_COUNT: self.row_count}
        return {COLUMN_SCHEMA: dg.TableSchema(columns), **counted}


def read_table_facts(warehouse: Path, schemas: Iterable[str]) -> dict[tuple[str, str], TableFacts]:
    """The facts of every table and view of the schemas, by (schema, table). Opens the warehouse read-only.

    A view of schema raw shows a table of the lake.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            """
            SELECT columns.schema_name, columns.table_name, columns.column_name, columns.data_type,
                   tables.table_name IS NOT NULL OR columns.schema_name = ? AS is_table
            FROM duckdb_columns() AS columns
            LEFT JOIN duckdb_tables() AS tables USING (database_name, schema_name, table_name)
            WHERE columns.database_name = current_database() AND list_contains(?, columns.schema_name)
            ORDER BY columns.schema_name, columns.table_name, columns.column_index
            """,
            [RAW_SCHEMA, list(schemas)],
        ).fetchall()
        columns: dict[tuple[str, str], dict[str, str]] = {}
        tables: set[tuple[str, str]] = set()
        for schema, table, column, type_, is_table in rows:
            columns.setdefault((schema, table), {})[column] = type_
            if is_table:
                tables.add((schema, table))
        return {
            key: TableFacts(found, _row_count(connection, *key) if key in tables else None)
            for key, found in columns.items()
        }


def _row_count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)}").fetchone()
    return int(row[0]) if row else 0
