"""A query of DuckDB in the words of Spark, and the tables that it reads.

Belongs here: what sqlglot says of a statement, and that its tables are in the lake. Does not belong here: running it
(`pipelines.runs.dbt_runs`), or the SQL of dbt's models, which is written in both dialects
(`dbt_project/macros/engine`).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import sqlglot
from sqlglot import exp

from ingestion.contract import RAW_SCHEMA
from ingestion.lake import Folder
from pipelines.spark.lake import Tables, fill_lake


def in_spark_words(query: str) -> str:
    """The query as Spark 4 understands it. Raises sqlglot's UnsupportedError for what Spark has no word for."""
    tree = sqlglot.parse_one(query, read="duckdb")
    for step in tree.find_all(exp.CTE):
        # Spark decides for itself what it keeps.
        step.set("materialized", None)
    for count in list(tree.find_all(exp.CountIf)):
        # DuckDB's is null where it is told nothing but nulls, Spark's zero.
        count.replace(exp.Sum(this=exp.cast(count.this, exp.DType.INT)))
    return tree.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def tables_of(query: str) -> set[tuple[str, str]]:
    """Schema and name of each table that the query reads; its own steps have no schema."""
    tables = sqlglot.parse_one(query, read="duckdb").find_all(exp.Table)
    return {(table.db, table.name) for table in tables if table.db}


def tables_for(warehouse: Path, lake: Folder, wanted: Collection[tuple[str, str]]) -> Tables:
    """The wanted tables (schema, name) by schema, each in the lake: Spark's own, and copies of the warehouse's.

    Raw tables are none of them: of these, Spark is shown the newest rows of their packages.
    """
    copied = fill_lake(warehouse, lake, wanted)
    found: dict[str, list[str]] = {}
    for schema, table in sorted(wanted):
        if schema == RAW_SCHEMA:
            continue
        if table in copied.get(schema, ()) or (lake / schema / table).is_dir():
            found.setdefault(schema, []).append(table)
    return found
