"""Raw tables that Fivetran or Airbyte put there give the marts that Repline's own raw tables give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.demo import DEFAULT_UNTIL
from pipelines.runs.inputs import build_fingerprint
from pipelines.settings import Settings
from tests.dbt_project.warehouse import WITHOUT_TESTS, build
from tests.end_to_end.company import Company
from tests.ingestion.hubspot import landed
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.company import as_account, write_company
from tests.ingestion.hubspot.loads import TOKEN, Loads
from tests.ingestion.hubspot.server import HubSpotApi, serve

pytestmark = pytest.mark.slow

Marts = dict[str, list[tuple[Any, ...]]]


def marts(home: Path, variables: dict[str, Any]) -> Marts:
    """All marts that dbt builds from the raw tables in a warehouse."""
    common = {"sources": ["hubspot"], "as_of": DEFAULT_UNTIL.isoformat(), "reporting_timezone": "Europe/Amsterdam"}
    build(home, {**common, **variables}, *WITHOUT_TESTS)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'"
        ).fetchall()
        return {table: connection.sql(f"FROM marts.{table} ORDER BY ALL").fetchall() for (table,) in tables}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Account, Marts]:
    """The company's account, and its marts from Repline's own raw tables."""
    folder = tmp_path_factory.mktemp("hubspot_company")
    with write_company(folder, calls=200) as connection:
        account = as_account(connection)
    for name in ("Ada", "Ben"):
        account.create(
            "contacts", {"lifecyclestage": "lead", "hubspot_owner_id": account.owners[0]["id"], "name": name}
        )
    calls = list(account.records["calls"])
    account.archive("calls", calls[0])
    account.archive_owner(account.owners[-1]["id"])
    api = HubSpotApi(account, TOKEN)
    with serve(api) as url:
        Loads(folder, url, api).load()
    return account, marts(folder, {})


@pytest.mark.parametrize("land", [landed.fivetran, landed.airbyte], ids=["fivetran", "airbyte"])
def test_same_marts(
    company: tuple[Account, Marts],
    tmp_path: Path,
    land: Callable[[duckdb.DuckDBPyConnection, Account, str], None],
) -> None:
    account, expected = company
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        land(connection, account, "crm_landed")
    loader = land.__name__
    built = marts(tmp_path, {"landed_by": {"hubspot": loader}, "landed_schemas": {"hubspot": "crm_landed"}})
    assert built.keys() == expected.keys()
    # Airbyte has no stream of messages in social networks, which are touches.
    without_messages = ["kpi_sdr_scorecard"] if loader == "airbyte" else []
    assert [table for table in expected if built[table] != expected[table]] == without_messages
    assert sum(row[-1] for row in built["data_quality_warnings"] if row[0] == "rejected_row") == 0
    assert len(built["fct_call"]) > 150 and len(built["fct_opportunity"]) > 15


def test_a_refresh_publishes_what_another_tool_landed_and_only_when_it_landed_something(
    company: tuple[Account, Marts], tmp_path: Path
) -> None:
    account, expected = company
    home = tmp_path / "home"
    home.mkdir()
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        landed.fivetran(connection, account, "hubspot")
    variables = {
        "sources": ["hubspot"],
        "landed_by": {"hubspot": "fivetran"},
        "reporting_timezone": "Europe/Amsterdam",
    }
    landed_company = Company(tmp_path / "no_files", home, DEFAULT_UNTIL.isoformat(), variables)
    landed_company.refresh()
    assert landed_company.query("SELECT count(*) FROM marts.fct_call") == [(len(expected["fct_call"]),)]
    assert "Nothing new" in landed_company.refresh()
    settings = Settings(home=home, landing=tmp_path, overrides=variables)
    before = build_fingerprint(settings, DEFAULT_UNTIL)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE hubspot.deal SET _fivetran_synced = _fivetran_synced + INTERVAL 1 HOUR")
    assert build_fingerprint(settings, DEFAULT_UNTIL) != before
