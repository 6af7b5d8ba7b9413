"""`simple-salesforce`, the client that most of the vendor's customers use from Python, works against the server.

So the server is not only what our own source takes it for. The client insists on https://<domain>.salesforce.com;
an adapter of its session sends the same requests to the server's address.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from tests.ingestion.salesforce.server import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    SECURITY_TOKEN,
    USERNAME,
    SalesforceServer,
    private_key,
)

START = datetime(2025, 3, 1, 9, tzinfo=UTC)


class _ToServer(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = self._url + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **options)


@pytest.fixture
def server() -> Iterator[SalesforceServer]:
    with SalesforceServer() as running:
        for number in range(25):
            at = START + timedelta(hours=number)
            running.org.put("Account", at, Name=f"Company {number:02}", Industry="Energy", AnnualRevenue=1000.5)
        yield running


def _session(server: SalesforceServer) -> requests.Session:
    session = requests.Session()
    session.mount("https://", _ToServer(server.url))
    return session


@pytest.fixture
def client(server: SalesforceServer) -> Any:
    # Any: its methods are the names of objects, which its type hints take for other things.
    return Salesforce(
        consumer_key=CLIENT_ID,
        consumer_secret=CLIENT_SECRET,
        domain="repline.my",
        version="62.0",
        session=_session(server),
    )


def test_username_password_flow(server: SalesforceServer) -> None:
    client = Salesforce(
        username=USERNAME,
        password=PASSWORD + SECURITY_TOKEN,
        consumer_key=CLIENT_ID,
        consumer_secret=CLIENT_SECRET,
        session=_session(server),
    )
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 25


def test_jwt_bearer_flow(server: SalesforceServer) -> None:
    def client_of(username: str) -> Salesforce:
        key = private_key()
        return Salesforce(username=username, consumer_key=CLIENT_ID, privatekey=key, session=_session(server))

    assert client_of(USERNAME).query("SELECT COUNT() FROM Account")["totalSize"] == 25
    with pytest.raises(SalesforceAuthenticationFailed, match="user hasn't approved this consumer"):
        client_of("somebody@else.example")


def test_wrong_secret_is_refused(server: SalesforceServer) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(consumer_key=CLIENT_ID, consumer_secret="wrong", domain="repline.my", session=_session(server))


def test_query_follows_its_pages(server: SalesforceServer, client: Any) -> None:
    server.page_size = 10
    rows = list(client.query_all_iter("SELECT Id, Name FROM Account ORDER BY SystemModstamp DESC, Id"))
    assert [row["Name"] for row in rows] == [f"Company {number:02}" for number in reversed(range(25))]
    assert server.count("/query") == 3


def test_conditions(client: Any) -> None:
    found = client.query(
        "SELECT Name FROM Account WHERE SystemModstamp >= 2025-03-02T08:00:00Z AND Name != 'Company 24'"
    )
    assert [row["Name"] for row in found["records"]] == ["Company 23"]


def test_deleted_records_are_in_query_all_only(server: SalesforceServer, client: Any) -> None:
    key = next(iter(server.org.records["Account"]))
    server.org.delete("Account", key, START + timedelta(days=2))
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 24
    deleted = client.query("SELECT Id, IsDeleted FROM Account WHERE IsDeleted = true", include_deleted=True)
    assert [(row["Id"], row["IsDeleted"]) for row in deleted["records"]] == [(key, True)]


def test_describe(server: SalesforceServer, client: Any) -> None:
    server.org.hidden_fields.add(("Account", "AnnualRevenue"))
    server.org.hidden_objects.add("ForecastingQuota")
    fields = {field["name"]: field["type"] for field in client.Account.describe()["fields"]}
    assert fields["SystemModstamp"] == "datetime" and "AnnualRevenue" not in fields
    assert "ForecastingQuota" not in {each["name"] for each in client.describe()["sobjects"]}
    with pytest.raises(SalesforceResourceNotFound, match="NOT_FOUND"):
        client.ForecastingQuota.describe()
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        client.query("SELECT AnnualRevenue FROM Account")
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
        client.query("SELECT Id FROM ForecastingQuota")


def test_expired_session(server: SalesforceServer, client: Any) -> None:
    # As it would be hours after the login; with its key and secret the client would log in anew.
    session_id = client.session_id
    later = Salesforce(session_id=session_id, instance_url=server.url, session=_session(server))
    assert later.query("SELECT COUNT() FROM Account")["totalSize"] == 25
    server.expire_tokens()
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        later.query("SELECT Id FROM Account")


def test_bulk_query_job(server: SalesforceServer, client: Any) -> None:
    server.polls_until_complete = 2
    query = "SELECT Id, Name, CreatedDate FROM Account"
    pages = list(client.bulk2.Account.query(query, max_records=10, wait=0))
    lines = [line for page in pages for line in page.splitlines()[1:]]
    assert len(pages) == 3 and len(lines) == 25
    assert lines[0].endswith('"Company 00","2025-03-01T09:00:00.000Z"')
