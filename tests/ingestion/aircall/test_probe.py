"""What Aircall answers to the small questions of `repline doctor`."""

from __future__ import annotations

import pytest

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.aircall.server import API_TOKEN, AircallServer


def test_each_list_is_asked_for_one_record(server: AircallServer) -> None:
    options = SourceOptions()
    found = list(probe("aircall", options))
    assert [(each.about, each.state) for each in found] == [("users", "ok"), ("teams", "ok"), ("calls", "ok")]
    assert len(server.requests) == 3
    assert options.requests == {"Aircall": 3}
    assert all("per_page=1" in request for request in server.requests)


def test_a_limit_that_is_reached_is_a_warning_and_ends_the_questions(server: AircallServer) -> None:
    server.requests_a_window = 0
    [found] = probe("aircall", SourceOptions())
    assert found.state == "warning"
    assert "429" in found.text
    assert len(server.requests) == 1  # not tried again


def test_a_refused_token_is_one_fault_without_the_token(server: AircallServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__AIRCALL__API_TOKEN", f"wrong-{API_TOKEN}")
    [found] = probe("aircall", SourceOptions())
    assert found.state == "fault"
    assert "Check that your API ID and API token are correct" in found.text
    assert API_TOKEN not in found.text


def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCES__AIRCALL__API_ID", raising=False)
    monkeypatch.delenv("SOURCES__AIRCALL__API_TOKEN", raising=False)
    [found] = probe("aircall", SourceOptions())
    assert found.state == "fault"
    assert "SOURCES__AIRCALL__API_ID" in found.text
