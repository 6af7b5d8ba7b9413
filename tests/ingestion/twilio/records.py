"""Twilio's call legs and conferences with all properties of the API (twilio.com/docs/voice/api/call-resource,
twilio.com/docs/voice/voice-insights/api/conference).

Belongs here: their shape. Does not belong here: how they are served (`server`), or what a test expects.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

Record = dict[str, Any]

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
COMPANY = "+14155550100"
CUSTOMER = "+18001234567"


def sid(number: int) -> str:
    return f"CA{number:032x}"


def moment(value: datetime | None) -> str | None:
    """A moment as the API writes it, in RFC 2822."""
    return None if value is None else format_datetime(value.astimezone(UTC))


def utc(text: str) -> datetime:
    """A moment of an ISO 8601 text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def leg(
    number: int,
    start: datetime,
    seconds: int | None,
    *,
    from_: str = COMPANY,
    to: str = CUSTOMER,
    direction: str = "inbound",
    status: str = "completed",
    parent: int | None = None,
    **fields: Any,
) -> Record:
    """A leg that ended. `seconds` is None for one that nobody answered: its duration is then empty."""
    end = start + timedelta(seconds=seconds or 0)
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/{sid(number)}"
    record: Record = {
        "sid": sid(number),
        "date_created": moment(start),
        "date_updated": moment(end),
        "parent_call_sid": None if parent is None else sid(parent),
        "account_sid": ACCOUNT_SID,
        "to": to,
        "to_formatted": to,
        "from": from_,
        "from_formatted": from_,
        "phone_number_sid": "PN" + "0" * 32,
        "status": status,
        "start_time": moment(start),
        "end_time": moment(end),
        "duration": None if seconds is None else str(seconds),
        "price": "-0.02000",
        "price_unit": "USD",
        "direction": direction,
        "answered_by": None,
        "annotation": None,
        "api_version": "2010-04-01",
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": f"{path}.json",
        "subresource_uris": {"recordings": f"{path}/Recordings.json", "events": f"{path}/Events.json"},
    }
    return record | fields


def conference(number: int, created: datetime, *legs: int, coaches: tuple[int, ...] = (), **fields: Any) -> Record:
    """The summary of a conference that ended, with those of its participants below `participants`."""
    conference_sid = f"CF{number:032x}"
    url = f"https://insights.twilio.com/v1/Conferences/{conference_sid}"
    record: Record = {
        "conference_sid": conference_sid,
        "account_sid": ACCOUNT_SID,
        "friendly_name": "a conference",
        "create_time": created.isoformat().replace("+00:00", "Z"),
        "start_time": created.isoformat().replace("+00:00", "Z"),
        "end_time": created.isoformat().replace("+00:00", "Z"),
        "duration_seconds": 60,
        "connect_duration_seconds": 60,
        "status": "completed",
        "max_participants": 250,
        "max_concurrent_participants": 2,
        "unique_participants": len(legs),
        "end_reason": "last_participant_left",
        "ended_by": None,
        "mixer_region": "us1",
        "mixer_region_requested": "us1",
        "recording_enabled": False,
        "detected_issues": {},
        "tags": [],
        "tag_info": {},
        "processing_state": "complete",
        "url": url,
        "links": {"participants": f"{url}/Participants"},
        "participants": [
            {
                "participant_sid": f"CP{number * 100 + place:032x}",
                "label": "someone",
                "conference_sid": conference_sid,
                "call_sid": sid(leg_number),
                "account_sid": ACCOUNT_SID,
                "call_direction": "inbound",
                "from": CUSTOMER,
                "to": COMPANY,
                "call_status": "completed",
                "country_code": "US",
                "is_moderator": False,
                "join_time": created.isoformat().replace("+00:00", "Z"),
                "leave_time": created.isoformat().replace("+00:00", "Z"),
                "duration_seconds": 60,
                "outbound_queue_length": 0,
                "outbound_time_in_queue": 0,
                "jitter_buffer_size": "medium",
                "is_coach": leg_number in coaches,
                "coached_participants": None,
                "participant_region": "us1",
                "conference_region": "us1",
                "call_type": "carrier",
                "processing_state": "complete",
                "properties": {},
                "events": {},
                "metrics": {},
                "url": f"{url}/Participants/CP{number * 100 + place:032x}",
            }
            for place, leg_number in enumerate(legs)
        ],
    }
    return record | fields
