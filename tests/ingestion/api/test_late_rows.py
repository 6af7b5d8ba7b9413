"""Systems show the latest changes late, out of order or twice: what every API source does about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingestion.api.options import SourceOptions
from tests.ingestion.api.conftest import (
    FIRST_MOMENT,
    OVERLAP_SECONDS,
    SETTLING_SECONDS,
    MadeUpSystem,
    MadeUpWarehouse,
    deal,
)

DEAL_COUNT = "SELECT count(*), count(DISTINCT deal_id) FROM raw.made_up__deals"


@pytest.fixture
def now() -> float:
    """Seconds from the first moment of the made-up system until now."""
    return (datetime.now(UTC) - FIRST_MOMENT).total_seconds()


def test_what_shows_late_is_found_though_a_newer_change_was_read(
    made_up: MadeUpWarehouse, system: MadeUpSystem, now: float
) -> None:
    system.deals.append(deal(100, now))
    made_up.load()
    # Not older than what settles, and older than the overlap before the change that was read.
    late = now - (SETTLING_SECONDS + OVERLAP_SECONDS) / 2
    system.deals.append(deal(101, late))
    options = SourceOptions()
    made_up.load(options)
    assert options.rows["made_up__deals"] == 1
    assert made_up.rows(DEAL_COUNT) == [(47, 47)]


def test_a_new_change_at_an_old_place_does_not_end_a_load_early(
    made_up: MadeUpWarehouse, system: MadeUpSystem, now: float
) -> None:
    system.deals = [deal(number, 100 * number) for number in range(1, 45)]
    # It changed while the system made its list, and stands where it stood before; and once more.
    system.out_of_order = 2 * [deal(0, now, name="Changed")]
    made_up.load(rows_per_slice=10)
    assert made_up.rows(DEAL_COUNT) == [(45, 45)]
    assert made_up.rows("SELECT name FROM raw.made_up__deals WHERE deal_id = '0'") == [("Changed",)]
    assert made_up.rows("SELECT count(*) FROM raw.made_up__deal_notes") == [(45,)]


def test_a_deal_that_changes_before_each_load_is_loaded_each_time(
    made_up: MadeUpWarehouse, system: MadeUpSystem, now: float
) -> None:
    for name in ("first", "second"):
        system.deals[0] = deal(0, now, name=name)
        made_up.load()
        assert made_up.rows("SELECT name FROM raw.made_up__deals WHERE deal_id = '0'") == [(name,)]


def test_a_date_in_the_future_hides_nothing(made_up: MadeUpWarehouse, system: MadeUpSystem, now: float) -> None:
    system.deals.append(deal(100, now + 10 * 365 * 86400))
    made_up.load()
    system.deals.append(deal(101, now - 3600))
    made_up.load()
    assert made_up.rows(DEAL_COUNT) == [(47, 47)]


def test_the_time_of_what_has_not_settled_is_asked_for_again(
    made_up: MadeUpWarehouse, system: MadeUpSystem, now: float
) -> None:
    system.deals.append(deal(100, now))
    made_up.load()
    system.requests.clear()
    made_up.load()
    assert system.requests[0] == "/deals?since=2024-12-31T23%3A59%3A44.000Z"
