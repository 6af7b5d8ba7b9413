"""Twilio's call legs and conferences as dlt resources: requests, windows of days and paging.

Belongs here: how Twilio is asked. Does not belong here: which fields are kept (`ingestion.twilio.tables`).

What the vendor says of its API is cited from twilio.com/docs/voice/api/call-resource, from
twilio.com/docs/voice/voice-insights/api/conference and from its OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import dlt
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from requests.auth import HTTPBasicAuth

from ingestion.api.client import ApiClient
from ingestion.api.options import SourceOptions
from ingestion.api.resources import detail_resource, table_resource
from ingestion.api.tables import ApiTable, batched
from ingestion.twilio.agents import read_agents
from ingestion.twilio.tables import AGENTS, CALLS, CONFERENCE_PARTICIPANTS, CONFERENCES

BASE_URL = "https://api.twilio.com"
INSIGHTS_URL = "https://insights.twilio.com"
# "The default is 50, and the maximum is 1000."
RECORDS_PER_PAGE = 1000
PAGES_PER_BATCH = 10
# Twilio keeps call records for thirteen months.
KEPT_DAYS = 400
# A call can last a day, and Twilio sets its state and duration when it ended.
OVERLAP_SECONDS = 2 * 24 * 3600
# Windows get longer while they hold few records: 400 days without calls cost 17 requests.
LONGEST_WINDOW_DAYS = 32


def connect(options: SourceOptions, user: str, auth_token: str, url: str, is_probe: bool = False) -> ApiClient:
    """A client of one of the APIs; `user` is the SID of the account, or of an API key whose secret `auth_token` is."""
    auth = HTTPBasicAuth(user, auth_token)
    return ApiClient("Twilio", url, auth, (auth_token,), counter=options.requests, is_probe=is_probe)


@dlt.source(name="twilio", section="twilio")
def source(
    options: SourceOptions,
    account_sid: str = dlt.secrets.value,
    auth_token: str = dlt.secrets.value,
    api_key_sid: str | None = None,
    agents: str | None = None,
    conferences: bool = False,
    base_url: str = BASE_URL,
    insights_url: str = INSIGHTS_URL,
    start_date: str | None = None,
) -> list[DltResource]:
    """Call legs, the list of agents, and who took part in which conference.

    With `api_key_sid`, `auth_token` is the secret of that API key. `agents` is the path of a CSV file with the
    columns endpoint, email, full_name and team. `conferences` reads Voice Insights, whose advanced features the
    account must have. `start_date` is the first day of calls to read, an ISO 8601 date (UTC); by default all that
    Twilio still has.
    """
    user = api_key_sid or account_sid
    client = connect(options, user, auth_token, base_url)
    insights = connect(options, user, auth_token, insights_url)
    path = f"2010-04-01/Accounts/{account_sid}/Calls.json"
    table = options.table(CALLS)

    def read_listed(_: datetime | None) -> Iterator[pa.Table]:
        if agents:
            yield read_agents(agents)

    def first_day(since: datetime | None) -> date:
        if since:
            return since.date()
        return date.fromisoformat(start_date) if start_date else _today() - timedelta(days=KEPT_DAYS)

    def read_calls(since: datetime | None) -> Iterator[pa.Table]:
        def read(start: date, end: date) -> Iterator[pa.Table]:
            # The parameters' names end in the sign: "StartTime>=2009-07-06" in the address.
            asked = {"StartTime>": start.isoformat(), "StartTime<": end.isoformat()}
            yield from _pages(client, path, "next_page_uri", table, "calls", asked)

        yield from _windows(read, table, first_day(since))

    def read_conferences(since: datetime | None) -> Iterator[pa.Table]:
        def read(start: date, end: date) -> Iterator[pa.Table]:
            # Both bounds are exclusive: a second more, so that none that was created at midnight falls between.
            after = datetime.combine(start, time()) - timedelta(seconds=1)
            asked = {"CreatedAfter": f"{after.isoformat()}Z", "CreatedBefore": f"{end.isoformat()}T00:00:00Z"}
            yield from _pages(insights, "v1/Conferences", "meta.next_page_url", CONFERENCES, "conferences", asked)

        if conferences:
            yield from _windows(read, CONFERENCES, first_day(since))

    def read_participants(rows: pa.Table) -> Iterator[pa.Table]:
        for conference_sid in rows["conference_sid"].to_pylist():
            of_one = f"v1/Conferences/{conference_sid}/Participants"
            yield from _pages(insights, of_one, "meta.next_page_url", CONFERENCE_PARTICIPANTS, "participants", {})

    conference_resource = table_resource(CONFERENCES, options, read_conferences, OVERLAP_SECONDS)
    return [
        table_resource(AGENTS, options, read_listed),
        table_resource(table, options, read_calls, OVERLAP_SECONDS),
        conference_resource,
        detail_resource(CONFERENCE_PARTICIPANTS, options, conference_resource, read_participants),
    ]


def _pages(
    client: ApiClient, path: str, next_page: str, table: ApiTable, records: str, params: dict[str, str]
) -> Iterator[pa.Table]:
    asked = {"PageSize": RECORDS_PER_PAGE, **params}
    pages = client.pages(path, JSONLinkPaginator(next_page), records, asked)
    for bodies in batched((page.content for page in pages), PAGES_PER_BATCH):
        yield table.read(bodies, records)


def _windows(read: Callable[[date, date], Iterator[pa.Table]], table: ApiTable, first_day: date) -> Iterator[pa.Table]:
    """The records of days from `first_day` to today (UTC), oldest window first; `read` gives those of a window.

    Twilio lists the newest first, so a window is given only when it was read to its end: a load that stops goes on
    from the last whole one.
    """
    day, days, last_day = first_day, 1, _today()
    while day <= last_day:
        end = min(day + timedelta(days=days), last_day + timedelta(days=1))
        parts = list(read(day, end))
        rows = pa.concat_tables(parts) if parts else table.empty()
        yield rows
        day = end
        days = min(2 * days, LONGEST_WINDOW_DAYS) if rows.num_rows < RECORDS_PER_PAGE else 1


def _today() -> date:
    return datetime.now(UTC).date()
