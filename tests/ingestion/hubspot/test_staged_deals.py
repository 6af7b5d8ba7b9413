"""HubSpot's owners, companies and deals with their stages and history become the landing contract's."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.ingestion.hubspot.staged_account import Staged


def test_owners_are_users(staged: Staged) -> None:
    assert staged.rows("users", "user_id, full_name, email, team, is_deleted") == [
        ("hubspot:11", "Ada Quist", "ada@example.com", "North", False),
        ("hubspot:12", "Ben Rowe", "ben@example.com", None, True),
        ("hubspot:13", "no-name@example.com", "no-name@example.com", None, False),
    ]


def test_a_deal_is_an_opportunity(staged: Staged) -> None:
    columns = "name, account_id, owner_id, pipeline, stage, type, amount, currency, close_date, is_deleted"
    account = f"hubspot:{staged.id['acme']}"
    renewals = "hubspot:Renewals (p2)"
    assert staged.one("opportunities", columns, "moving") == (
        *("Moving", account, "hubspot:12", renewals, "Due", "newbusiness", None, "EUR"),
        *(date(2025, 4, 15), False),
    )
    assert staged.one("opportunities", "created_at, updated_at", "moving")[0] == datetime(2025, 1, 10, 9)
    assert staged.one("opportunities", '"Churn_Risk"', "moving") == ("high",)
    assert staged.one("opportunities", "is_deleted", "archived") == (True,)


def test_a_value_that_cannot_be_read_is_named(staged: Staged) -> None:
    assert staged.one("opportunities", "amount, unreadable", "unreadable") == (None, "amount: ten")
    assert staged.rows("opportunities", "count(*)", "unreadable IS NOT NULL") == [(1,)]


def test_history_carries_all_values_forward_and_moves_between_pipelines(staged: Staged) -> None:
    columns = "changed_at, pipeline, stage, amount, close_date, owner_id, changed_by"
    history = staged.rows("opportunity_history", columns, f"opportunity_id = 'hubspot:{staged.id['moving']}'")
    sales, renewals = "hubspot:Sales", "hubspot:Renewals (p2)"
    march, april = date(2025, 3, 31), date(2025, 4, 15)
    ada, ben = "hubspot:11", "hubspot:12"
    assert history == [
        (datetime(2025, 1, 10, 9), sales, "Discovery", Decimal("100.5"), march, ada, None),
        (datetime(2025, 1, 10, 9, 0, 0, 40_000), sales, "Discovery", Decimal("100.5"), march, ada, None),
        (datetime(2025, 2, 1, 9), sales, "Proposal", Decimal(250), march, ada, ada),
        (datetime(2025, 2, 2, 9), sales, "Proposal", None, march, ada, None),
        (datetime(2025, 2, 3, 9), renewals, "Due", None, march, ada, None),
        (datetime(2025, 2, 4, 9), renewals, "Due", None, april, ben, None),
    ]


def test_every_stage_of_deals_and_history_is_known_and_in_order(staged: Staged) -> None:
    stages = staged.rows("pipeline_stages", "pipeline, position, stage, is_closed, is_won", "pipeline LIKE '%Sales'")
    assert [row[1:] for row in stages] == [
        (0, "Discovery", False, False),
        # Deleted since, with its label.
        (1, "Proposal", False, False),
        # Deleted before the first load: nobody knows more than its id.
        (2, "old1", False, False),
        (3, "Won", True, True),
        (4, "Lost", True, False),
    ]
    for entity in ("opportunities", "opportunity_history"):
        unknown = f"SELECT count(*) FROM staging.stg_hubspot__{entity} ANTI JOIN staging.stg_hubspot__pipeline_stages"
        assert staged.query(f"{unknown} USING (pipeline, stage)") == [(0,)]
    assert staged.rows("pipeline_stages", "DISTINCT pipeline") == [
        ("hubspot:Renewals (p2)",),
        ("hubspot:Renewals (p3)",),
        ("hubspot:Sales",),
    ]


def test_merged_records_count_once(staged: Staged) -> None:
    living = staged.rows("accounts", "name", "NOT is_deleted")
    assert living == [("Acme",), ("Other",), ("first half",)]
    assert staged.one("accounts", "is_deleted", "merged") == (False,)
    for name in ("first half", "second half", "third part"):
        assert staged.one("accounts", "is_deleted", name) == (True,)
    # What belonged to the lost record belongs to the one that it became.
    assert staged.one("calls", "account_id", "by guid") == (f"hubspot:{staged.id['merged']}",)
