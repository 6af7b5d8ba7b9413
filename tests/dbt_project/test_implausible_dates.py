"""Dates of long ago stay in the facts, and make neither days nor periods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.dbt_project.test_sparse_data import STAGES
from tests.dbt_project.warehouse import build_again, create_raw_tables, insert_rows

LONG_AGO = "0001-05-05 10:00:00"
RECENT = "2024-02-05 10:00:00"
CALL = {"user_id": "u1", "direction": "outbound", "disposition": "connected", "duration_seconds": 60}
DEAL = {"owner_id": "u1", "amount": 10, "currency": "EUR"}


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory, statements: Sequence[Sequence[str]]) -> duckdb.DuckDBPyConnection:
    """A company with a deal, a win and a call of the year 1, a deal and a call of this year, and one rep."""
    home = tmp_path_factory.mktemp("implausible")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        insert_rows(connection, "users", [{"user_id": "u1"}])
        insert_rows(connection, "pipeline_stages", STAGES)
        insert_rows(connection, "opportunities", [
            {**DEAL, "opportunity_id": "ancient", "stage": "Qualify", "created_at": LONG_AGO},
            {**DEAL, "opportunity_id": "won long ago", "stage": "Won", "created_at": LONG_AGO,
             "close_date": "0001-06-01"},
            {**DEAL, "opportunity_id": "recent", "stage": "Qualify", "created_at": RECENT},
        ])  # fmt: skip
        insert_rows(connection, "opportunity_history", [
            {"opportunity_id": "ancient", "stage": "Qualify", "changed_at": LONG_AGO, "amount": 10},
            {"opportunity_id": "recent", "stage": "Qualify", "changed_at": RECENT, "amount": 10},
        ])  # fmt: skip
        insert_rows(connection, "exchange_rates", [
            {"rate_date": "0001-01-01", "currency": "EUR", "rate": 2},
            {"rate_date": "2024-01-01", "currency": "EUR", "rate": 1.1},
        ])  # fmt: skip
        insert_rows(connection, "calls", [
            {**CALL, "call_id": "ancient", "started_at": LONG_AGO},
            {**CALL, "call_id": "recent", "started_at": RECENT},
        ])  # fmt: skip
    build_again(home, statements)
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT min(date_day), count(*) FROM fct_rep_day", (date(2024, 2, 5), 35), id="one row per day"),
        pytest.param("SELECT min(date_day) FROM dim_date", (date(2024, 1, 1),), id="days"),
        pytest.param("SELECT min(period_start) FROM kpi_rep_scorecard", (date(2024, 1, 1),), id="periods"),
        pytest.param("SELECT min(month) FROM kpi_pipeline_waterfall", (date(2024, 2, 1),), id="months"),
        pytest.param("SELECT min(cohort_month) FROM kpi_stage_funnel", (date(2024, 2, 1),), id="cohorts"),
        pytest.param(
            "SELECT created_on, created_amount FROM fct_opportunity WHERE opportunity_id = 'ancient'",
            (date(1, 5, 5), 20),
            id="the deal keeps its day and its rate",
        ),
        pytest.param("SELECT min(call_on), count(*) FROM fct_call", (date(1, 5, 5), 2), id="the call keeps its day"),
        pytest.param(
            "SELECT created_count, won_count, outbound_calls, open_at_start_count, open_count FROM kpi_rep_scorecard"
            " WHERE period_type = 'month' AND period_start = '2024-02-01'",
            (1, 0, 1, 1, 2),
            id="what is open since then is open",
        ),
        pytest.param(
            "SELECT opening, created, closing FROM kpi_pipeline_waterfall WHERE month = '2024-02-01'",
            (20, 11, 31),
            id="the first month opens with it",
        ),
    ],
)
def test_a_date_of_long_ago(marts: duckdb.DuckDBPyConnection, query: str, expected: tuple[Any, ...]) -> None:
    marts.execute("USE marts")
    assert marts.execute(query).fetchone() == expected


def test_it_is_counted_as_a_warning(marts: duckdb.DuckDBPyConnection) -> None:
    found = marts.execute(
        "SELECT entity, row_count FROM marts.data_quality_warnings WHERE rule = 'implausible_date' ORDER BY 1"
    ).fetchall()
    assert found == [("calls", 1), ("opportunities", 2)]
