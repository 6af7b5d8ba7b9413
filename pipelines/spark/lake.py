"""The lake: what Spark is given before a build, and what DuckDB shows of it after one.

Belongs here: the tables between the two, as Parquet. Does not belong here: how dbt reaches Spark
(`pipelines.spark.connection`).

The warehouse's DuckDB file stays what it is on DuckDB: it holds what no build can make again, the raw tables and what
snapshots saw. A build copies them into the lake, Spark makes all models from there, and the file shows Spark's tables
as views on their Parquet files. So landing, hiding and forgetting, gates, publication and reports are the same on both
engines, and the lake can be removed at any time.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from ingestion.text import literal, quoted

SNAPSHOTS_SCHEMA = "snapshots"
# Made again by each build, from the others.
_DERIVED = ("staging", "intermediate", "marts")
# Of files that a task of Spark reads at once; a smaller table is one file.
_FILE_BYTES = "128MB"

Tables = Mapping[str, Sequence[str]]


def fill_lake(warehouse: Path, lake: Path, wanted: Collection[tuple[str, str]]) -> Tables:
    """Copy the wanted tables (schema, name) into the lake, as far as they are there, and return them by schema.

    Each is complete before it takes the place of the one before.
    """
    copied: dict[str, list[str]] = {}
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        held = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        for schema, table in sorted({*wanted} & {*connection.execute(held).fetchall()}):
            folder = lake / schema / table
            new = folder.with_name(f"{table}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            connection.execute(
                f"COPY {quoted(schema)}.{quoted(table)} TO {literal(new)}"
                f" (FORMAT parquet, FILE_SIZE_BYTES '{_FILE_BYTES}', OVERWRITE)"
            )
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
            copied.setdefault(schema, []).append(table)
    return copied


def show_lake(warehouse: Path, lake: Path, built: Iterable[Any]) -> None:
    """Let the warehouse show the tables that Spark made: as views, and those of snapshots as tables that it keeps.

    `built` are dbt's nodes; of views there is nothing to show. Descriptions that are kept become comments.
    """
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.begin()
        for schema in _DERIVED:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        for node in built:
            folder = lake / node.schema / node.name
            if not folder.is_dir():
                continue
            name = f"{quoted(node.schema)}.{quoted(node.name)}"
            kind = "TABLE" if node.schema == SNAPSHOTS_SCHEMA else "VIEW"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(node.schema)}")
            files = literal(f"{folder}/*.parquet")
            connection.execute(f"CREATE OR REPLACE {kind} {name} AS FROM read_parquet({files})")
            if node.config.persist_docs.get("columns"):
                connection.execute(f"COMMENT ON {kind} {name} IS {literal(node.description)}")
                for column in node.columns.values():
                    connection.execute(
                        f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.description)}"
                    )
        connection.commit()
