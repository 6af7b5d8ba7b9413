"""HubSpot's contacts and leads become leads, with the deal that converted them and the activities that were theirs."""

from __future__ import annotations

from datetime import datetime

from tests.ingestion.hubspot.staged_account import Staged


def test_contacts_are_leads_converted_by_a_later_deal(staged: Staged) -> None:
    columns = "status, account_id, opportunity_id, converted_at"
    assert staged.one("leads", columns, "early contact") == (
        "OPEN",
        f"hubspot:{staged.id['acme']}",
        f"hubspot:{staged.id['moving']}",
        datetime(2025, 1, 10, 9),
    )
    assert staged.one("leads", columns, "late contact") == ("lead", None, None, None)


def test_leads_stand_for_their_contacts(staged: Staged) -> None:
    prefix, columns = "hubspot:lead-", "status, source, owner_id, account_id, created_at, opportunity_id, converted_at"
    found = {row[0]: row[1:] for row in staged.rows("leads", f"lead_id, {columns}", f"lead_id LIKE '{prefix}%'")}

    def deal(name: str) -> str:
        return f"hubspot:{staged.id[name]}"

    ada, other = "hubspot:11", f"hubspot:{staged.id['other']}"
    assert found == {
        # The lead's own source counts before its contact's.
        f"{prefix}{staged.id['first lead']}": (
            *("Qualified", "Trade fair", ada, other, datetime(2025, 2, 1, 9)),
            *(deal("deal first"), datetime(2025, 3, 1, 9)),
        ),
        # A stage that nobody knows any more.
        f"{prefix}{staged.id['second lead']}": (
            *("gone-stage", "PAID_SEARCH", ada, other, datetime(2025, 4, 1, 9)),
            *(deal("deal second"), datetime(2025, 4, 2, 9)),
        ),
        f"{prefix}{staged.id['lead of nobody']}": ("New", None, ada, None, datetime(2025, 2, 2, 9), None, None),
        f"{prefix}{staged.id['archived lead']}": (
            *("New", None, ada, f"hubspot:{staged.id['acme']}", datetime(2025, 2, 3, 9), None, None),
        ),
    }
    assert staged.rows("leads", "lead_id", "is_deleted") == [(f"{prefix}{staged.id['archived lead']}",)]
    # The contact of an archived lead is a lead itself, one with a lead is none.
    assert staged.rows("leads", "lead_id", f"lead_id = 'hubspot:{staged.id['prospect']}'") == []


def test_activities_are_of_the_lead_that_their_contact_was_then(staged: Staged) -> None:
    of_calls = {name: staged.one("calls", "lead_id", f"call {name}")[0] for name in ("before", "to first", "to second")}
    first, second = (f"hubspot:lead-{staged.id[name]}" for name in ("first lead", "second lead"))
    assert of_calls == {"before": first, "to first": first, "to second": second}
