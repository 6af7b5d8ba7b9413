"""What Twilio answers to the small questions of `repline doctor`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.twilio.server import TwilioServer


def test_calls_agents_and_conferences_are_looked_at(
    server: TwilioServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = tmp_path / "agents.csv"
    agents.write_text("endpoint,email,full_name,team\nclient:ada,ada@example.com,Ada,North\n", encoding="utf-8")
    monkeypatch.setenv("SOURCES__TWILIO__AGENTS", str(agents))
    monkeypatch.setenv("SOURCES__TWILIO__CONFERENCES", "true")
    server.has_insights = False
    options = SourceOptions()
    found = {each.about: each for each in probe("twilio", options)}
    assert {about: each.state for about, each in found.items()} == {
        "calls": "ok",
        "conferences": "fault",  # they were asked for, and the account has no rights to them
        "agents": "ok",
    }
    assert found["agents"].text == f"1 in {agents}"
    assert options.requests == {"Twilio": 2}
