"""What Salesforce answers to the small questions of `repline doctor`."""

from __future__ import annotations

import pytest

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.salesforce.server import CLIENT_SECRET, SalesforceServer


def test_the_limit_and_what_the_user_may_see(server: SalesforceServer) -> None:
    server.api_calls_left = 90_001
    server.org.hidden_objects |= {"Opportunity", "Territory2"}
    found = {each.about: each for each in probe("salesforce", SourceOptions())}
    assert (found["login"].state, found["login"].text) == ("ok", "90,000 of 100,000 requests are left today")
    assert (found["User"].state, found["User"].text) == ("ok", "there is none yet")
    assert (found["Opportunity"].state, found["Territory2"].state) == ("fault", "warning")


def test_a_refused_login_is_one_fault_without_the_secret(
    server: SalesforceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", f"wrong-{CLIENT_SECRET}")
    [found] = probe("salesforce", SourceOptions())
    assert (found.about, found.state) == ("login", "fault")
    assert CLIENT_SECRET not in found.text
