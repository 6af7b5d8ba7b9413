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

TABLES: tuple[ApiTable, ...] = (AGENTS, CALLS)
