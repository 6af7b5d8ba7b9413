"""What holds of every request: retries as the system asks, one new token, errors without a secret."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth, OAuth2ClientCredentials

from ingestion.api import client as client_module
from ingestion.api.client import ApiClient, ApiError, RefreshOnUnauthorized
from tests.ingestion.api.conftest import TOKEN, MadeUpSystem, MadeUpWarehouse
from tests.ingestion.http_server import Answer

SECRET = "client-secret-4711"


def client_of(system: MadeUpSystem) -> ApiClient:
    return ApiClient("Made-up", system.url, BearerTokenAuth(TOKEN), secrets=[TOKEN])


def test_a_limit_is_waited_for_as_long_as_the_system_says(system: MadeUpSystem) -> None:
    system.answers = [(429, {"Retry-After": "2"}, {"message": "slow down"})]
    started = time.monotonic()
    assert client_of(system).get("/owners").json()["results"]
    # Not a measure of speed: the delay is the system's own.
    assert time.monotonic() - started >= 2
    assert len(system.requests) == 2


def test_a_limit_of_a_day_is_not_waited_for(system: MadeUpSystem) -> None:
    system.answers = [(429, {"Retry-After": "86400"}, {"message": "daily limit"})]
    with pytest.raises(ApiError, match=r"429 Too Many Requests: daily limit \(it asks to wait 86,400 seconds; a later"):
        client_of(system).get("/owners")
    assert len(system.requests) == 1


def test_a_server_error_is_tried_again_also_between_pages(made_up: MadeUpWarehouse, system: MadeUpSystem) -> None:
    system.answers = [(200, {}, {"results": []}), (503, {"Content-Type": "text/html"}, b"<html>")]
    made_up.load()
    assert made_up.rows("SELECT count(*) FROM raw.made_up__owners") in ([(0,)], [(2,)])
    made_up.load()
    assert made_up.rows("SELECT count(*) FROM raw.made_up__deals") == [(45,)]


def test_an_error_that_lasts_names_system_endpoint_and_message(
    system: MadeUpSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "REQUEST_ATTEMPTS", 2)
    system.answers = [(502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>")] * 2
    with pytest.raises(ApiError) as caught:
        client_of(system).get("/owners", {"token": TOKEN})
    assert str(caught.value) == "Made-up: GET /owners was answered with 502 Bad Gateway"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"message": f"no such thing {TOKEN}", "category": "X"}, "no such thing ***"),
        (403, [{"errorCode": "NO_RIGHT", "message": "ask your admin"}], "NO_RIGHT: ask your admin"),
        (400, {"error": "invalid_grant", "error_description": "expired"}, "invalid_grant: expired"),
        (404, {"requestId": "1", "errors": ["no calls", "none"]}, "no calls: none"),
        (400, b"plain\n text", "plain text"),
        (400, {"message": "x" * 5000}, "x" * 500 + " ..."),
    ],
)
def test_a_refusal_is_said_in_one_line_without_secrets(system: MadeUpSystem, status: int, body: Any, said: str) -> None:
    system.answers = [(status, {}, body)]
    with pytest.raises(ApiError) as caught:
        client_of(system).get("/owners")
    text = str(caught.value)
    assert text.startswith(f"Made-up: GET /owners was answered with {status} ")
    assert text.endswith(f": {said}")
    assert TOKEN not in text
    assert len(system.requests) == 1


def test_a_system_that_cannot_be_reached_is_named_without_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "REQUEST_ATTEMPTS", 1)
    with pytest.raises(ApiError) as caught:
        ApiClient("Made-up", "http://127.0.0.1:1").get("/owners", {"token": TOKEN})
    assert str(caught.value) == "Made-up: 127.0.0.1:1 cannot be reached (GET /owners, ConnectionError)"


def oauth(system: MadeUpSystem) -> ApiClient:
    client = ApiClient("Made-up", system.url, secrets=[SECRET])
    client.auth = RefreshOnUnauthorized(
        OAuth2ClientCredentials(
            access_token_url=f"{system.url}/token",
            client_id="id",
            client_secret=SECRET,
            session=client.session,
        )
    )
    return client


def test_an_expired_token_is_replaced_once(system: MadeUpSystem) -> None:
    expired: Answer = (401, {}, {"message": "expired"})
    system.answers = [(200, {}, {"access_token": "one"}), expired, (200, {}, {"access_token": "two"})]
    assert oauth(system).get("/owners").json()["results"]
    assert system.requests == ["/token", "/owners", "/token", "/owners"]
    assert system.tokens[1::2] == ["Bearer one", "Bearer two"]


def test_a_token_that_is_refused_twice_is_an_error(system: MadeUpSystem) -> None:
    expired: Answer = (401, {}, {"message": f"who is {SECRET}?"})
    tokens: list[Answer] = [(200, {}, {"access_token": name}) for name in ("one", "two")]
    system.answers = [tokens[0], expired, tokens[1], expired]
    with pytest.raises(ApiError, match=r"GET /owners was answered with 401 Unauthorized: who is \*\*\*\?"):
        oauth(system).get("/owners")


def test_a_refused_login_names_the_endpoint_and_no_secret(system: MadeUpSystem) -> None:
    system.answers = [(400, {}, {"error": "invalid_client", "error_description": f"bad {SECRET}"})]
    with pytest.raises(ApiError, match=r"POST /token was answered with 400 .*: invalid_client: bad \*\*\*"):
        oauth(system).get("/owners")


def test_a_secret_at_the_cut_of_a_long_message_is_masked(system: MadeUpSystem) -> None:
    """Cut first, its beginning would be left."""
    system.answers = [(400, {}, {"message": "x" * 490 + TOKEN + "y" * 500})]
    with pytest.raises(ApiError) as caught:
        client_of(system).get("/owners")
    assert str(caught.value).endswith("x" * 490 + "***" + "y" * 7 + " ...")


def test_a_secret_that_is_sent_back_encoded_is_masked(system: MadeUpSystem) -> None:
    client = ApiClient("Made-up", system.url, secrets=["se/cret & more"])
    system.answers = [(400, {}, b"q=SE%2fcret+%26+more, se/\n  cret & more")]
    with pytest.raises(ApiError, match=r": q=\*\*\*, \*\*\*$"):
        client.get("/owners")


def test_credentials_in_the_address_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "REQUEST_ATTEMPTS", 1)
    with pytest.raises(ApiError) as caught:
        ApiClient("Made-up", "http://me:pa%40ss@127.0.0.1:1").get("/of/pa@ss")
    assert str(caught.value) == "Made-up: 127.0.0.1:1 cannot be reached (GET /of/***, ConnectionError)"


@pytest.fixture
def elsewhere() -> Iterator[MadeUpSystem]:
    with MadeUpSystem() as other:
        yield other


def test_a_redirect_to_another_host_is_not_followed(system: MadeUpSystem, elsewhere: MadeUpSystem) -> None:
    system.answers = [(302, {"Location": f"{elsewhere.url}/owners?token={TOKEN}"}, b"")]
    with pytest.raises(ApiError) as caught:
        client_of(system).get("/owners")
    host = elsewhere.url.partition("//")[2]
    assert f"GET /owners was answered with 302 Found, which leads to another host, {host}; " in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert len(system.requests) == 1
    assert elsewhere.requests == []


def test_a_login_that_is_redirected_to_another_host_is_not_repeated_there(
    system: MadeUpSystem, elsewhere: MadeUpSystem
) -> None:
    """307 repeats the body, in which the secret is."""
    system.answers = [(307, {"Location": f"{elsewhere.url}/token"}, b"")]
    with pytest.raises(ApiError, match="leads to another host"):
        oauth(system).get("/owners")
    assert elsewhere.requests == []


def test_a_new_token_is_not_sent_to_the_host_of_a_redirect(system: MadeUpSystem, elsewhere: MadeUpSystem) -> None:
    """That host answers 401 to what comes without a token, and a renewal must not bring it one."""
    elsewhere.answers = [(401, {}, {"message": "who are you?"})]
    system.answers = [
        (200, {}, {"access_token": "one"}),
        (302, {"Location": f"{elsewhere.url}/owners"}, b""),
        (200, {}, {"access_token": "two"}),
    ]
    with pytest.raises(ApiError):
        oauth(system).get("/owners")
    assert elsewhere.tokens == []


def test_a_redirect_within_the_host_is_followed(system: MadeUpSystem) -> None:
    system.answers = [(301, {"Location": "/owners?moved"}, b"")]
    assert client_of(system).get("/owners").json()["results"]
    assert system.tokens == [f"Bearer {TOKEN}"] * 2
