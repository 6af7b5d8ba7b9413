"""What Gong answers to the small questions of `repline doctor`."""

from __future__ import annotations

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.gong.server import Fault, GongServer


def test_users_calls_and_settings_are_asked_for(server: GongServer) -> None:
    server.faults.append(Fault(403, path="trackers", message="Forbidden"))
    found = {each.about: each for each in probe("gong", SourceOptions())}
    states = {about: each.state for about, each in found.items()}
    assert states == {"users": "ok", "calls": "ok", "scorecards": "ok", "trackers": "warning"}
    # Gong answers a filter that finds nothing with 404.
    assert found["calls"].text == "0 in the last day"
