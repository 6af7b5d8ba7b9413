"""Raw tables that Fivetran or Airbyte put there give the marts that Repline's own raw tables give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.dbt_project.warehouse import WITHOUT_TESTS, build
from tests.ingestion.salesforce import landed
from tests.ingestion.salesforce.company import SalesforceCompany
from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.org import Org
from tests.ingestion.salesforce.server import CLIENT_ID, CLIENT_SECRET, SalesforceServer

pytestmark = pytest.mark.slow

Marts = dict[str, list[tuple[Any, ...]]]


def _marts(home: Path, **variables: Any) -> Marts:
    """All marts that dbt builds from the raw tables in a warehouse."""
    common: dict[str, Any] = {"sources": ["salesforce"], "as_of": DEFAULT_UNTIL.isoformat()}
    # Reasons of loss have no standard field; the organisation has one of its own.
    common |= {"pass_through_columns": {"opportunities": ["Loss_Reason__c"]}}
    build(home, common | variables, *WITHOUT_TESTS)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'"
        ).fetchall()
        return {table: connection.sql(f"FROM marts.{table} ORDER BY ALL").fetchall() for (table,) in tables}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Org, Marts]:
    """A company's organisation, and its marts from Repline's own raw tables."""
    home = tmp_path_factory.mktemp("salesforce_company")
    org = SalesforceCompany(home / "demo", calls=200).org
    for number, record in enumerate(org.records["Opportunity"].values()):
        record["Loss_Reason__c"] = "Price" if number % 3 else None
    with SalesforceServer(org) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
        patch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("SOURCES__SALESFORCE__LOGIN_URL", server.url)
        Warehouse(home).load(custom_fields={"opportunities": ["Loss_Reason__c"]})
    return org, _marts(home)


@pytest.mark.parametrize("land", [landed.fivetran, landed.airbyte], ids=["fivetran", "airbyte"])
def test_same_marts(
    company: tuple[Org, Marts], tmp_path: Path, land: Callable[[duckdb.DuckDBPyConnection, Org, str], None]
) -> None:
    org, expected = company
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        land(connection, org, "crm_landed")
    schemas = {"salesforce": "crm_landed"}
    built = _marts(tmp_path, landed_by={"salesforce": land.__name__}, landed_schemas=schemas)
    assert built.keys() == expected.keys()
    assert [table for table in expected if built[table] != expected[table]] == []
    assert sum(row[-1] for row in built["data_quality_warnings"] if row[0] == "rejected_row") == 0
    assert len(built["fct_call"]) > 150
    assert any("Price" in row for row in built["fct_opportunity"])
