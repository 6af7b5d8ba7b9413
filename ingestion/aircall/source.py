"""Aircall's endpoints as dlt resources: requests, paging and limits.

Belongs here: how Aircall is asked. Does not belong here: which fields are kept (`ingestion.aircall.tables`).

What the vendor says of its API is cited from developer.aircall.io/api-references and support.aircall.io.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import requests
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from requests.auth import HTTPBasicAuth

from ingestion.aircall.tables import CALLS, TEAM_USERS, USERS, read_calls, read_team_users
from ingestion.api.client import ApiClient, ApiError
from ingestion.api.options import SourceOptions
from ingestion.api.resources import table_resource
from ingestion.api.tables import ApiTable, batched

BASE_URL = "https://api.aircall.io"
# The most that the API gives ("per_page", default 20).
RECORDS_PER_PAGE = 50
# "List endpoints are limited to retrieving a maximum of 10,000 records per query, even when pagination is used."
RECORDS_PER_QUERY = 10_000
# Ordered is by the moment of creation, which an answer does not hold; a call starts within seconds of it.
CREATED_TO_STARTED = timedelta(minutes=1)
# A call is final some time after it ended. Twelve hours are the longest that a call can last, and as long again
# is left for voicemails, and for a transfer that is reported late.
OVERLAP_SECONDS = 24 * 3600
# Fifty pages of fifty records are few for a step of conversion, and many minutes at the rate limit.
PAGES_PER_BATCH = 40


class AircallAuth(HTTPBasicAuth):
    """Basic authentication, and the delay of a refusal where dlt's client looks for it.

    Aircall says with a 429 when its counter starts again (`X-AircallApi-Reset`, UNIX seconds), and no `Retry-After`.
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        super().__call__(request)
        request.register_hook("response", name_delay)
        return request


def name_delay(response: requests.Response, *_: Any, **__: Any) -> None:
    """Give a 429 a `Retry-After`, in whole seconds, from Aircall's own header."""
    reset = response.headers.get("X-AircallApi-Reset", "")
    if response.status_code == 429 and "Retry-After" not in response.headers and reset.isdigit():
        # The counter starts again within the second that is named.
        response.headers["Retry-After"] = str(max(1, int(reset) - int(time.time()) + 1))


def connect(options: SourceOptions, api_id: str, api_token: str, base_url: str, is_probe: bool = False) -> ApiClient:
    """A client of the API key."""
    auth = AircallAuth(api_id, api_token)
    return ApiClient("Aircall", base_url, auth, (api_id, api_token), counter=options.requests, is_probe=is_probe)


@dlt.source(name="aircall", section="aircall")
def source(
    options: SourceOptions,
    api_id: str = dlt.secrets.value,
    api_token: str = dlt.secrets.value,
    base_url: str = BASE_URL,
    start_date: str | None = None,
) -> list[DltResource]:
    """Users, team members and calls.

    `start_date` is the first day of calls to read, an ISO 8601 date (UTC); by default all that the API still has.
    """
    client = connect(options, api_id, api_token, base_url)
    first_day = datetime.fromisoformat(start_date) if start_date else None
    users, calls = options.table(USERS), options.table(CALLS)

    def read_users(_: datetime | None) -> Iterator[pa.Table]:
        for bodies in batched(_pages(client, "v2/users", "users", {})):
            yield users.read(bodies, "users")

    def read_teams(_: datetime | None) -> Iterator[pa.Table]:
        for bodies in batched(_pages(client, "v1/teams", "teams", {})):
            yield read_team_users(bodies)

    def read_calls_since(since: datetime | None) -> Iterator[pa.Table]:
        yield from _calls(client, calls, since or first_day)

    return [
        table_resource(users, options, read_users),
        table_resource(TEAM_USERS, options, read_teams),
        table_resource(calls, options, read_calls_since, OVERLAP_SECONDS),
    ]


def _pages(client: ApiClient, path: str, records: str, params: dict[str, Any]) -> Iterator[bytes]:
    paginator = JSONLinkPaginator("meta.next_page_link")
    for response in client.pages(path, paginator, records, {"per_page": RECORDS_PER_PAGE, **params}):
        yield response.content


def _calls(client: ApiClient, table: ApiTable, since: datetime | None) -> Iterator[pa.Table]:
    """Calls from a moment on (naive UTC), oldest first, in as many queries as Aircall's limit makes of them.

    The next query begins before the last call of the one before: calls of one second that fall on both sides of the
    limit are read twice, and merged by their id.
    """
    while True:
        params: dict[str, Any] = {"order": "asc"}
        if since:
            params["from"] = int(since.replace(tzinfo=UTC).timestamp())
        newest: datetime | None = None
        page_count = 0
        pages = islice(_pages(client, "v1/calls", "calls", params), RECORDS_PER_QUERY // RECORDS_PER_PAGE)
        for bodies in batched(pages, PAGES_PER_BATCH):
            page_count += len(bodies)
            rows = read_calls(table, bodies)
            newest = max(filter(None, (newest, pc.max(rows["started_at"]).as_py())), default=None)
            yield rows
        if page_count < RECORDS_PER_QUERY // RECORDS_PER_PAGE or newest is None:
            return
        following = newest - CREATED_TO_STARTED
        if since and following <= since:
            raise ApiError(
                f"Aircall: GET /v1/calls gives at most {RECORDS_PER_QUERY} calls a query, and more than that started "
                f"within {CREATED_TO_STARTED.seconds} s of {since:%Y-%m-%d %H:%M:%S} UTC; the calls after it are out "
                "of reach"
            )
        since = following
