"""Every model builds, with the right columns, from as little as the landing contract allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import DBT_PROJECT_DIR, build_again, create_raw_tables, insert_rows

PUBLISHED = tuple(sorted(path.stem for path in (DBT_PROJECT_DIR / "models" / "marts").glob("*/*.sql")))

Rows = list[dict[str, Any]]

USERS: Rows = [{"user_id": "u1", "full_name": "Ada", "hired_on": "2024-02-01"}]
STAGES: Rows = [
    {"stage": "Qualify", "position": 1, "is_closed": False, "is_won": False, "probability": 0.2},
    {"stage": "Won", "position": 2, "is_closed": True, "is_won": True},
    {"pipeline": "self_service", "stage": "Bought", "position": 1, "is_closed": True, "is_won": True},
    {"pipeline": "nothing_closes", "stage": "Talking", "position": 1, "is_closed": False, "is_won": False},
]
OPPORTUNITIES: Rows = [
    {"opportunity_id": "open", "stage": "Qualify", "owner_id": "u1", "amount": 10,
     "created_at": "2024-01-05 10:00:00", "close_date": "2024-03-31"},
    {"opportunity_id": "bought", "pipeline": "self_service", "stage": "Bought", "amount": 20,
     "created_at": "2024-01-06 10:00:00", "close_date": "2024-01-07"},
    {"opportunity_id": "to_be_bought", "pipeline": "self_service", "stage": "Bought", "amount": 20,
     "created_at": "2024-01-06 10:00:00", "close_date": "2024-12-31"},
    {"opportunity_id": "talking", "pipeline": "nothing_closes", "stage": "Talking",
     "created_at": "2024-02-06 10:00:00"},
]  # fmt: skip
HISTORY: Rows = [
    {"opportunity_id": "open", "stage": "Qualify", "changed_at": "2024-01-05 10:00:00"},
    {"opportunity_id": "talking", "pipeline": "nothing_closes", "stage": "Talking",
     "changed_at": "2024-02-06 10:00:00"},
]  # fmt: skip
CALLS: Rows = [
    {"call_id": "c1", "user_id": "ghost", "started_at": "2024-02-03 10:00:00", "direction": "outbound",
     "disposition": "connected", "duration_seconds": 60},
]  # fmt: skip
QUOTAS: Rows = [
    {"quota_id": "q1", "user_id": "u1", "period_start": "2024-01-01", "period_end": "2024-12-31", "amount": 100},
]
RATES: Rows = [{"rate_date": "2024-01-01", "currency": "EUR", "rate": 1.1}]
AS_OF = {"as_of": "2024-03-10T12:00:00Z"}


def _build(home: Path, statements: Sequence[Sequence[str]], **entities: Rows) -> duckdb.DuckDBPyConnection:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        for name, rows in entities.items():
            insert_rows(connection, name, rows)
    build_again(home, statements)
    return _built(home)


def _built(home: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    published = connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts' ORDER BY table_name"
    ).fetchall()
    assert tuple(name for (name,) in published) == PUBLISHED
    return connection


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM marts.{table}").fetchone()
    assert row is not None
    return int(row[0])


def test_nothing_at_all(built_of_nothing: Path) -> None:
    connection = _built(built_of_nothing)
    filled = {table for table in PUBLISHED if _count(connection, table)}
    assert filled == {"data_quality_warnings", "dim_date", "dim_rep", "dim_rep_version", "kpi_catalogue"}
    assert connection.execute("SELECT sum(row_count) FROM marts.data_quality_warnings").fetchone() == (0,)
    assert connection.execute("SELECT user_id FROM marts.dim_rep").fetchall() == [("unassigned",)]


def test_only_the_required_entities(tmp_path: Path, statements: Sequence[Sequence[str]]) -> None:
    connection = _build(tmp_path, statements, users=USERS, pipeline_stages=STAGES, opportunities=OPPORTUNITIES)
    states = connection.execute(
        "SELECT opportunity_id, status, open_amount, won_amount FROM marts.fct_opportunity ORDER BY 1"
    ).fetchall()
    assert [state[:2] for state in states] == [("bought", "won"), ("open", "open"), ("talking", "open")]
    assert connection.execute(
        "SELECT row_count FROM marts.data_quality_warnings WHERE rule = 'opportunity_without_state'"
    ).fetchone() == (1,)
    assert connection.execute("SELECT is_inferred, count(*) FROM marts.fct_opportunity GROUP BY ALL").fetchall() == [
        (True, 3)
    ]
    assert _count(connection, "kpi_stage_funnel") == 0


def test_history_makes_the_funnel(tmp_path: Path, statements: Sequence[Sequence[str]]) -> None:
    connection = _build(
        tmp_path,
        statements,
        users=USERS,
        pipeline_stages=STAGES,
        opportunities=OPPORTUNITIES,
        opportunity_history=HISTORY,
    )
    assert connection.execute("SELECT pipeline, stage FROM marts.kpi_stage_funnel ORDER BY 1").fetchall() == [
        ("default", "Qualify"),
        ("nothing_closes", "Talking"),
    ]


@pytest.mark.parametrize("absent", ["opportunities", "users"])
def test_all_but_one(tmp_path: Path, statements: Sequence[Sequence[str]], absent: str) -> None:
    entities: dict[str, Rows] = {
        "users": USERS,
        "pipeline_stages": STAGES,
        "opportunities": OPPORTUNITIES,
        "calls": CALLS,
        "quotas": QUOTAS,
        "exchange_rates": RATES,
    }
    del entities[absent]
    connection = _build(tmp_path, statements, **entities)
    assert connection.execute("SELECT is_known FROM marts.dim_rep WHERE user_id = 'ghost'").fetchone() == (False,)
    scorecard = connection.execute(
        "SELECT period_start, outbound_calls, connect_rate, talk_seconds FROM marts.kpi_rep_scorecard"
        " WHERE user_id = 'ghost' AND period_type = 'month'"
    ).fetchall()
    assert [(str(start), *rest) for start, *rest in scorecard] == [("2024-02-01", 1, 1.0, 60)]
