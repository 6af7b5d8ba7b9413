"""Salesforce's opportunities with their stages, history, products and splits become the landing contract's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.ingestion.salesforce.staged_org import ADA, BO, Query, naive


def _history(query: Query, name: str, columns: str) -> list[tuple[Any, ...]]:
    return query(
        f"SELECT {columns} FROM stg_opportunity_history AS history JOIN stg_opportunities AS opportunity "
        f"USING (opportunity_id) WHERE opportunity.name = '{name}' ORDER BY changed_at"
    )


def test_owners_come_from_field_history(query: Query) -> None:
    columns = "changed_at, history.stage, history.owner_id, history.amount, history.forecast_category, changed_by"
    ada, bo = f"salesforce:{ADA}", f"salesforce:{BO}"
    assert _history(query, "Handed over", columns) == [
        (naive(0), "New", ada, Decimal(100), "Best Case", ada),
        (naive(2), "Proposal", ada, None, "Best Case", ada),
        (naive(5), "Proposal", bo, None, "Best Case", bo),
        (naive(7), "New", bo, Decimal(50), "Best Case", ada),
        (naive(9), "Proposal", bo, Decimal(70), "Best Case", ada),
    ]


def test_field_history_alone_begins_at_the_creation(query: Query) -> None:
    ada, bo, june, july = f"salesforce:{ADA}", f"salesforce:{BO}", date(2025, 6, 30), date(2025, 7, 31)
    columns = "changed_at, history.stage, history.owner_id, history.amount, history.close_date"
    assert _history(query, "Tracked fields only", columns) == [
        (naive(0), "New", ada, Decimal(200), june),
        (naive(1), "New", ada, Decimal(300), june),
        (naive(2), "Proposal", bo, Decimal(300), june),
        (naive(3), "Proposal", bo, Decimal(300), july),
    ]


def test_history_without_tracked_changes_stands_as_it_is(query: Query) -> None:
    expected = [(naive(0), "New", f"salesforce:{ADA}", Decimal(10))]
    assert _history(query, "Plain", "changed_at, history.stage, history.owner_id, history.amount") == expected


def test_stages_are_those_of_the_picklist_and_of_records(query: Query) -> None:
    columns = "pipeline, stage, is_closed, is_won, probability"
    assert query(f"SELECT {columns} FROM stg_pipeline_stages ORDER BY position") == [
        ("salesforce:default", "New", False, False, Decimal("0.2")),
        ("salesforce:default", "Proposal", False, False, Decimal("0.2")),
        ("salesforce:default", "Demo", False, False, Decimal("0.2")),
        ("salesforce:default", "Won", True, True, Decimal(1)),
        # Deleted from the picklist: what they were is what deals in them are.
        ("salesforce:default", "Pilot", True, True, None),
        ("salesforce:default", "Trial", False, False, None),
    ]


def test_opportunities(query: Query) -> None:
    rows = query("SELECT name, stage, product, amount, unreadable, is_deleted FROM stg_opportunities ORDER BY name")
    assert rows == [
        ("Deleted", "New", None, None, None, True),
        ("Handed over", "Proposal", "Seats", None, None, False),
        ("In a deleted stage", "Pilot", None, None, None, False),
        ("Plain", "New", "H-1", None, None, False),
        ("Tracked fields only", "Proposal", "Seats", Decimal(300), None, False),
        ("Unreadable", "New", None, None, "amount: a lot", False),
    ]


def test_splits_are_shares_of_the_amount(query: Query) -> None:
    rows = query(
        "SELECT opportunity.name, split.user_id, share, split.unreadable, split.is_deleted "
        "FROM stg_opportunity_splits AS split JOIN stg_opportunities AS opportunity USING (opportunity_id) "
        "ORDER BY ALL"
    )
    ada, bo = f"salesforce:{ADA}", f"salesforce:{BO}"
    assert rows == [
        ("Handed over", ada, Decimal("0.333333"), None, False),
        ("Handed over", bo, Decimal("0.666667"), None, False),
        ("Plain", ada, Decimal("0.5"), None, True),
        ("Plain", bo, None, "share: half", False),
        ("Tracked fields only", bo, Decimal(1), None, False),
    ]
