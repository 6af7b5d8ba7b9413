"""Which fields of Aircall's objects are read into which raw column.

Belongs here: tables and how a page becomes their rows. Does not belong here: requests (`ingestion.aircall.source`).

Read is what the landing contract can use and what does not change by itself: a user's availability changes by the
minute, and the addresses of recordings and voicemails are signed anew with every answer and open to whoever has them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.api.tables import ApiTable, Field, FieldType, read_json

USERS = ApiTable(
    source="aircall",
    name="users",
    description="People who take and make calls.",
    key=("id",),
    fields=(
        Field("id"),
        Field("name", is_personal=True),
        Field("email", is_personal=True),
        Field("created_at"),
    ),
    is_listed_whole=True,
    entity="users",
    custom_path="",
)

TEAM_USERS = ApiTable(
    source="aircall",
    name="team_users",
    description="Members of teams, with their place in the team's list.",
    key=("team_id", "user_id"),
    fields=(Field("team_id"), Field("user_id"), Field("team_name"), Field("position")),
    is_listed_whole=True,
)

# A person's name and e-mail come with each of their calls: of people who left before the first load, nothing else
# is known.
CALLS = ApiTable(
    source="aircall",
    name="calls",
    description="Telephone calls with somebody outside the company.",
    key=("id",),
    fields=(
        Field("id"),
        Field("direction"),
        Field("status"),
        Field("missed_call_reason"),
        Field("started_at", type=FieldType.EPOCH_SECONDS),
        Field("answered_at"),
        Field("ended_at"),
        Field("raw_digits", is_personal=True),
        Field("number_digits", "number.digits"),
        Field("has_voicemail", "voicemail"),
        Field("user_id", "user.id"),
        Field("user_name", "user.name", is_personal=True),
        Field("user_email", "user.email", is_personal=True),
        Field("transferred_by_id", "transferred_by.id"),
        Field("transferred_to_id", "transferred_to.id"),
        Field("transferred_to_name", "transferred_to.name", is_personal=True),
        Field("transferred_to_email", "transferred_to.email", is_personal=True),
    ),
    cursor="started_at",
    entity="calls",
    custom_path="",
)

TABLES: tuple[ApiTable, ...] = (USERS, TEAM_USERS, CALLS)


def read_calls(table: ApiTable, bodies: Sequence[bytes]) -> pa.Table:
    """Calls of the pages: of a voicemail, only that there is one."""
    rows = table.read(bodies, "calls")
    position = table.columns.index("has_voicemail")
    return rows.set_column(position, "has_voicemail", pc.if_else(pc.is_valid(rows.column(position)), "true", "false"))


def read_team_users(bodies: Sequence[bytes]) -> pa.Table:
    """One row per team and member, from pages of teams with their users; positions count from 1."""
    return read_json(
        bodies,
        {"teams": [{"id": "VARCHAR", "name": "VARCHAR", "users": [{"id": "VARCHAR"}]}]},
        """
        SELECT team.id AS team_id, member.id AS user_id, team.name AS team_name, position::VARCHAR AS position
        FROM (
            SELECT team, unnest(team.users) AS member, generate_subscripts(team.users, 1) AS position
            FROM (SELECT unnest(body.teams) AS team FROM pages)
        )
        """,
    )
