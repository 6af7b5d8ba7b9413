"""Salesforce's quotas, currencies and campaigns become quotas, exchange rates and spend."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.warehouse import build
from tests.ingestion.salesforce.staged_org import Query


def test_quotas_of_one_forecast_type_are_bookings(query: Query) -> None:
    assert query("SELECT metric, period_start, period_end, amount, currency FROM stg_quotas ORDER BY amount") == [
        ("OpportunityOverlay", date(2025, 1, 1), date(2025, 1, 31), Decimal(10), "EUR"),
        ("bookings", date(2025, 1, 1), date(2025, 3, 31), Decimal(20), "EUR"),
    ]


@pytest.mark.parametrize(
    ("base_currency", "rates"),
    [
        (
            "USD",
            [
                ("EUR", date(1990, 1, 1), Decimal("1.25")),
                ("EUR", date(2025, 2, 1), Decimal("1.1111111111")),
                ("GBP", date(1990, 1, 1), Decimal(2)),
                ("GBP", date(2025, 1, 1), Decimal("1.6666666667")),
            ],
        ),
        (
            "EUR",
            [
                ("GBP", date(1990, 1, 1), Decimal("1.6")),
                ("GBP", date(2025, 1, 1), Decimal("1.3333333333")),
                ("GBP", date(2025, 2, 1), Decimal("1.5")),
                ("USD", date(1990, 1, 1), Decimal("0.8")),
                ("USD", date(2025, 2, 1), Decimal("0.9")),
            ],
        ),
        # None of the organisation's currencies: no rate is better than a wrong one.
        ("SEK", []),
    ],
)
def test_rates_are_in_the_base_currency(
    home: Path, query: Query, base_currency: str, rates: list[tuple[Any, ...]]
) -> None:
    settings = {"sources": ["salesforce"], "base_currency": base_currency}
    build(home, settings, "--select", "stg_salesforce__exchange_rates", command="run")
    assert query("SELECT currency, rate_date, rate FROM stg_exchange_rates ORDER BY ALL") == rates
    assert query("SELECT unreadable FROM stg_exchange_rates WHERE unreadable IS NOT NULL") == []


def test_costs_of_campaigns_are_spread_over_their_days(query: Query) -> None:
    columns = "channel, amount, month, category"
    assert query(f"SELECT {columns} FROM stg_spend ORDER BY channel NULLS FIRST, month") == [
        (None, Decimal(7), date(2025, 3, 3), "marketing"),
        ("Advertisement", Decimal("29.27"), date(2025, 1, 20), "marketing"),
        ("Advertisement", Decimal("68.29"), date(2025, 2, 1), "marketing"),
        ("Advertisement", Decimal("2.44"), date(2025, 3, 1), "marketing"),
        ("Referral", Decimal("1.01"), date(2025, 1, 31), "marketing"),
        ("Referral", Decimal("1.00"), date(2025, 2, 1), "marketing"),
        ("Seminar", Decimal("16.24"), date(2025, 12, 21), "marketing"),
        ("Seminar", Decimal("14.76"), date(2026, 1, 1), "marketing"),
        ("Trade Show", Decimal("50.5"), date(2025, 2, 3), "marketing"),
    ]
    assert query("SELECT count(DISTINCT spend_id), count(unreadable) FROM stg_spend") == [(9, 0)]
