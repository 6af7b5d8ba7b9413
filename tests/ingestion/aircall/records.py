"""Aircall's objects with all the fields of the documented examples (developer.aircall.io/api-references).

Belongs here: their shape. Does not belong here: how they are served (`server`), or what a test expects.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

# Fields of the documented examples: a server without one of them would be only our own idea of Aircall.
USER_FIELDS = {
    "id", "direct_link", "name", "email", "available", "availability_status", "created_at", "time_zone", "language",
    "wrap_up_time", "substatus",
}  # fmt: skip
CALL_FIELDS = {
    "id", "sid", "direct_link", "direction", "status", "missed_call_reason", "started_at", "answered_at", "ended_at",
    "duration", "voicemail", "recording", "asset", "raw_digits", "user", "contact", "archived", "assigned_to",
    "transferred_by", "transferred_to", "cost", "number", "comments", "tags", "teams",
}  # fmt: skip
TEAM_FIELDS = {"id", "direct_link", "name", "created_at", "users"}
META_FIELDS = {"count", "total", "current_page", "per_page", "next_page_link", "previous_page_link"}

MAIN_LINE = "+33 1 76 11 11 11"
SECOND_LINE = "+33 1 76 22 22 22"
CUSTOMER = "+1 800-123-4567"


def at(text: str) -> int:
    """UNIX seconds of an ISO 8601 moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def user(number: int, name: str, email: str | None = None) -> Record:
    return {
        "id": number,
        "direct_link": f"https://api.aircall.io/v2/users/{number}",
        "name": name,
        "email": email or f"{name.split()[0].lower()}@example.com",
        "available": True,
        "availability_status": "available",
        "substatus": "always_opened",
        "created_at": "2019-12-29T10:03:18.000Z",
        "time_zone": "America/New_York",
        "language": "en-US",
        "wrap_up_time": 0,
    }


def team(number: int, name: str, *users: Record) -> Record:
    return {
        "id": number,
        "direct_link": f"https://api.aircall.io/v1/teams/{number}",
        "name": name,
        "created_at": "2020-01-02T11:41:01.000Z",
        "users": list(users),
    }


def line(digits: str = MAIN_LINE) -> Record:
    return {
        "id": 1234 + len(digits),
        "name": "French Office",
        "digits": digits,
        "created_at": "2020-01-02T11:41:01.000Z",
        "country": "FR",
        "time_zone": "Europe/Paris",
        "open": True,
        "availability_status": "custom",
        "is_ivr": True,
        "live_recording_activated": True,
        "priority": None,
        "messages": {"welcome": "https://example.com/welcome.mp3"},
    }


def call(
    number: int,
    started_at: int,
    by: Record | None = None,
    *,
    direction: str = "outbound",
    talk_seconds: int | None = 60,
    ring_seconds: int = 6,
    raw_digits: str = CUSTOMER,
    on: str = MAIN_LINE,
    **fields: Any,
) -> Record:
    """A call that ended: answered after `ring_seconds`, or not at all where `talk_seconds` is None."""
    answered_at = None if talk_seconds is None else started_at + ring_seconds
    ended_at = started_at + ring_seconds + (talk_seconds or 0)
    record: Record = {
        "id": number,
        "sid": f"CA{number:032x}",
        "direct_link": f"https://api.aircall.io/v1/calls/{number}",
        "direction": direction,
        "status": "done",
        "missed_call_reason": None,
        "started_at": started_at,
        "answered_at": answered_at,
        "ended_at": ended_at,
        "duration": ended_at - started_at,
        "voicemail": None,
        "recording": None,
        "asset": None,
        "raw_digits": raw_digits,
        # A user within a call comes without some of the fields.
        "user": by and {name: value for name, value in by.items() if name not in ("substatus", "wrap_up_time")},
        "contact": None,
        "archived": False,
        "assigned_to": None,
        "transferred_by": None,
        "transferred_to": None,
        "cost": "2.34",
        "number": line(on),
        "comments": [],
        "tags": [],
        "teams": [],
    }
    return record | fields
