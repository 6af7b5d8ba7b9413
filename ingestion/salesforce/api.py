"""One organisation of Salesforce, read through its REST API: what the user may see of an object, and its records.

Belongs here: describe, SOQL, paging. Does not belong here: bulk jobs (`ingestion.salesforce.bulk`), or what becomes
of the records (`ingestion.salesforce.source`).

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from requests import Response

from ingestion.api.client import ApiClient, ApiError
from ingestion.api.tables import ApiTable, batched
from ingestion.salesforce.session import Login, connect
from ingestion.salesforce.tables import SObject

# A page holds up to 2,000 records, about 1 MB.
PAGES_PER_BATCH = 10

# How a query is refused for what the user may not see, where describe did not say so already.
_HIDDEN_CODES = {"INVALID_TYPE", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"}
# How a query is refused, with 400, that takes the system longer than two minutes, or would.
_TOO_BIG_CODES = {"QUERY_TIMEOUT", "OPERATION_TOO_LARGE"}


@dataclass(frozen=True)
class Description:
    """What the user may see of an object: the types of its fields by name, none where the object itself is hidden."""

    fields: dict[str, str]

    @property
    def is_visible(self) -> bool:
        return bool(self.fields)


@dataclass(frozen=True)
class Query:
    """A query of one object's fields, whose rows changed from `since` on (naive UTC)."""

    sobject: str
    fields: tuple[str, ...]
    condition: str = ""
    cursor: str = ""
    since: datetime | None = None
    with_deleted: bool = False

    def text(self, is_ordered: bool = True) -> str:
        """SOQL. Only names that describe gave, and moments, are put into it."""
        order = f" ORDER BY {self.cursor}, Id" if self.cursor and is_ordered else ""
        return f"SELECT {', '.join(self.fields)} {self._source}{order}"

    def count_text(self, limit: int) -> str:
        """SOQL that counts the rows, up to `limit`: the system stops there."""
        return f"SELECT COUNT() {self._source} LIMIT {limit}"

    @property
    def _source(self) -> str:
        conditions = [f"({self.condition})"] if self.condition else []
        if self.since:
            conditions.append(f"{self.cursor} >= {soql_moment(self.since)}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"FROM {self.sobject}{where}"


class Salesforce:
    """The organisation; logs in when it is first asked. All methods raise ApiError."""

    def __init__(self, client: ApiClient, login: Login, api_version: str) -> None:
        self._unconnected = client
        self._login = login
        self._path = f"/services/data/v{api_version}"
        self._descriptions: dict[str, Description] = {}

    @cached_property
    def client(self) -> ApiClient:
        connect(self._login, self._unconnected)
        return self._unconnected

    def path(self, resource: str) -> str:
        return f"{self._path}/{resource}"

    def describe(self, sobject: str) -> Description:
        """What the user may see of an object now; asked once a load."""
        if sobject not in self._descriptions:
            self._descriptions[sobject] = self._describe(sobject)
        return self._descriptions[sobject]

    def _describe(self, sobject: str) -> Description:
        try:
            answer = self.client.get(self.path(f"sobjects/{sobject}/describe")).json()
        except ApiError as error:
            # An object that the organisation does not have, or the user may not see, is one that does not exist.
            if error.response is not None and error.response.status_code == 404:
                return Description({})
            raise
        if not answer.get("queryable", True):
            return Description({})
        return Description({field["name"]: field["type"] for field in answer["fields"]})

    def is_hidden(self, sobject: str, error: ApiError) -> bool:
        """Whether a query was refused because the user may not see the object; from then on it has no fields."""
        is_hidden = error_code(error) in _HIDDEN_CODES
        if is_hidden:
            self._descriptions[sobject] = Description({})
        return is_hidden

    def query(self, sobject: SObject, table: ApiTable, since: datetime | None, without: set[str]) -> Query | None:
        """The query of an object's visible fields; None where the object is hidden. `without` are columns."""
        visible = self.describe(sobject.name).fields
        if not visible:
            return None
        fields = {field.name: ".".join(field.steps) for field in table.fields}
        asked = tuple(path for name, path in fields.items() if path in visible and name not in without)
        condition = " OR ".join(text for field, text in sobject.conditions if field in visible)
        return Query(
            sobject.name,
            asked,
            condition,
            fields.get(table.cursor, "") if fields.get(table.cursor) in visible else "",
            since,
            with_deleted=sobject.has_recycle_bin,
        )

    def pages(self, query: Query) -> Iterator[Response]:
        """The pages of a query in the order of its cursor."""
        paginator = JSONLinkPaginator("nextRecordsUrl")
        return self.client.pages(self._resource(query), paginator, "records", {"q": query.text()})

    def count(self, query: Query, limit: int) -> Response:
        """How many rows a query has, up to a limit: an answer for `total_size`."""
        return self.client.get(self._resource(query), {"q": query.count_text(limit)})

    def _resource(self, query: Query) -> str:
        return self.path("queryAll" if query.with_deleted else "query")


def read_pages(table: ApiTable, pages: Iterator[Response]) -> Iterator[pa.Table]:
    """Pages of a query as Arrow tables."""
    for bodies in batched((page.content for page in pages), PAGES_PER_BATCH):
        yield table.read(bodies, "records")


def total_size(page: Response) -> int:
    """How many rows a query has, as each of its pages says."""
    return int(page.json()["totalSize"])


def is_too_big(error: ApiError) -> bool:
    """Whether a query was refused because it takes too long to be answered while the client waits."""
    return error_code(error) in _TOO_BIG_CODES


def soql_moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"


def error_code(error: ApiError) -> str:
    """The vendor's code of a refusal, like INVALID_TYPE; empty where there is none."""
    try:
        body: Any = error.response.json() if error.response is not None else None
    except ValueError:
        return ""
    return str(body[0].get("errorCode", "")) if isinstance(body, list) and body else ""
