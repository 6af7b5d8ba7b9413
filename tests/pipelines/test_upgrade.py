"""A data home of the release before: one refresh, and readers have all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from ingestion.migrations import FORMATS, STEPS
from pipelines.settings import Settings
from tests.ingestion.old_home import LOADED_ROWS, make_old_home
from tests.pipelines.conftest import refresh

pytestmark = pytest.mark.slow


def test_a_home_of_0_1_0_is_refreshed_and_published(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_old_home(home)
    # One of three opportunities is bad, which is more than the default lets pass.
    as_of = datetime(2025, 4, 3, tzinfo=UTC)
    settings = Settings(home, home / "landing", as_of=as_of, overrides={"max_quarantined_share": 1})
    outcome = refresh(settings)
    assert outcome.success, outcome.failure
    assert outcome.version is not None
    # No file is read once more.
    assert outcome.rows["new_files"] == 0
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        [(opportunities, calls)] = connection.execute(
            "SELECT (SELECT count(*) FROM marts.fct_opportunity), (SELECT count(*) FROM marts.fct_call)"
        ).fetchall()
    assert (opportunities, calls) == (LOADED_ROWS["opportunities"], LOADED_ROWS["calls"])
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        assert connection.execute(f"SELECT format FROM {FORMATS}").fetchall() == [(len(STEPS),)]
