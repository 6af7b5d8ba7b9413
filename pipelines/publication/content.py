"""What a mart holds, as far as two versions are told apart by it: columns, descriptions, rows, checksum.

Belongs here: reading that of a table in an attached database. Does not belong here: what follows from it
(`pipelines.publication.reuse`, `pipelines.publication.publish`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from ingestion.text import quoted

SCHEMA = "marts"


@dataclass(frozen=True)
class Form:
    """What a table looks like: (name, type) of its columns; descriptions by column, that of the table under ''."""

    columns: tuple[tuple[str, str], ...]
    comments: Mapping[str, str]

    @property
    def parquet_metadata(self) -> dict[str, str]:
        """The descriptions as a Parquet file's own keys: `description`, and `column_descriptions` as a JSON object."""
        of_columns = {column: self.comments[column] for column, _ in self.columns if column in self.comments}
        described = {"column_descriptions": json.dumps(of_columns, ensure_ascii=False)} if of_columns else {}
        return {**({"description": self.comments[""]} if "" in self.comments else {}), **described}


@dataclass(frozen=True)
class Mart:
    """A mart of the warehouse. `checksum` is that of `versions.PublishedTable`."""

    name: str
    form: Form
    row_count: int
    checksum: str


def measure(connection: duckdb.DuckDBPyConnection, database: str, name: str) -> Mart:
    """Read the whole mart once."""
    form = form_of(connection, database, name)
    return Mart(name, form, *count_and_checksum(connection, f"{database}.{SCHEMA}.{quoted(name)}", form))


def form_of(connection: duckdb.DuckDBPyConnection, database: str, name: str) -> Form:
    columns = connection.execute(f"DESCRIBE {database}.{SCHEMA}.{quoted(name)}").fetchall()
    place = "WHERE database_name = $1 AND schema_name = $2 AND {} = $3 AND comment IS NOT NULL"
    comments = connection.execute(
        f"SELECT '', comment FROM duckdb_tables() {place.format('table_name')}"
        f" UNION ALL SELECT '', comment FROM duckdb_views() {place.format('view_name')}"
        f" UNION ALL SELECT column_name, comment FROM duckdb_columns() {place.format('table_name')}",
        [database, SCHEMA, name],
    ).fetchall()
    return Form(tuple((column, type_) for column, type_, *_ in columns), dict(comments))


def count_and_checksum(connection: duckdb.DuckDBPyConnection, source: str, form: Form) -> tuple[int, str]:
    """Rows and checksum of a relation that holds a mart of this form."""
    # Cast: Parquet has no type for some of DuckDB's (enumerations, HUGEINT); equal values must hash equally.
    row = ", ".join(f"CAST({quoted(column)} AS {type_})" for column, type_ in form.columns)
    query = f"SELECT count(*), coalesce(sum(hash({row})), 0)::VARCHAR FROM {source}"
    [(count, checksum)] = connection.execute(query).fetchall()
    return int(count), str(checksum)
