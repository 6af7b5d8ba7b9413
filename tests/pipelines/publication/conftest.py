"""A small warehouse that can be published."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.pipelines.small_warehouse import make_settings, make_warehouse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path / "home")
    make_warehouse(settings)
    return settings
