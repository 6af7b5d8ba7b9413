"""What goes wrong at the system's side: expired sessions, limits, outages, refusals; and that no secret shows."""

from __future__ import annotations

import re
from pathlib import Path

import jwt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.personal import OptionsError
from ingestion.salesforce.session import Login
from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.server import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    SECURITY_TOKEN,
    USERNAME,
    SalesforceServer,
    private_key,
)
from tests.ingestion.salesforce.test_salesforce_source import add_accounts


@pytest.fixture(params=["client credentials", "signature", "username and password"])
def flow(request: pytest.FixtureRequest, server: SalesforceServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways to log in to the server."""
    if request.param == "signature":
        monkeypatch.delenv("SOURCES__SALESFORCE__CLIENT_SECRET")
        monkeypatch.setenv("SOURCES__SALESFORCE__USERNAME", USERNAME)
        monkeypatch.setenv("SOURCES__SALESFORCE__PRIVATE_KEY", private_key())
    if request.param == "username and password":
        monkeypatch.setenv("SOURCES__SALESFORCE__USERNAME", USERNAME)
        monkeypatch.setenv("SOURCES__SALESFORCE__PASSWORD", PASSWORD)
        monkeypatch.setenv("SOURCES__SALESFORCE__SECURITY_TOKEN", SECURITY_TOKEN)
    return str(request.param)


def _logins(server: SalesforceServer) -> int:
    return server.count("/services/oauth2/token")


@pytest.mark.usefixtures("flow")
def test_a_token_that_expired_is_renewed_once(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.page_size = 10
    add_accounts(server.org, 25)

    def expire_once(path: str) -> None:
        if re.search(r"/01g\w+-10", path):
            server.expire_tokens()
            server.before = lambda path: None

    server.before = expire_once
    warehouse.load("accounts")
    assert len(warehouse.rows("accounts", "id")) == 25
    assert _logins(server) == 2


def test_a_session_that_stays_refused_ends_the_load(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.fail(401, "INVALID_SESSION_ID", "Session expired or invalid", "/query", times=99)
    with pytest.raises(PipelineStepFailed, match="INVALID_SESSION_ID"):
        warehouse.load("accounts")
    assert _logins(server) == 2


def test_a_refused_login_says_so_without_a_secret(
    server: SalesforceServer, warehouse: Warehouse, flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "a-wrong-secret-987654321"
    if flow == "signature":
        monkeypatch.setenv("SOURCES__SALESFORCE__USERNAME", wrong)
    else:
        monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", wrong)
    with pytest.raises(PipelineStepFailed) as refused:
        warehouse.load("accounts")
    message = str(refused.value)
    assert "POST /services/oauth2/token was answered with 400" in message
    assert ("user hasn't approved this consumer" if flow == "signature" else "invalid client credentials") in message
    assert wrong not in message and PASSWORD not in message and private_key() not in message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "SALESFORCE__CLIENT_SECRET, or SOURCES__SALESFORCE__PRIVATE_KEY and a USERNAME"),
        ({"PRIVATE_KEY": private_key()}, "needs SOURCES__SALESFORCE__USERNAME"),
        ({"PRIVATE_KEY": "a-wrong-key", "USERNAME": USERNAME}, "PRIVATE_KEY is no private RSA key"),
    ],
)
def test_what_a_login_needs_is_one_clear_line(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], message: str
) -> None:
    monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
    for name, value in settings.items():
        monkeypatch.setenv(f"SOURCES__SALESFORCE__{name}", value)
    with pytest.raises(OptionsError, match=message) as refused:
        warehouse.load("accounts")
    assert "a-wrong-key" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://login.salesforce.com", "login"),
        ("https://test.salesforce.com", "test"),
        ("https://example.my.salesforce.com", "login"),
        ("https://example--full.sandbox.my.salesforce.com/", "test"),
    ],
)
def test_a_signed_login_is_for_who_checks_it(url: str, audience: str) -> None:
    login = Login(url, CLIENT_ID, username=USERNAME, private_key=private_key())
    claims = jwt.decode(login.request_data["assertion"], options={"verify_signature": False})
    assert claims["aud"] == f"https://{audience}.salesforce.com"


def test_the_daily_limit_ends_the_load_and_the_next_goes_on(server: SalesforceServer, warehouse: Warehouse) -> None:
    add_accounts(server.org, 25)
    server.page_size = 10
    server.api_calls_left = 2
    with pytest.raises(PipelineStepFailed, match=r"403 .*REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded"):
        warehouse.load("accounts")
    # Refused is not tried again: that only costs time.
    assert len(server.requests) == 4
    server.api_calls_left = 100_000
    warehouse.load("accounts")
    assert len(warehouse.rows("accounts", "id")) == 25


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(server: SalesforceServer, warehouse: Warehouse, status: int) -> None:
    add_accounts(server.org, 3)
    server.fail(status, "SERVER_UNAVAILABLE", "Try again later", "/queryAll", times=2, Retry_After="0")
    warehouse.load("accounts")
    assert len(warehouse.rows("accounts", "id")) == 3


def test_an_error_names_the_request_and_the_reason(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.fail(400, "MALFORMED_QUERY", "unexpected token: FROM", "/queryAll")
    with pytest.raises(PipelineStepFailed) as failed:
        warehouse.load("accounts")
    expected = "Salesforce: GET /services/data/v62.0/queryAll was answered with 400 Bad Request: MALFORMED_QUERY"
    assert expected in str(failed.value)


def test_no_secret_is_written_anywhere(
    server: SalesforceServer, warehouse: Warehouse, flow: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    add_accounts(server.org, 3)
    warehouse.load("accounts")
    token = next(iter(server.tokens))
    # A system that repeats what it was sent.
    sent = {
        "client credentials": CLIENT_SECRET,
        # The key is never sent.
        "signature": token,
        "username and password": f"{CLIENT_SECRET} {PASSWORD}{SECURITY_TOKEN}",
    }[flow]
    server.next_tokens.append(token)
    server.fail(400, "BAD", f"cannot use {sent} nor {token}", "/queryAll")
    with pytest.raises(PipelineStepFailed) as failed:
        warehouse.load("accounts")
    assert re.search(r"cannot use (\*\*\* )+nor \*\*\*", str(failed.value))
    # The text of a key that is not its frame.
    secrets = [CLIENT_SECRET, PASSWORD, SECURITY_TOKEN, token, *server.tokens, *private_key().splitlines()[1:-1]]
    texts = [str(failed.value), caplog.text, *(_text(file) for file in warehouse.home.rglob("*") if file.is_file())]
    for secret in secrets:
        assert not any(secret in text for text in texts), secret


def _text(file: Path) -> str:
    return file.read_bytes().decode("latin-1")
