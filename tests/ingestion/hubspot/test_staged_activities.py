"""HubSpot's calls, meetings, e-mails, messages and tasks become calls, meetings and touches."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.ingestion.hubspot.staged_account import Staged


def test_calls(staged: Staged) -> None:
    columns = "user_id, direction, disposition, duration_seconds, started_at"
    assert staged.one("calls", columns, "by guid") == (
        *("hubspot:11", "inbound", "connected", Decimal("61.5")),
        datetime(2025, 1, 20, 10),
    )
    connected = (f"hubspot:{staged.id['moving']}", f"hubspot:{staged.id['early contact']}")
    assert staged.one("calls", "opportunity_id, lead_id", "by guid") == connected
    outcomes = {
        name: staged.one("calls", "disposition, direction", name)
        for name in ("by label", "voicemail", "gatekeeper", "busy", "logged")
    }
    assert outcomes == {
        "by label": ("connected", "outbound"),
        "voicemail": ("voicemail", "outbound"),
        "gatekeeper": ("other", "outbound"),
        "busy": ("busy", "outbound"),
        "logged": (None, "outbound"),
    }
    assert staged.one("calls", "user_id", "without owner") == ("hubspot:11",)


def test_meetings(staged: Staged) -> None:
    columns = "user_id, status, starts_at, ends_at, is_deleted"
    start, end = datetime(2025, 1, 21, 10), datetime(2025, 1, 21, 11)
    assert staged.one("meetings", columns, "held") == ("hubspot:12", "held", start, end, False)
    assert staged.one("meetings", columns, "no show") == ("hubspot:12", "no_show", start, end, True)
    assert staged.one("meetings", columns, "moved") == ("hubspot:12", "scheduled", start, end, False)


def test_touches(staged: Staged) -> None:
    columns = "touch_id, channel, user_id, is_automated, sequence, sent_at, replied_at, is_deleted, unreadable"
    names = {f"hubspot:{key}": name for name, key in staged.id.items()}
    ada, ben = "hubspot:11", "hubspot:12"

    def on(day: int, hour: int = 10) -> datetime:
        return datetime(2025, 2, day, hour)

    third = on(3)
    assert {names[row[0]]: row[1:] for row in staged.rows("touches", columns)} == {
        # The answer belongs to the reminder, and neither to what was answered already nor to a note of absence.
        "first mail": ("email", ada, False, None, third, None, False, None),
        "reminder": ("email", ada, False, None, on(5), on(8), False, None),
        "step": ("email", ada, True, "77", third, None, True, None),
        "by workflow": ("email", ada, True, None, third, None, False, None),
        "of a sequencer": ("email", None, None, None, third, None, False, None),
        "of a mailbox": ("email", ben, False, None, third, None, False, None),
        "undated": ("email", ada, False, None, None, None, False, "sent_at: soon"),
        "to nobody": ("email", ada, None, None, third, None, False, None),
        "on LinkedIn": ("social", ada, False, None, on(10), None, False, None),
        "call without record": ("call", ada, False, None, on(12, 11), None, False, None),
        "LinkedIn task": ("social", ada, False, None, on(14, 11), None, False, None),
    }
    contact = f"hubspot:{staged.id['early contact']}"
    assert staged.one("touches", "lead_id, account_id, opportunity_id", "reminder") == (contact, None, None)
    assert staged.one("touches", "lead_id, account_id, opportunity_id", "to nobody") == (None, None, None)
