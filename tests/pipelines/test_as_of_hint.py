"""Data that end long before the moment of the figures: a moment to look from is suggested."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.publication.publish import publish
from pipelines.publication.versions import Version
from pipelines.reports.as_of_hint import as_of_hint
from pipelines.settings import Settings
from tests.pipelines.small_warehouse import land, make_settings, make_warehouse, warehouse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One call of March 2017; exchange rates until 2025; a mart of rep days until the end of 2017."""
    settings = make_settings(tmp_path / "home", as_of=None)
    make_warehouse(settings)
    land(settings, "calls", "2025-04-30 10:00:00")
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO raw.landing__calls (call_id, started_at) VALUES ('c1', '2017-03-10 06:00:00')")
        connection.execute("INSERT INTO raw.landing__exchange_rates VALUES ('2025-04-29', 'EUR', 1.1, 'rates.csv')")
        connection.execute(
            "CREATE TABLE marts.fct_rep_day AS SELECT CAST(day AS DATE) AS date_day"
            " FROM generate_series(TIMESTAMP '2017-03-01', TIMESTAMP '2017-12-31', INTERVAL 1 DAY) AS days (day)"
        )
    return settings


def published(settings: Settings, as_of: datetime) -> Version:
    return publish(settings, as_of, "inputs")


def test_the_day_of_the_newest_event_is_suggested_with_what_it_saves(settings: Settings) -> None:
    hint = as_of_hint(settings, published(settings, datetime(2025, 4, 30, tzinfo=UTC)))
    assert "The newest event is of 2017-03-10, 2,972 days before" in hint
    assert "296 of 306 rows of fct_rep_day are of days after it" in hint
    assert "as_of: 2017-03-10T23:59:59Z" in hint


def test_nothing_is_suggested_for_recent_data_or_where_a_moment_is_set(settings: Settings) -> None:
    recent = published(settings, datetime(2017, 5, 1, tzinfo=UTC))
    assert as_of_hint(settings, recent) == ""
    late = published(settings, datetime(2025, 4, 30, tzinfo=UTC))
    assert as_of_hint(replace(settings, as_of=datetime(2025, 4, 30, tzinfo=UTC)), late) == ""
