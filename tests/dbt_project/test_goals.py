"""Goals from the landing rows to the marts: unknown owners and metrics, before, during and after their days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import build, create_raw_tables, insert_rows

# Working days of March 2024 up to the 12th are 8 of 21.
SETTINGS = {"as_of": "2024-03-12T12:00:00Z", "fiscal_year_start_month": 2}
CALL = {"direction": "outbound", "disposition": "connected", "duration_seconds": 60}
CALLS = [
    # The first event: the four months before February have figures.
    {**CALL, "call_id": "c1", "user_id": "u1", "started_at": "2023-10-01 10:00:00"},
    {**CALL, "call_id": "c2", "user_id": "u1", "started_at": "2024-01-31 23:59:59"},
    {**CALL, "call_id": "c3", "user_id": "u1", "started_at": "2024-02-01 00:00:00"},
    {**CALL, "call_id": "c4", "user_id": "u1", "started_at": "2024-02-29 23:59:59"},
    {**CALL, "call_id": "c5", "user_id": "u1", "started_at": "2024-03-01 00:00:00"},
    {**CALL, "call_id": "c6", "user_id": "ghost", "started_at": "2024-02-10 10:00:00", "disposition": "voicemail"},
]
FEBRUARY = {"period_start": "2024-02-01", "period_end": "2024-02-29"}
MARCH = {"period_start": "2024-03-01", "period_end": "2024-03-31"}
ADA = {"owner_type": "rep", "owner_id": "u1", "metric": "outbound_calls", "target": 2}
GOALS: list[dict[str, Any]] = [
    {**ADA, **FEBRUARY, "goal_id": "unknown metric", "metric": "happiness"},
    {**ADA, **FEBRUARY, "goal_id": "metric of the company", "metric": "cac"},
    {**ADA, **FEBRUARY, "goal_id": "metric of a moment", "metric": "open_amount"},
    {**ADA, **FEBRUARY, "goal_id": "unknown rep", "owner_id": "nobody", "target": 1},
    {**ADA, **FEBRUARY, "goal_id": "rep known by calls alone", "owner_id": "ghost", "target": 1},
    {**ADA, **FEBRUARY, "goal_id": "unknown team", "owner_type": "team", "owner_id": "Atlantis"},
    {**ADA, **FEBRUARY, "goal_id": "team", "owner_type": "team", "owner_id": "North"},
    {**ADA, **FEBRUARY, "goal_id": "company by a name", "owner_type": "company", "owner_id": "acme", "target": 4},
    {**ADA, **FEBRUARY, "goal_id": "limit kept", "direction": "at_most"},
    {**ADA, **FEBRUARY, "goal_id": "limit broken", "direction": "at_most", "target": 1},
    {**ADA, **MARCH, "goal_id": "on track", "target": 2},
    {**ADA, **MARCH, "goal_id": "at risk", "target": 3},
    {**ADA, **MARCH, "goal_id": "limit not yet broken", "direction": "at_most", "target": 1},
    {**ADA, **MARCH, "goal_id": "rate of nothing", "metric": "win_rate", "target": 0.5},
    {**ADA, "goal_id": "part of a month", "metric": "attainment", "period_start": "2024-02-02",
     "period_end": "2024-02-29"},
    {**ADA, "goal_id": "ahead", "target": 1, "period_start": "2024-03-13", "period_end": "2024-03-13"},
    {**ADA, "goal_id": "without a purpose, too long", "objective": "", "period_start": "2024-02-01",
     "period_end": "2025-02-01"},
    {**ADA, **FEBRUARY, "goal_id": "deleted", "is_deleted": True},
    {**ADA, **FEBRUARY, "goal_id": "set later", "created_at": "2024-03-12 12:00:01"},
]  # fmt: skip
# By goal: actual, status, smart_gaps.
EXPECTED = {
    "unknown metric": (None, "missed", "is_specific,is_measurable,is_achievable"),
    "metric of the company": (None, "missed", "is_specific,is_measurable,is_achievable"),
    "metric of a moment": (None, "missed", "is_specific,is_measurable,is_achievable"),
    "unknown rep": (0, "missed", "is_specific,is_achievable"),
    "rep known by calls alone": (1, "achieved", "is_specific,is_achievable"),
    "unknown team": (0, "missed", "is_specific,is_achievable"),
    "team": (2, "achieved", "is_achievable"),
    "company by a name": (3, "missed", "is_achievable"),
    "limit kept": (2, "achieved", ""),
    "limit broken": (2, "missed", ""),
    "on track": (1, "on_track", ""),
    "at risk": (1, "at_risk", ""),
    "limit not yet broken": (1, "at_risk", ""),
    "rate of nothing": (None, "at_risk", "is_measurable,is_achievable"),
    "part of a month": (None, "missed", "is_measurable,is_achievable"),
    "ahead": (None, "not_started", "is_achievable"),
    "without a purpose, too long": (3, "achieved", "is_achievable,is_relevant,is_time_bound"),
}


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The marts of goals of a company with one rep, and calls of a second whom no record knows."""
    home: Path = tmp_path_factory.mktemp("goals")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        insert_rows(connection, "users", [{"user_id": "u1", "team": "North"}])
        insert_rows(connection, "calls", CALLS)
        insert_rows(connection, "goals", [{"objective": "fill the pipeline", **goal} for goal in GOALS])
    build(home, SETTINGS, "--select", "+kpi_goal_buy_in", "+int_goal_warnings", command="run")
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


def test_whoever_and_whatever_a_goal_is_about(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("SELECT goal_id, actual, status, smart_gaps FROM marts.kpi_goal_progress").fetchall()
    assert {goal_id: tuple(figures) for goal_id, *figures in rows} == EXPECTED


def test_goals_of_reps_whom_nobody_knows_are_of_no_team(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("SELECT team, quarter_start::VARCHAR, goal_count FROM marts.kpi_goal_buy_in").fetchall()
    assert sorted(rows) == [("North", "2024-02-01", 12), ("unassigned", "2024-02-01", 2)]


def test_goals_on_what_is_no_goal_metric_are_counted(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("SELECT rule, entity, row_count FROM intermediate.int_goal_warnings").fetchall()
    # A metric of a moment, one of the company for a rep, and an unknown one.
    assert rows == [("no_goal_metric", "goals", 3)]
