"""A server of our own that the source is pointed at, and a warehouse to load into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingestion.raw_warehouse import RawWarehouse
from tests.ingestion.twilio.server import TwilioServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwilioServer]:
    with TwilioServer() as running:
        for name, value in running.settings.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def warehouse(tmp_path: Path) -> RawWarehouse:
    return RawWarehouse("twilio", tmp_path)
