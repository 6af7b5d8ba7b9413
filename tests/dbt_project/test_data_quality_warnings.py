"""Each warning of the landing contract and the KPI rules counts its rows, and stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.dbt_project.test_sparse_data import STAGES, USERS
from tests.dbt_project.warehouse import build_again, create_raw_tables, insert_rows

CREATED = "2024-01-05 10:00:00"


def test_each_rule_counts_its_rows(tmp_path: Path, statements: Sequence[Sequence[str]]) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        insert_rows(connection, "users", [
            *USERS,
            {"user_id": "u2", "full_name": "Bo", "manager_id": "u1"},
            {"user_id": "u3", "full_name": "Cy", "manager_id": "Ada"},
            {"user_id": "u4", "full_name": "Di", "manager_id": "Ada", "is_deleted": True},
        ])  # fmt: skip
        insert_rows(connection, "pipeline_stages", STAGES)
        insert_rows(connection, "opportunities", [
            {"opportunity_id": "sound", "stage": "Qualify", "owner_id": "u1", "amount": 1, "created_at": CREATED},
            {"opportunity_id": "ghost's", "stage": "Qualify", "owner_id": "ghost", "created_at": CREATED},
            {"opportunity_id": "no owner", "stage": "Qualify", "created_at": CREATED},
            {"opportunity_id": "no rate", "stage": "Qualify", "owner_id": "u1", "amount": 5, "currency": "EUR",
             "created_at": CREATED},
            {"opportunity_id": "rate comes later", "stage": "Won", "owner_id": "u1", "amount": 5,
             "currency": "GBP", "created_at": CREATED, "close_date": "2024-02-20"},
            {"opportunity_id": "newer", "stage": "Won", "owner_id": "u1", "created_at": CREATED,
             "updated_at": "2024-02-01", "close_date": "2024-02-01"},
            {"opportunity_id": "won too early", "stage": "Won", "owner_id": "u1", "created_at": CREATED,
             "close_date": "2024-01-04"},
            {"opportunity_id": "deleted", "stage": "Won", "owner_id": "ghost", "currency": "EUR", "amount": 1,
             "created_at": CREATED, "close_date": "2024-01-04", "is_deleted": True},
            {"opportunity_id": "without state", "pipeline": "self_service", "stage": "Bought", "owner_id": "u1",
             "created_at": CREATED, "close_date": "2024-12-31"},
        ])  # fmt: skip
        insert_rows(connection, "opportunity_history", [
            {"opportunity_id": "newer", "changed_at": CREATED, "stage": "Qualify", "owner_id": "ghost"},
            {"opportunity_id": "nowhere", "changed_at": CREATED, "stage": "Qualify"},
            {"opportunity_id": "deleted", "changed_at": CREATED, "stage": "Qualify"},
            {"opportunity_id": "sound", "changed_at": CREATED, "stage": "Bought"},
        ])  # fmt: skip
        insert_rows(connection, "exchange_rates", [{"rate_date": "2024-02-10", "currency": "GBP", "rate": 1.3}])
        insert_rows(connection, "accounts", [{"account_id": "a1", "owner_id": "ghost"}, {"account_id": "a2"}])
        insert_rows(connection, "calls", [
            {"call_id": "c1", "user_id": "u1", "started_at": CREATED, "direction": "outbound",
             "disposition": "connected", "duration_seconds": 14400},
            {"call_id": "c2", "user_id": "ghost", "started_at": CREATED, "direction": "outbound",
             "disposition": "connected", "duration_seconds": 14400.5},
            {"call_id": "c3", "user_id": "ghost", "started_at": CREATED, "direction": "inbound"},
        ])  # fmt: skip
        quota = {"user_id": "u1", "period_start": "2024-01-01", "period_end": "2024-03-31", "amount": 100}
        insert_rows(connection, "quotas", [
            {**quota, "quota_id": "q1"},
            {**quota, "quota_id": "q2", "currency": "EUR"},
            {**quota, "quota_id": "q3", "user_id": "ghost"},
        ])  # fmt: skip
    build_again(tmp_path, statements)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "SELECT rule, entity, row_count FROM marts.data_quality_warnings WHERE row_count > 0 ORDER BY rule, entity"
        ).fetchall()
        rules_without_rows = connection.execute(
            "SELECT rule FROM marts.data_quality_warnings GROUP BY rule HAVING sum(row_count) = 0"
        ).fetchall()
    assert found == [
        ("amount_without_rate", "opportunities", 2),
        ("amount_without_rate", "quotas", 1),
        ("assumed_state_change", "opportunities", 1),
        ("no_stage_history", "opportunities", 6),
        ("opportunity_without_state", "opportunities", 1),
        ("suspect_long_call", "calls", 1),
        ("unknown_manager", "users", 1),
        ("unknown_opportunity", "opportunity_history", 1),
        ("unknown_rep", "accounts", 1),
        ("unknown_rep", "calls", 2),
        ("unknown_rep", "opportunities", 1),
        ("unknown_rep", "opportunity_history", 1),
        ("unknown_rep", "quotas", 1),
        ("unknown_stage", "opportunity_history", 1),
        ("won_before_created", "opportunities", 1),
    ]
    assert {("implausible_date",), ("manager_cycle",)} <= set(rules_without_rows)
