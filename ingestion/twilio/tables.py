"""Which fields of Twilio's objects are read into which raw column, and the columns of the list of agents.

Belongs here: tables. Does not belong here: requests (`ingestion.twilio.source`), reading the list of agents
(`ingestion.twilio.agents`).
"""

from __future__ import annotations

from ingestion.api.tables import ApiTable, Field, FieldType

# Prices and everything else that changes after a call, and that no figure is made of, is not read.
CALLS = ApiTable(
    source="twilio",
    name="calls",
    description="Legs of telephone calls: connections between Twilio and one end.",
    key=("sid",),
    fields=(
        Field("sid"),
        Field("parent_call_sid"),
        Field("direction"),
        Field("status"),
        Field("answered_by"),
        Field("from", is_personal=True),
        Field("to", is_personal=True),
        Field("start_time", type=FieldType.RFC_2822),
        Field("duration"),
    ),
    cursor="start_time",
    entity="calls",
    custom_path="",
)

AGENTS = ApiTable(
    source="twilio",
    name="agents",
    description="Ends of Twilio calls that are a rep's: client identities, SIP addresses, telephone numbers.",
    # The end itself is no key: a key cannot be hashed, and hashed ends of calls are found by hashed ones.
    key=("id",),
    fields=(
        Field("id"),
        Field("endpoint", is_personal=True),
        Field("email", is_personal=True),
        Field("full_name", is_personal=True),
        Field("team"),
    ),
    is_listed_whole=True,
)

# A summary is complete up to half an hour after the conference ended; it changes until then.
CONFERENCES = ApiTable(
    source="twilio",
    name="conferences",
    description="Conferences, as Voice Insights sums them up.",
    key=("conference_sid",),
    fields=(
        Field("conference_sid"),
        Field("create_time", type=FieldType.ISO),
        Field("status"),
        Field("processing_state"),
        Field("unique_participants"),
    ),
    cursor="create_time",
)

# Who a participant is stands on their leg.
CONFERENCE_PARTICIPANTS = ApiTable(
    source="twilio",
    name="conference_participants",
    description="Legs of calls that took part in a conference.",
    key=("participant_sid",),
    fields=(Field("participant_sid"), Field("conference_sid"), Field("call_sid"), Field("is_coach")),
)

TABLES: tuple[ApiTable, ...] = (AGENTS, CALLS, CONFERENCES, CONFERENCE_PARTICIPANTS)
