"""The dlt source: which Salesforce objects are loaded, and how each finds what is new.

Belongs here: resources, and what the user may not see. Does not belong here: requests (`ingestion.salesforce.api`,
`.bulk`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource
from requests import Response

from ingestion.api.client import ApiClient, ApiError
from ingestion.api.options import Slice, SourceOptions
from ingestion.api.resources import ReadSince, Unlisted, table_resource
from ingestion.api.tables import ApiTable
from ingestion.personal import DROP
from ingestion.salesforce.api import Query, Salesforce, is_too_big, read_pages, total_size
from ingestion.salesforce.bulk import BulkError, BulkResult
from ingestion.salesforce.session import Login
from ingestion.salesforce.tables import (
    CURRENCY_FIELD,
    CURRENCY_TYPE,
    DATED_RATE,
    OBJECTS,
    SOURCE,
    UNAVAILABLE,
    SObject,
)

# A record is stamped when it is written and seen when its transaction ends, at most ten minutes later (the limit of
# an Apex transaction), and then not by every server of the system at once.
OVERLAP_SECONDS = 3600
SETTLING_SECONDS = 300
LOGIN_URL = "https://login.salesforce.com"
API_VERSION = "62.0"

_log = logging.getLogger(__name__)


def connect(
    options: SourceOptions,
    login_url: str,
    api_version: str,
    client_id: str,
    secrets: Sequence[str | None],
    is_probe: bool = False,
) -> Salesforce:
    """The organisation, before the login. `secrets` are those of a `Login`, in its order."""
    login = Login(login_url, client_id, *(each or "" for each in secrets))
    client = ApiClient("Salesforce", login_url, secrets=login.secrets, counter=options.requests, is_probe=is_probe)
    return Salesforce(client, login, api_version)


@dlt.source(name=SOURCE, max_table_nesting=0)
def source(
    options: SourceOptions,
    client_id: str = dlt.config.value,
    client_secret: TSecretStrValue | None = None,
    username: str | None = None,
    password: TSecretStrValue | None = None,
    security_token: TSecretStrValue | None = None,
    private_key: TSecretStrValue | None = None,
    login_url: str = LOGIN_URL,
    api_version: str = API_VERSION,
    bulk_from_rows: int = 10_000,
) -> Iterator[DltResource]:
    """A Salesforce organisation, by the app `client_id`.

    With `username` and the app's `private_key` (PEM), or a `password`, it logs in as that user, else as the user that
    the app runs as; then `login_url` has to be the organisation's own (https://<my domain>.my.salesforce.com). A query
    with `bulk_from_rows` rows or more is read by a job of the Bulk API 2.0, which the vendor made for 10,000 records
    and more.
    """
    secrets = (client_secret, username, password, security_token, private_key)
    salesforce = connect(options, login_url, api_version, client_id, secrets)
    reader = _Reader(salesforce, bulk_from_rows, options.slice)
    tables = {sobject: options.table(sobject.table) for sobject in OBJECTS}
    for sobject, table in tables.items():
        dropped = {name for name, treatment in options.personal(table).items() if treatment == DROP}
        read = reader.read_of(sobject, table, dropped)
        yield table_resource(table, options, read, OVERLAP_SECONDS, SETTLING_SECONDS)
    yield table_resource(UNAVAILABLE, options, lambda _: iter([reader.unavailable(tables)]))


@dataclass(frozen=True)
class _Reader:
    """Reads objects of an organisation, big results by bulk jobs."""

    salesforce: Salesforce
    bulk_from_rows: int
    slice: Slice

    def read_of(self, sobject: SObject, table: ApiTable, dropped: set[str]) -> ReadSince:
        def read(since: datetime | None) -> Iterator[pa.Table]:
            query = self.salesforce.query(sobject, table, since, without=dropped)
            if query is None:
                raise Unlisted
            try:
                if query.cursor:
                    yield from self._changes(table, query)
                else:
                    yield from read_pages(table, self.salesforce.pages(query))
            except ApiError as error:
                if not self.salesforce.is_hidden(sobject.name, error):
                    raise
                raise Unlisted from error

        return read

    def _changes(self, table: ApiTable, query: Query) -> Iterator[pa.Table]:
        """The rows of a query in the order of their cursor, until now or until a bulk job was begun."""
        folder = Path(dlt.current.pipeline().pipelines_dir) / "salesforce_bulk" / table.name
        result = BulkResult(folder, self.salesforce, table)
        try:
            if result.covers(query):
                # Of an earlier load: what changed since is read by the slice after this one.
                self.slice.is_cut = True
            else:
                pages = self._pages(query)
                if pages is not None:
                    result.discard()
                    yield from read_pages(table, pages)
                    return
                result.begin(query)
            yield from result.rows(query.since)
            result.discard()
        except BulkError as error:
            _log.warning("Salesforce: %s is read page by page, for %s", query.sobject, error)
            result.discard()
            yield from read_pages(table, self.salesforce.pages(query))

    def _pages(self, query: Query) -> Iterator[Response] | None:
        """The pages of a query; none where there are so many rows that a bulk job has to read them.

        To put all rows of a big object in order takes the system longer than it lets a client wait. So a first load
        asks how many there are before it asks for them.
        """
        try:
            if not query.since:
                rows = total_size(self.salesforce.count(query, self.bulk_from_rows))
                if not rows or rows >= self.bulk_from_rows:
                    return None if rows else iter(())
            pages = self.salesforce.pages(query)
            first = next(pages)
        except ApiError as error:
            if not is_too_big(error):
                raise
            return None
        return None if total_size(first) >= self.bulk_from_rows else chain([first], pages)

    def unavailable(self, tables: dict[SObject, ApiTable]) -> pa.Table:
        """What is read of objects and fields that the user may not see, or the organisation does not have."""
        rows: list[dict[str, str]] = []
        for sobject, table in tables.items():
            visible = self.salesforce.describe(sobject.name).fields
            if not visible:
                rows.append({"object": sobject.name, "field": "*", "reason": "the user may not see the object"})
                continue
            for field in table.fields:
                if field.path not in visible:
                    reason = "the user may not see the field"
                    rows.append({"object": sobject.name, "field": field.path, "reason": reason})
        if not self._has_currencies:
            rows = [row for row in rows if row["object"] != CURRENCY_TYPE]
            rows = [row for row in rows if row["object"] != DATED_RATE and row["field"] != CURRENCY_FIELD]
        for row in rows:
            name = row["object"] if row["field"] == "*" else f"{row['object']}.{row['field']}"
            _log.warning("Salesforce: %s is not read: %s, or there is none", name, row["reason"])
        return pa.Table.from_pylist(rows, UNAVAILABLE.empty().schema)

    @property
    def _has_currencies(self) -> bool:
        """Whether the organisation uses several currencies: if so, opportunities have one each."""
        return (
            self.salesforce.describe(CURRENCY_TYPE).is_visible
            or CURRENCY_FIELD in self.salesforce.describe("Opportunity").fields
        )
