"""What HubSpot answers to the small questions of `repline doctor`."""

from __future__ import annotations

import pytest

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.hubspot.loads import TOKEN
from tests.ingestion.hubspot.server import Fault, HubSpotApi, serve


def test_each_kind_of_record_needs_a_right_of_its_own(api: HubSpotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.faults += [Fault("deals/search", 403, {"message": "scope"}), Fault("emails/search", 403, {"message": "scope"})]
    monkeypatch.setenv("SOURCES__HUBSPOT__ACCESS_TOKEN", TOKEN)
    with serve(api) as url:
        monkeypatch.setenv("SOURCES__HUBSPOT__BASE_URL", url)
        found = {each.about: each for each in probe("hubspot", SourceOptions())}
    states = {about: each.state for about, each in found.items()}
    assert states.pop("deals") == "fault"
    assert states.pop("emails") == "warning"  # a refresh goes on without
    assert set(states.values()) == {"ok"}
    assert found["pipelines"].text == "1 of deals"
    assert TOKEN not in str(found)
