"""What all tests share: where the reference data is, if it is there at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shortcuts import share_parsed_states

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def one_parsed_project() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_parsed_states(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_pages() -> Iterator[None]:
    """A version of the tests has no pages, which take seconds to draw; the tests of the pages make theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.publication.publish.is_installed", lambda: False)
        patch.setenv("REPLINE_PAGES", "false")  # for what runs in a process of its own
        yield


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of golden cases and real records; the test skips where it is absent."""
    folder = Path(os.environ.get("REPLINE_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data in {folder}")
    return folder
