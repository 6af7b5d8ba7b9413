"""Refreshed companies that several tests look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.company import Company, small_company


@pytest.fixture(scope="session")
def demo_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A small synthetic company after one refresh. Tests do not change it."""
    company = small_company(tmp_path_factory.mktemp("demo"))
    company.refresh()
    return company


@pytest.fixture(scope="session", params=["case_1", "case_2"])
def golden_case(
    request: pytest.FixtureRequest, shared_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Company, Path]:
    """A golden company, refreshed with its settings, and the folder of its expected tables."""
    folder = shared_dir / "golden" / request.param
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    as_of = settings.pop("as_of")
    company = Company(folder / "landing", tmp_path_factory.mktemp(request.param), as_of, settings)
    company.refresh()
    return company, folder / "expected"
