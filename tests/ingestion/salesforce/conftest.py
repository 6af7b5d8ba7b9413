"""Fixtures: a Salesforce server and loads from it, and the organisation that is staged once for all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.server import CLIENT_ID, CLIENT_SECRET, SalesforceServer
from tests.ingestion.salesforce.staged_org import Query, fill
from tests.prepared import prepared


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceServer]:
    with SalesforceServer() as running:
        monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", CLIENT_SECRET)
        monkeypatch.setenv("SOURCES__SALESFORCE__LOGIN_URL", running.url)
        # The patience is the vendor's; here nobody waits for it.
        monkeypatch.setattr("ingestion.salesforce.bulk.FIRST_WAIT_SECONDS", 0)
        yield running


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker's own copy of a home with the staging models of one organisation."""
    made = prepared(tmp_path_factory, "salesforce_staged", fill)
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("salesforce_staged") / "home"))


@pytest.fixture(scope="session")
def query(home: Path) -> Query:
    def run(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql.replace("stg_", "staging.stg_salesforce__")).fetchall()

    return run
