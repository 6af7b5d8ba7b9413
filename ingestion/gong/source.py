"""Gong's endpoints as dlt resources: requests and paging.

Belongs here: how Gong is asked. Does not belong here: which fields are kept (`ingestion.gong.tables`).

What the vendor says of its API is cited from help.gong.io/apidocs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import requests
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from requests.auth import HTTPBasicAuth

from ingestion.api.client import ApiClient, ApiError
from ingestion.api.options import SourceOptions
from ingestion.api.resources import detail_resource, optional, table_resource
from ingestion.api.tables import batched
from ingestion.clearing import has_table
from ingestion.contract import RAW_SCHEMA
from ingestion.gong.tables import (
    ANSWERED_SCORECARDS,
    CALL_TRANSCRIPTS,
    CALLS,
    KEYWORD_TRACKERS,
    SCORECARD_QUESTIONS,
    USERS,
    read_answered,
    read_calls,
    read_questions,
    read_trackers,
    read_transcripts,
)
from ingestion.gong.windows import RECORDS_PER_PAGE, Pages, windows
from ingestion.warehouse import held

# Each company has an address of its own, shown on Gong's API page; this one answers for all of them.
BASE_URL = "https://api.gong.io"
# Gong lists a call hours after it took place, by the moment at which it took place; it links the call to the CRM and
# adds the outcome and the transcript later still.
LOOK_BACK = timedelta(days=7)
# Review dates are days of the company's time zone, which the API does not tell.
TIME_ZONE_MARGIN = timedelta(days=1)
# No call is older: the company was founded in that year.
EARLIEST = datetime(2015, 1, 1)
SHORTEST_CALL_WINDOW = timedelta(minutes=1)
SHORTEST_REVIEW_WINDOW = timedelta(days=1)

# A transcript weighs as much as so many rows of other tables: a slice of a load is some five thousand calls.
ROWS_PER_TRANSCRIPT = 25

# What Gong writes after the name of the records, such as "No calls".
NOTHING_FOUND = "found corresponding to the provided filters"

_CONTENT = {
    "context": "Basic",
    "exposedFields": {
        "parties": True,
        "content": {"callOutcome": True, "trackers": True},
        "interaction": {"speakers": True, "personInteractionStats": True, "questions": True},
    },
}


def connect(
    options: SourceOptions, access_key: str, access_key_secret: str, base_url: str, is_probe: bool = False
) -> ApiClient:
    """A client of the access key; the header that it sends is a secret, too."""
    token = base64.b64encode(f"{access_key}:{access_key_secret}".encode()).decode()
    auth = HTTPBasicAuth(access_key, access_key_secret)
    secrets = (access_key_secret, token, access_key)
    return ApiClient("Gong", base_url, auth, secrets, counter=options.requests, is_probe=is_probe)


@dlt.source(name="gong", section="gong")
def source(
    options: SourceOptions,
    access_key: str = dlt.secrets.value,
    access_key_secret: str = dlt.secrets.value,
    base_url: str = BASE_URL,
    start_date: str | None = None,
) -> list[DltResource]:
    """Users, calls with their transcripts, reviews of calls, and what trackers listen for.

    `start_date` is the first day of calls and reviews to read, an ISO 8601 date (UTC); by default all that Gong has.
    """
    client = connect(options, access_key, access_key_secret, base_url)
    first_moment = datetime.combine(date.fromisoformat(start_date), time()) if start_date else EARLIEST
    # Clocks differ; a day more costs nothing.
    end = options.slice.started_at + timedelta(days=1)
    users, calls = options.table(USERS), options.table(CALLS)

    def read_users(_: datetime | None) -> Iterator[pa.Table]:
        paginator = JSONResponseCursorPaginator("records.cursor", cursor_param="cursor")
        pages = client.pages("v2/users", paginator, "users")
        for bodies in batched(page.content for page in pages):
            yield users.read(bodies, "users")

    def read_calls_since(since: datetime | None) -> Iterator[pa.Table]:
        def ask(start: datetime, end: datetime) -> Pages:
            window = {"fromDateTime": iso(start), "toDateTime": iso(end)}
            body = {"filter": window, "contentSelector": _CONTENT}
            return listed(client, "v2/calls/extensive", "calls", body)

        for bodies in windows(ask, max(since or first_moment, first_moment), end, SHORTEST_CALL_WINDOW):
            rows = read_calls(calls, bodies)
            yield rows
            if not options.slice.has_room(CALL_TRANSCRIPTS.raw_name, ROWS_PER_TRANSCRIPT * _newer(rows, since)):
                return

    def read_transcripts_of(rows: pa.Table) -> Iterator[pa.Table]:
        # What colleagues say among themselves is not asked for.
        is_external = pc.fill_null(pc.not_equal(rows["scope"], "Internal"), True)
        call_ids = rows.filter(is_external)["id"].to_pylist()
        for first in range(0, len(call_ids), RECORDS_PER_PAGE):
            asked_for = {"callIds": call_ids[first : first + RECORDS_PER_PAGE]}
            pages = listed(client, "v2/calls/transcript", "callTranscripts", {"filter": asked_for})
            yield from (read_transcripts([page.content]) for page in pages)

    def read_all_questions(_: datetime | None) -> Iterator[pa.Table]:
        yield read_questions([client.get("v2/settings/scorecards").content])

    def read_all_trackers(_: datetime | None) -> Iterator[pa.Table]:
        yield read_trackers([client.get("v2/settings/trackers").content])

    def read_answered_since(since: datetime | None) -> Iterator[pa.Table]:
        def ask(start: datetime, end: datetime) -> Pages:
            days = {"reviewFromDate": start.date().isoformat(), "reviewToDate": end.date().isoformat()}
            return listed(client, "v2/stats/activity/scorecards", "answeredScorecards", {"filter": days})

        start = _midnight(max(since or first_moment, first_moment) - TIME_ZONE_MARGIN)
        for bodies in windows(ask, start, _midnight(end + TIME_ZONE_MARGIN), SHORTEST_REVIEW_WINDOW):
            yield read_answered(bodies)

    call_resource = table_resource(calls, options, read_calls_since, LOOK_BACK.total_seconds())
    # Two ways into one table: transcripts of calls that are new or changed, and of those that had none so far.
    transcripts = detail_resource(CALL_TRANSCRIPTS, options, call_resource, read_transcripts_of)
    late_transcripts = detail_resource(
        CALL_TRANSCRIPTS, options, _calls_without_transcript(options.slice.started_at - LOOK_BACK), read_transcripts_of
    ).with_name(f"{CALL_TRANSCRIPTS.raw_name}_late")
    late_transcripts.apply_hints(table_name=CALL_TRANSCRIPTS.raw_name)
    return [
        table_resource(users, options, read_users),
        late_transcripts,
        call_resource,
        transcripts,
        table_resource(SCORECARD_QUESTIONS, options, read_all_questions),
        table_resource(KEYWORD_TRACKERS, options, optional(KEYWORD_TRACKERS, read_all_trackers)),
        table_resource(ANSWERED_SCORECARDS, options, read_answered_since, LOOK_BACK.total_seconds()),
    ]


def _newer(rows: pa.Table, since: datetime | None) -> int:
    """How many calls started after all that former loads have seen. `since` lies a look-back before these."""
    if since is None:
        return rows.num_rows
    return pc.sum(pc.greater(rows["started"], pa.scalar(since + LOOK_BACK, pa.timestamp("us")))).as_py() or 0


def listed(client: ApiClient, path: str, records: str, body: dict[str, Any]) -> Pages:
    """The pages of what a body asks for; none where Gong finds nothing, which it answers with 404."""
    paginator = JSONResponseCursorPaginator("records.cursor", cursor_body_path="cursor")
    try:
        yield from client.pages(path, paginator, records, json=body)
    except ApiError as error:
        if not _is_nothing_found(error.response):
            raise


def _is_nothing_found(response: requests.Response | None) -> bool:
    """Whether Gong says that a filter finds nothing: a 404 of a path or a proxy must not pass for an empty list."""
    return response is not None and response.status_code == 404 and NOTHING_FOUND in response.text


def iso(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}Z"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _calls_without_transcript(since: datetime) -> DltResource:
    """Calls that raw holds without a transcript and that started since a moment (naive UTC), oldest first."""

    def calls() -> Iterator[pa.Table]:
        with held() as connection:
            if not all(has_table(connection, RAW_SCHEMA, table.raw_name) for table in (CALLS, CALL_TRANSCRIPTS)):
                return
            rows = connection.execute(
                f"""
                SELECT id, scope FROM {RAW_SCHEMA}.{CALLS.raw_name} AS calls
                WHERE started >= ? AND NOT EXISTS (
                    SELECT 1 FROM {RAW_SCHEMA}.{CALL_TRANSCRIPTS.raw_name} AS transcripts
                    WHERE transcripts.call_id = calls.id
                )
                ORDER BY started, id
                """,
                [since],
            ).to_arrow_table()
        if rows.num_rows:
            yield rows

    return dlt.resource(calls, name="gong__calls_without_transcript", selected=False)
