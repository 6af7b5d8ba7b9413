"""What a mart holds, as far as two versions are told apart by it: columns, descriptions, rows, checksum.

Belongs here: reading that of a table in an attached database. Does not belong here: what follows from it
(`pipelines.publication.reuse`, `pipelines.publication.publish`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
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


def measure(connection: duckdb.DuckDBPyConnection, database: str, names: Sequence[str]) -> list[Mart]:
    """Read these marts once, and whole."""
    forms = forms_of(connection, database)
    return [
        Mart(name, form, *count_and_checksum(connection, f"{database}.{SCHEMA}.{quoted(name)}", form))
        for name, form in zip(names, map(forms.__getitem__, names), strict=True)
    ]


def forms_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, Form]:
    """What all marts of a database look like, by name. Asked at once: to ask of each took a second for fifty."""
    place = "WHERE database_name = $1 AND schema_name = $2"
    columns: dict[str, list[tuple[str, str]]] = defaultdict(list)
    comments: dict[str, dict[str, str]] = defaultdict(dict)
    for table, _, column, type_, comment in connection.execute(
        f"SELECT table_name AS name, 0 AS position, '', NULL, comment FROM duckdb_tables() {place}"
        f" UNION ALL SELECT view_name, 0, '', NULL, comment FROM duckdb_views() {place}"
        f" UNION ALL SELECT table_name, column_index, column_name, data_type, comment FROM duckdb_columns() {place}"
        " ORDER BY name, position",
        [database, SCHEMA],
    ).fetchall():
        if column:
            columns[table].append((column, type_))
        if comment is not None:
            comments[table][column] = comment
    return {table: Form(tuple(found), comments[table]) for table, found in columns.items()}


def count_and_checksum(connection: duckdb.DuckDBPyConnection, source: str, form: Form) -> tuple[int, str]:
    """Rows and checksum of a relation that holds a mart of this form."""
    # Cast: Parquet has no type for some of DuckDB's (enumerations, HUGEINT); equal values must hash equally.
    row = ", ".join(f"CAST({quoted(column)} AS {type_})" for column, type_ in form.columns)
    query = f"SELECT count(*), coalesce(sum(hash({row})), 0)::VARCHAR FROM {source}"
    [(count, checksum)] = connection.execute(query).fetchall()
    return int(count), str(checksum)
