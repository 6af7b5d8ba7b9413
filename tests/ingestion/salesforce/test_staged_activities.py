"""Salesforce's tasks, events and e-mails become calls, meetings and touches."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tests.ingestion.salesforce.org import record_id
from tests.ingestion.salesforce.staged_org import ACCOUNT, BO, Query, naive


def test_calls(query: Query) -> None:
    columns = "started_at, direction, disposition, duration_seconds, opportunity_id, account_id, lead_id"
    account = f"salesforce:{ACCOUNT}"
    opportunity, lead = f"salesforce:{record_id('Opportunity', 9)}", f"salesforce:{record_id('Lead', 1)}"
    assert query(f"SELECT {columns} FROM stg_calls ORDER BY call_id") == [
        (naive(0), "outbound", "voicemail", None, None, None, None),
        (naive(0), "inbound", "no_answer", Decimal(12), None, account, None),
        (naive(50), "outbound", "other", None, None, None, None),
        (datetime(2025, 2, 20, 12), "outbound", "failed", None, None, None, None),
        (naive(0), "outbound", "connected", None, None, None, None),
        (naive(0), "outbound", None, None, opportunity, account, lead),
    ]


def test_meetings(query: Query) -> None:
    assert query("SELECT starts_at, ends_at, account_id FROM stg_meetings ORDER BY starts_at") == [
        (naive(1), naive(2), f"salesforce:{ACCOUNT}"),
        (naive(10), naive(11), None),
        (naive(34), naive(35), None),
        (datetime(2025, 3, 7), None, None),
    ]


def test_touches(home: Path, query: Query) -> None:
    # Repline reads no subjects; the order of the ids is the order in which they were made.
    rows = query(
        "SELECT channel, user_id, sent_at, replied_at, is_automated, is_deleted, unreadable FROM stg_touches "
        "ORDER BY touch_id"
    )
    bo = f"salesforce:{BO}"
    assert rows == [
        ("email", bo, naive(1), None, False, False, None),
        # The answer belongs to the reminder.
        ("email", bo, naive(3), naive(5), False, False, None),
        ("email", bo, naive(1), naive(2), False, False, None),
        ("email", bo, naive(1), None, False, False, None),
        ("email", bo, naive(7), None, True, False, None),
        ("email", bo, naive(0), None, False, False, None),
        # A queue is nobody.
        ("social", None, naive(0), None, False, False, None),
        ("email", bo, naive(0), None, False, True, None),
    ]
    lead, account = f"salesforce:{record_id('Lead', 1)}", f"salesforce:{ACCOUNT}"
    assert query("SELECT DISTINCT lead_id, account_id, opportunity_id FROM stg_touches ORDER BY ALL") == [
        (lead, None, None),
        (None, account, None),
    ]
