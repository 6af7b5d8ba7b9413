"""Twilio's own client works against the server, and the server's answers satisfy Twilio's OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from tests.ingestion.twilio.records import ACCOUNT_SID, CUSTOMER, leg, sid, utc
from tests.ingestion.twilio.server import API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN, TwilioServer

LIST = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
START = utc("2025-03-03T09:00:00")


class LocalHttpClient(TwilioHttpClient):
    """Sends what the client asks of https://api.twilio.com to the local server instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", "api.twilio.com")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return super().request(method, self.url + target, *arguments, **named)


@pytest.fixture
def server() -> Iterator[TwilioServer]:
    """A server with 130 legs, one every ten minutes, and one that was never answered."""
    with TwilioServer() as running:
        running.calls = [leg(number, START + timedelta(minutes=10 * number), 60) for number in range(130)]
        running.calls.append(leg(130, START, None, status="no-answer", parent=7, direction="outbound-dial"))
        yield running


def client(server: TwilioServer, user: str = ACCOUNT_SID, password: str = AUTH_TOKEN) -> Client:
    return Client(user, password, ACCOUNT_SID, http_client=LocalHttpClient(server.url))


def test_the_client_lists_all_pages_newest_first(server: TwilioServer) -> None:
    calls = client(server).calls.list(page_size=50)
    assert len(calls) == 131
    assert [call.start_time for call in calls] == sorted((call.start_time for call in calls), reverse=True)
    assert len(server.requests) == 3
    assert client(server, API_KEY_SID, API_KEY_SECRET).calls.list(limit=1)[0].duration == "60"


def test_the_client_filters_by_start_time(server: TwilioServer) -> None:
    after, before = START + timedelta(hours=1), START + timedelta(hours=2)
    calls = client(server).calls.list(start_time_after=after, start_time_before=before)
    assert [call.start_time for call in reversed(calls)] == [after + timedelta(minutes=10 * n) for n in range(6)]
    by_day = client(server).calls.list(start_time_after="2025-03-03", start_time_before="2025-03-04", page_size=1000)
    assert {call.start_time.date().isoformat() for call in by_day} == {"2025-03-03"}
    assert len(by_day) == 91


def test_the_client_follows_legs(server: TwilioServer) -> None:
    (child,) = client(server).calls.list(parent_call_sid=sid(7))
    assert (child.sid, child.status, child.duration, child.to) == (sid(130), "no-answer", None, CUSTOMER)
    assert client(server).calls(sid(130)).fetch().parent_call_sid == sid(7)


def test_the_client_reads_refusals(server: TwilioServer) -> None:
    with pytest.raises(TwilioRestException) as error:
        client(server, password="wrong").calls(sid(1)).fetch()
    assert (error.value.status, error.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as error:
        client(server).calls(sid(999)).fetch()
    assert (error.value.status, error.value.code) == (404, 20404)


@pytest.fixture(scope="module")
def description(shared_dir: Path) -> dict[str, Any]:
    """The parts of Twilio's OpenAPI description that calls need."""
    file = shared_dir / "specs" / "twilio_api_v2010.json"
    if not file.is_file():
        pytest.skip(f"no OpenAPI description in {file}")
    whole = json.loads(file.read_text())
    return whole | {"paths": {path: item for path, item in whole["paths"].items() if "/Calls" in path}}


def judge(description: dict[str, Any], server: TwilioServer, target: str, **params: Any) -> requests.Response:
    """The server's answer to a GET, after request and answer were found to satisfy the description."""
    servers = [{"url": server.url}]
    paths = {path: item | {"servers": servers} for path, item in description["paths"].items()}
    openapi = OpenAPI.from_dict(description | {"servers": servers, "paths": paths})
    request = requests.Request("GET", server.url + target, params=params, auth=(ACCOUNT_SID, AUTH_TOKEN))
    response = requests.Session().send(request.prepare())
    openapi.validate_request(RequestsOpenAPIRequest(request))
    openapi.validate_response(RequestsOpenAPIRequest(request), RequestsOpenAPIResponse(response))
    return response


def test_answers_satisfy_the_openapi_description(description: dict[str, Any], server: TwilioServer) -> None:
    server.calls.append(leg(500, START, 5, answered_by="machine_start", caller_name="Ann", status="in-progress"))
    first = judge(description, server, LIST, PageSize=1000, **{"StartTime>": "2025-03-03T00:00:00Z"}).json()
    assert len(first["calls"]) == 132
    page = judge(description, server, LIST, PageSize=100).json()
    following = judge(description, server, page["next_page_uri"]).json()
    assert len(following["calls"]) == 32
    assert following["next_page_uri"] is None
    judge(description, server, f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{sid(3)}.json")


def test_records_have_exactly_the_described_properties(description: dict[str, Any]) -> None:
    properties = set(description["components"]["schemas"]["api.v2010.account.call"]["properties"])
    # The documentation names an annotation that the description lacks.
    assert set(leg(1, START, 1)) - {"annotation"} == properties


@pytest.mark.parametrize(
    "fault", [{"status": "ended"}, {"duration": 12}, {"sid": "CA1"}, {"to": 8001234567}, {"start_time": 1740992400}]
)
def test_an_answer_of_another_shape_is_found(
    description: dict[str, Any], server: TwilioServer, fault: dict[str, Any]
) -> None:
    server.calls = [leg(1, START, 60) | fault]
    if "start_time" in fault or "sid" in fault:
        server.calls[0]["date_created"] = leg(1, START, 60)["date_created"]
    with pytest.raises(OpenAPIError):
        judge(description, server, LIST)
