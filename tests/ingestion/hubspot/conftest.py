"""Fixtures: a small account with its API over HTTP and loads of it, and the account that is staged once for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import TOKEN, Loads
from tests.ingestion.hubspot.server import HubSpotApi, serve
from tests.ingestion.hubspot.staged_account import Staged, fill
from tests.prepared import prepared


@pytest.fixture
def account() -> Account:
    """Two owners and one pipeline; tests add records."""
    account = Account()
    account.add_owner("11", "Ada", "Quist", "ada@example.com", team="North")
    account.add_owner("12", "Ben", "Rowe", "ben@example.com")
    account.add_pipeline(
        "default",
        "Sales",
        [("s1", "Discovery", "0.2", False), ("s2", "Won", "1.0", True), ("s3", "Lost", "0.0", True)],
    )
    account.dispositions = [{"id": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "label": "Connected", "deleted": False}]
    return account


@pytest.fixture
def api(account: Account) -> HubSpotApi:
    return HubSpotApi(account, TOKEN)


@pytest.fixture
def loads(tmp_path: Path, api: HubSpotApi) -> Iterator[Loads]:
    with serve(api) as url:
        yield Loads(tmp_path, url, api)


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    return Staged(prepared(tmp_path_factory, "hubspot_staged", fill))
