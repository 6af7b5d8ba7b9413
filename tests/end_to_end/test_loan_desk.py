"""Real records: the loan desk of a bank, from its files to published marts, and nothing lost between."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.company import Company

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loan_desk(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(
        shared_dir / "data" / "loan_desk",
        tmp_path_factory.mktemp("loan_desk"),
        "2011-11-30T22:59:59Z",
        {"base_currency": "EUR"},
    )
    company.refresh()
    return company


def test_every_row_is_in_the_marts(loan_desk: Company) -> None:
    loaded = dict(loan_desk.raw("SELECT entity, sum(rows_loaded)::INT FROM raw.landing_files GROUP BY entity"))
    assert loan_desk.raw("SELECT sum(rows_quarantined)::INT FROM raw.landing_files") == [(0,)]
    assert loan_desk.query("SELECT count(*) FROM marts.fct_opportunity") == [(loaded["opportunities"],)]
    assert loan_desk.query("SELECT count(*) FROM marts.fct_call") == [(loaded["calls"],)]
    assert loan_desk.query("SELECT count(*) FROM marts.dim_rep WHERE full_name IS NOT NULL") == [(loaded["users"],)]
    visited = loan_desk.query("SELECT count(DISTINCT opportunity_id) FROM marts.fct_opportunity_stage")
    assert visited == [(loaded["opportunities"],)]


def test_amounts_add_up_from_file_to_scorecard(loan_desk: Company) -> None:
    """The bank's own status says what was approved; the history and the scorecards have to arrive at the same."""
    approved = loan_desk.raw(
        "SELECT count(*), sum(amount)::DECIMAL(18, 2) FROM raw.landing__opportunities "
        "JOIN raw.landing__pipeline_stages USING (pipeline, stage) WHERE is_won"
    )
    won = "SELECT sum(won_count)::BIGINT, sum(won_amount)::DECIMAL(18, 2) FROM marts.kpi_rep_scorecard"
    for period in ("month", "quarter", "year"):
        assert loan_desk.query(f"{won} WHERE period_type = '{period}'") == approved


def test_calls_add_up(loan_desk: Company) -> None:
    outbound = loan_desk.raw("SELECT count(*) FROM raw.landing__calls WHERE direction = 'outbound'")
    counted = "SELECT sum(outbound_calls)::BIGINT FROM marts.kpi_rep_scorecard WHERE period_type = 'month'"
    assert loan_desk.query(counted) == outbound
