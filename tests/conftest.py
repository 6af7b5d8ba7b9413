"""What all tests share: where the reference data is, if it is there at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PARSED = REPOSITORY / "dbt_project" / "target" / "manifests"


@pytest.fixture(scope="session", autouse=True)
def one_parsed_project() -> Iterator[None]:
    """The data homes of the tests share dbt's parsed states: each would take seconds to make its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.runs.dbt_runs.parsed_dir", lambda _: PARSED)
        yield


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of golden cases and real records; the test skips where it is absent."""
    folder = Path(os.environ.get("REPLINE_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data in {folder}")
    return folder
