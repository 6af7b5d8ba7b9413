"""Twilio's call legs as a dlt resource: requests, windows of days and paging.

Belongs here: how Twilio is asked. Does not belong here: which fields are kept (`ingestion.twilio.tables`).

What the vendor says of its API is cited from twilio.com/docs/voice/api/call-resource and its OpenAPI description.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dlt
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from requests.auth import HTTPBasicAuth

from ingestion.api.client import ApiClient
from ingestion.api.options import SourceOptions
from ingestion.api.resources import table_resource
from ingestion.api.tables import ApiTable, batched
from ingestion.twilio.agents import read_agents
from ingestion.twilio.tables import AGENTS, CALLS

BASE_URL = "https://api.twilio.com"
# "The default is 50, and the maximum is 1000."
RECORDS_PER_PAGE = 1000
PAGES_PER_BATCH = 10
# Twilio keeps call records for thirteen months.
KEPT_DAYS = 400
# A call can last a day, and Twilio sets its state and duration when it ended.
OVERLAP_SECONDS = 2 * 24 * 3600
# Windows get longer while they hold few records: 400 days without calls cost 17 requests.
LONGEST_WINDOW_DAYS = 32


@dlt.source(name="twilio", section="twilio")
def source(
    options: SourceOptions,
    account_sid: str = dlt.secrets.value,
    auth_token: str = dlt.secrets.value,
    api_key_sid: str | None = None,
    agents: str | None = None,
    base_url: str = BASE_URL,
    start_date: str | None = None,
) -> list[DltResource]:
    """Call legs, and the list of agents.

    With `api_key_sid`, `auth_token` is the secret of that API key. `agents` is the path of a CSV file with the
    columns endpoint, email, full_name and team. `start_date` is the first day of calls to read, an ISO 8601 date
    (UTC); by default all that Twilio still has.
    """
    client = ApiClient("Twilio", base_url, HTTPBasicAuth(api_key_sid or account_sid, auth_token), (auth_token,))
    path = f"2010-04-01/Accounts/{account_sid}/Calls.json"
    table = options.table(CALLS)

    def read_listed(_: datetime | None) -> Iterator[pa.Table]:
        if agents:
            yield read_agents(agents)

    def read_calls(since: datetime | None) -> Iterator[pa.Table]:
        today = datetime.now(UTC).date()
        if since:
            first_day = since.date()
        else:
            first_day = date.fromisoformat(start_date) if start_date else today - timedelta(days=KEPT_DAYS)
        yield from _calls(client, path, table, first_day, today)

    return [
        table_resource(AGENTS, options, read_listed),
        table_resource(table, options, read_calls, OVERLAP_SECONDS),
    ]


def _calls(client: ApiClient, path: str, table: ApiTable, first_day: date, last_day: date) -> Iterator[pa.Table]:
    """Call legs that started on days from `first_day` to `last_day` (UTC), oldest window first.

    Twilio lists the newest first, so a window is given only when it was read to its end: a load that stops goes on
    from the last whole one.
    """
    day, days = first_day, 1
    while day <= last_day:
        end = min(day + timedelta(days=days), last_day + timedelta(days=1))
        params = {
            "PageSize": RECORDS_PER_PAGE,
            # The parameter's name ends in the sign: "StartTime>=2009-07-06" in the address.
            "StartTime>": day.isoformat(),
            "StartTime<": end.isoformat(),
        }
        pages = client.pages(path, JSONLinkPaginator("next_page_uri"), "calls", params)
        parts = [table.read(bodies, "calls") for bodies in batched((page.content for page in pages), PAGES_PER_BATCH)]
        rows = pa.concat_tables(parts) if parts else table.empty()
        yield rows
        day = end
        days = min(2 * days, LONGEST_WINDOW_DAYS) if rows.num_rows < RECORDS_PER_PAGE else 1
