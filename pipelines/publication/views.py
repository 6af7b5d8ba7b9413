"""Marts that are too large for the DuckDB file of a version: views of the file on their Parquet files.

Belongs here: which marts these are, and their views. Does not belong here: the Parquet files
(`pipelines.publication.publish`).

A view needs its Parquet file when it is made, and the folder of a version has another name until all is in it. So the
views name a macro, which alone names the folder: by its whole path, since no path is relative to a database.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from ingestion.text import literal, quoted
from pipelines.publication.content import SCHEMA, Mart

_MACRO = f"{SCHEMA}.parquet_of"


def beside_the_file(marts: Iterable[Mart], max_rows: int | None) -> frozenset[str]:
    """The names of the marts that have more rows than the setting `duckdb_file_max_rows` lets into the DuckDB file."""
    return frozenset(mart.name for mart in marts if max_rows is not None and mart.row_count > max_rows)


def point_views(connection: duckdb.DuckDBPyConnection, parquet: Path) -> None:
    """Let all views of the database `published` read the Parquet files of this folder."""
    files = f"{literal(f'{parquet.resolve()}/')} || table_name || '.parquet'"
    connection.execute(f"CREATE OR REPLACE MACRO published.{_MACRO} (table_name) AS TABLE FROM read_parquet({files})")


def create_view(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Show the mart's Parquet file, which is where `point_views` says, as the mart."""
    # Cast: Parquet has no type for some of DuckDB's.
    columns = ", ".join(f"CAST({quoted(name)} AS {type_}) AS {quoted(name)}" for name, type_ in mart.form.columns)
    view = f"published.{SCHEMA}.{quoted(mart.name)}"
    connection.execute(f"CREATE VIEW {view} AS SELECT {columns} FROM {_MACRO}({literal(mart.name)})")


def drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Take all views out of the database `published`."""
    query = "SELECT view_name FROM duckdb_views() WHERE database_name = 'published' AND schema_name = ?"
    for (name,) in connection.execute(query, [SCHEMA]).fetchall():
        connection.execute(f"DROP VIEW published.{SCHEMA}.{quoted(name)}")
    connection.execute(f"DROP MACRO TABLE IF EXISTS published.{_MACRO}")
