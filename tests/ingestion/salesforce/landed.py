"""An organisation as Fivetran and Airbyte land it: their tables in their documented layouts, straight into a warehouse.

Belongs here: the layouts. Does not belong here: what comes out of them.

https://fivetran.com/docs/connectors/applications/salesforce (names in snake case, moments with a time zone, deleted
rows kept and marked) and https://docs.airbyte.com/integrations/sources/salesforce (one stream per object, fields as in
the API; its DuckDB destination writes names in small letters).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import duckdb

from tests.ingestion.salesforce.org import Org

_TYPES = {
    "boolean": "BOOLEAN",
    "currency": "DOUBLE",
    "double": "DOUBLE",
    "percent": "DOUBLE",
    "int": "BIGINT",
    "date": "DATE",
    "datetime": "TIMESTAMP WITH TIME ZONE",
}


def fivetran(connection: duckdb.DuckDBPyConnection, org: Org, schema: str) -> None:
    """A row that is gone is marked; of a table in history mode there are past versions, too."""

    def table(sobject: str, rows: list[dict[str, Any]], types: dict[str, str]) -> None:
        # Fivetran has days of opportunities as the moments of their midnights.
        columns = {_snake(name): "TIMESTAMP" if name == "CloseDate" else type_ for name, type_ in types.items()}
        columns |= {"_fivetran_synced": "TIMESTAMP WITH TIME ZONE", "_fivetran_deleted": "BOOLEAN"}
        own = {"_fivetran_synced": "2026-01-01T00:00:00Z", "_fivetran_deleted": False}
        landed = [{_snake(name): value for name, value in row.items()} | own for row in rows]
        if sobject == "Opportunity":
            columns["_fivetran_active"] = "BOOLEAN"
            past = [row | {"_fivetran_active": False, "amount": 1.0} for row in landed[:5]]
            landed = [row | {"_fivetran_active": True} for row in landed] + past
        if sobject == "ForecastingQuota":
            landed.append(landed[0] | {"id": "0J9gone", "_fivetran_deleted": True})
        _create(connection, schema, _snake(sobject), columns, landed)

    _each_object(connection, org, schema, table)


def airbyte(connection: duckdb.DuckDBPyConnection, org: Org, schema: str) -> None:
    """The names of the API in small letters; deleted records have IsDeleted."""

    def table(sobject: str, rows: list[dict[str, Any]], types: dict[str, str]) -> None:
        columns = {name.lower(): type_ for name, type_ in types.items()}
        columns |= {"_airbyte_raw_id": "VARCHAR", "_airbyte_extracted_at": "TIMESTAMP WITH TIME ZONE"}
        own = {"_airbyte_raw_id": "1", "_airbyte_extracted_at": "2026-01-01T00:00:00Z"}
        landed = [{name.lower(): value for name, value in row.items()} | own for row in rows]
        _create(connection, schema, sobject.lower(), columns, landed)

    _each_object(connection, org, schema, table)


def _each_object(
    connection: duckdb.DuckDBPyConnection,
    org: Org,
    schema: str,
    table: Callable[[str, list[dict[str, Any]], dict[str, str]], None],
) -> None:
    connection.execute(f"SET TimeZone = 'America/New_York'; CREATE SCHEMA {schema}")
    for sobject, records in org.records.items():
        # What the tool was not told to land has no table.
        if sobject == "OpportunitySplit":
            continue
        types = {name: _TYPES.get(kind, "VARCHAR") for name, kind in org.all_fields(sobject).items()}
        table(sobject, list(records.values()), types)


def _create(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, columns: dict[str, str], rows: list[dict[str, Any]]
) -> None:
    definition = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
    connection.execute(f'CREATE TABLE {schema}."{name}" ({definition})')
    if rows:
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" for _ in columns)
        values = [[row.get(column) for column in columns] for row in rows]
        connection.executemany(f'INSERT INTO {schema}."{name}" ({names}) VALUES ({marks})', values)


def _snake(name: str) -> str:
    """Words and digits apart: Product2Id is product_2_id."""
    return re.sub("([a-z0-9])([A-Z])|([a-z])(?=[0-9])", r"\1\3_\2", name).replace("__", "_").lower()
