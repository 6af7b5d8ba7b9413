"""HubSpot's goals, campaigns and exchange rates become quotas, goals, spend and rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.ingestion.hubspot.staged_account import Staged


def test_spend_of_campaigns_counts_when_it_was_entered_within_the_campaign(staged: Staged) -> None:
    assert staged.rows("spend", "amount, month, category, channel, currency, is_deleted, unreadable") == [
        (Decimal(80), date(2025, 5, 6), "marketing", None, "EUR", False, None),
        (Decimal(300), date(2025, 3, 5), "marketing", None, "USD", False, None),
        (Decimal("1500.25"), date(2025, 3, 3), "marketing", None, "USD", False, None),
    ]


def test_goals_are_quotas(staged: Staged) -> None:
    columns = "user_id, metric, period_start, period_end, amount, currency"
    ada, ben = "hubspot:11", "hubspot:12"
    january = (date(2025, 1, 1), date(2025, 1, 31))
    february = (date(2025, 2, 1), date(2025, 2, 28))
    quarter = (date(2025, 1, 1), date(2025, 3, 31))
    assert staged.rows("quotas", columns, "NOT is_deleted") == sorted(
        [
            # The same deals are to bring the month's quotas and the quarter's.
            (ada, "Quarter", *quarter, Decimal(9000), "USD"),
            (ada, "bookings", *january, Decimal("1000.5"), "USD"),
            (ada, "bookings", *february, Decimal(2000), "USD"),
            (ada, "bookings", *quarter, Decimal(300), "USD"),
            (ada, "Created", *january, Decimal(500), "USD"),
            (ada, "Calls", *january, Decimal(80), "USD"),
            (ada, "Big deals", *january, Decimal(2), "USD"),
            (ben, "bookings", date(2023, 12, 1), date(2023, 12, 31), Decimal(2000), "USD"),
        ]
    )
    assert staged.rows("quotas", "amount", "is_deleted") == [(Decimal(1),)]


def test_goals_on_a_kpi_are_goals(staged: Staged) -> None:
    columns = "owner_type, owner_id, metric, direction, target, period_start, period_end"
    january = (date(2025, 1, 1), date(2025, 1, 31))
    assert staged.rows("goals", columns) == [
        ("rep", "hubspot:11", "created_count", "at_least", Decimal(6), *january),
        ("rep", "hubspot:11", "outbound_calls", "at_least", Decimal(80), *january),
        ("rep", "hubspot:11", "won_count", "at_least", Decimal(3), *january),
        ("team", "North", "won_amount", None, Decimal("9000.5"), date(2025, 1, 1), date(2025, 3, 31)),
    ]


def test_rates_to_a_base_currency_that_is_not_the_company_s(staged: Staged) -> None:
    assert staged.rows("exchange_rates", "currency, rate_date, rate, unreadable") == [
        ("GBP", date(2025, 1, 15), Decimal("1.1818181818"), None),
        ("GBP", date(2025, 2, 1), Decimal("1.0833333333"), None),
        ("USD", date(2025, 1, 1), Decimal("0.9090909091"), None),
        ("USD", date(2025, 2, 1), Decimal("0.8333333333"), None),
    ]
