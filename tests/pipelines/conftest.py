"""What the tests of this room share: a clean environment, and one refreshed data home."""

from __future__ import annotations

import gc
import io
import os
import pickle
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from ingestion.demo import generate
from pipelines.refresh import Outcome, run_refresh
from pipelines.reports.progress import PlainProgress
from pipelines.settings import Settings
from tests.prepared import prepared
from tests.shortcuts import keep_engines, never_wait_for_the_disk, quicken_dbt

UNTIL = datetime(2025, 12, 31, 18, tzinfo=UTC)
_OURS = ("DAGSTER_HOME", "REPLINE_HOME", "REPLINE_LANDING", "REPLINE_AS_OF", "REPLINE_VARS", "REPLINE_TARGET")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them, and what a refresh sets is taken back."""
    for name in _OURS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def cheap_records() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        keep_engines(patch)
        never_wait_for_the_disk()
        quicken_dbt(patch)
        gc.freeze()  # what was imported is no garbage, which Python would look for in each test
        yield


@dataclass
class RefreshedHome:
    """A data home after one refresh, with what that refresh said and printed."""

    settings: Settings
    outcome: Outcome
    printed: str


def refresh(settings: Settings) -> Outcome:
    with PlainProgress(Console(quiet=True)) as progress:
        return run_refresh(settings, progress)


def refreshed_company(factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers share: `home`, what its refresh printed, and its outcome. Only to be read."""
    return prepared(factory, "refreshed", _refresh_a_company)


@pytest.fixture(scope="session")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> RefreshedHome:
    """A small company, refreshed once for all workers, and the worker's own copy of its home.

    Tests may refresh it again, but must leave its landing files alone.
    """
    made = refreshed_company(tmp_path_factory)
    home = tmp_path_factory.mktemp("refreshed") / "home"
    shutil.copytree(made / "home", home, symlinks=True)
    outcome = pickle.loads((made / "outcome").read_bytes())
    return RefreshedHome(_settings(home), outcome, (made / "printed").read_text(encoding="utf-8"))


def _settings(home: Path) -> Settings:
    return Settings(home=home, landing=home / "landing", as_of=UNTIL)


def _refresh_a_company(folder: Path) -> None:
    settings = _settings(folder / "home")
    generate(settings.landing, calls=300)
    # One row that cannot be read, one rep that nobody knows: both are warnings, and no reason to stop.
    (settings.landing / "calls" / "zz_late.csv").write_text(
        "call_id,user_id,started_at,direction\n"
        "bad-1,nobody,not a time,outbound\n"
        "x-1,nobody,2025-12-30T10:00:00Z,outbound\n",
        encoding="utf-8",
    )
    before = dict(os.environ)
    console = Console(record=True, width=200, file=io.StringIO())
    with PlainProgress(console) as progress:
        outcome = run_refresh(settings, progress)
    for name in _OURS:
        if name not in before:
            os.environ.pop(name, None)
    (folder / "outcome").write_bytes(pickle.dumps(outcome))
    (folder / "printed").write_text(console.export_text(), encoding="utf-8")
