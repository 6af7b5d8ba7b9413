"""Amounts at the edge of what an amount can be: never a wrong figure, and never one that is lost silently."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.test_sparse_data import STAGES, USERS
from tests.dbt_project.warehouse import build_again, create_raw_tables, insert_rows

DEAL = {"stage": "Won", "owner_id": "u1", "created_at": "2024-02-05 10:00:00", "close_date": "2024-02-06"}
# The greatest amount has 14 digits before its point; one in the base currency 16.
GREATEST = "99999999999999"
RATES = [
    {"rate_date": "2024-01-01", "currency": "IDR", "rate": "100"},
    {"rate_date": "2024-01-01", "currency": "VND", "rate": "1000"},
]


def build(home: Path, statements: Sequence[Sequence[str]], *deals: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        insert_rows(connection, "users", USERS)
        insert_rows(connection, "pipeline_stages", STAGES)
        insert_rows(connection, "exchange_rates", RATES)
        insert_rows(connection, "opportunities", [{**DEAL, **deal} for deal in deals])
    build_again(home, statements)
    connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
    connection.execute("USE marts")
    return connection


def test_an_amount_that_is_too_large_in_the_base_currency_counts_as_0_and_is_a_warning(
    tmp_path: Path, statements: Sequence[Sequence[str]]
) -> None:
    marts = build(
        tmp_path,
        statements,
        {"opportunity_id": "fits", "amount": "50000000000000", "currency": "IDR"},
        {
            "opportunity_id": "open",
            "amount": "40000000000000",
            "currency": "IDR",
            "stage": "Qualify",
            "close_date": None,
        },
        {"opportunity_id": "too large", "amount": GREATEST, "currency": "VND"},
    )
    weighted = "SELECT weighted_amount FROM fct_opportunity WHERE opportunity_id = 'open'"
    assert marts.execute(weighted).fetchone() == (Decimal("800000000000000.00"),)
    won = "SELECT opportunity_id, won_amount, has_unvalued_amount FROM fct_opportunity WHERE status = 'won' ORDER BY 1"
    assert marts.execute(won).fetchall() == [
        ("fits", Decimal("5000000000000000.00"), False),
        ("too large", None, True),
    ]
    found = "SELECT entity, row_count FROM data_quality_warnings WHERE rule = 'amount_without_rate' AND row_count > 0"
    assert marts.execute(found).fetchall() == [("opportunities", 1)]
    total = "SELECT sum(won_amount) FROM kpi_rep_scorecard WHERE period_type = 'month'"
    assert marts.execute(total).fetchone() == (Decimal("5000000000000000.00"),)


def test_a_sum_that_is_too_large_stops_the_build(tmp_path: Path, statements: Sequence[Sequence[str]]) -> None:
    deals = [{"opportunity_id": name, "amount": GREATEST, "currency": "IDR"} for name in ("one", "two")]
    with pytest.raises(duckdb.ConversionException, match=r"19999999999999800\.00"):
        build(tmp_path, statements, *deals)
