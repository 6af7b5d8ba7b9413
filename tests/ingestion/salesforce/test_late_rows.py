"""Records that the system shows late: behind newer ones, however both were read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.server import SalesforceServer


@pytest.mark.parametrize("bulk_from_rows", [1000, 1], ids=["pages", "bulk"])
def test_late_records_are_not_missed(
    server: SalesforceServer, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, bulk_from_rows: int
) -> None:
    monkeypatch.setenv("SOURCES__SALESFORCE__BULK_FROM_ROWS", str(bulk_from_rows))
    now = datetime.now(UTC)

    def commit(name: str, minutes_ago: int) -> None:
        server.org.put("Account", now - timedelta(minutes=minutes_ago), Name=name)

    commit("settled", 50)
    commit("of the last minute", 1)
    warehouse.load("accounts")
    assert warehouse.new_rows == {"accounts": 2}
    assert bool(server.jobs) == (bulk_from_rows == 1)
    # Stamped before what was seen, and seen only now: within the last minutes, by a long transaction, and just within
    # the hour before what had settled.
    for minutes_ago in (2, 40, 105):
        commit(f"{minutes_ago} minutes ago", minutes_ago)
    warehouse.load("accounts")
    assert warehouse.new_rows == {"accounts": 3}
    warehouse.load("accounts")
    assert warehouse.new_rows == {}
    assert len(warehouse.rows("accounts", "id")) == 5
