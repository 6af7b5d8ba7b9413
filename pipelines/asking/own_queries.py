"""Queries that who asks wrote, for what no question covers: one SELECT over the published tables, within bounds.

Belongs here: what such a query may be. Does not belong here: whether it is allowed at all (the setting `agent_sql`).

The connection keeps files, extensions, settings and this program out of reach (`pipelines.asking.published`); what is
refused here would only fail later, or read nothing of the marts.
"""

from __future__ import annotations

import duckdb

from ingestion.text import one_line
from pipelines.asking.published import AskingError, Published, Row
from pipelines.publication.content import SCHEMA

_TABLES = """
    SELECT table_name AS "table", table_comment AS meaning FROM information_schema.tables
    WHERE table_schema = ? ORDER BY table_name
"""
_COLUMNS = """
    SELECT column_name AS "column", data_type AS type, comment AS meaning FROM duckdb_columns()
    WHERE schema_name = ? AND table_name = ? ORDER BY column_index
"""


def tables(published: Published) -> list[Row]:
    """The published tables with their meanings."""
    return published.rows(_TABLES, [SCHEMA])


def columns(published: Published, table: str) -> list[Row]:
    """The columns of a table with types and meanings. Raises AskingError for an unknown table."""
    name = table.removeprefix(f"{SCHEMA}.")
    if not published.columns(name):
        raise AskingError(f"there is no table {table!r}; list_tables without a table names them")
    return published.rows(_COLUMNS, [SCHEMA, name])


def run(published: Published, query: str, limit: int) -> list[Row]:
    """At most `limit` rows of a SELECT. Raises AskingError for any other statement, and for what DuckDB refuses."""
    try:
        statements = published.connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise AskingError("write one SELECT, and nothing else")
        return published.rows(query, (), limit)
    except duckdb.Error as error:
        raise AskingError(one_line(str(error))) from None
