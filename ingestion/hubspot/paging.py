"""How HubSpot's lists are gone through, as paginators of dlt's REST client.

Belongs here: the next request after an answer. Does not belong here: what is done with the records.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator, JSONResponseCursorPaginator
from requests import Request, Response

from ingestion.hubspot.tables import modified_property

# Of lists, and of searches: https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm.
PAGE_SIZE = 100
SEARCH_PAGE_SIZE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def list_paginator() -> JSONResponseCursorPaginator:
    """Of the plain lists: the answer names the place after which to go on."""
    return JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")


class WindowPaginator(BasePaginator):
    """Goes through the records that changed within a span of time, by their ids.

    Search does not keep to the order of the last change: records come out of it, near the present most of all, some
    with a new moment at the place of their old one. An id never changes, so that the records after one id are the
    same whatever happens meanwhile. Every request is the first page of a query of its own, never `after`: the 10,000
    results after which HubSpot ends a query are not met, and a record that leaves the span while pages are read
    pushes no other one over the border between two pages.

    `start` and `end` (inclusive) are milliseconds since 1970, what HubSpot compares times by.
    """

    def __init__(self, object_type: str, properties: list[str], start: int, end: int) -> None:
        super().__init__()
        self._modified = modified_property(object_type)
        self._properties = properties
        self._start, self._end = start, end
        self._last_id = 0

    def init_request(self, request: Request) -> None:
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        records = data or []
        # A page may be short of records that were deleted meanwhile; only the answer knows whether it is the last.
        self._has_next_page = bool(records) and "paging" in response.json()
        if self._has_next_page:
            # What changed since it was indexed may stand anywhere.
            settled = [record for record in records if self._changed_at(record) <= self._end] or records
            self._last_id = max(int(record["id"]) for record in settled)

    def update_request(self, request: Request) -> None:
        filters = [
            {"propertyName": self._modified, "operator": "GTE", "value": str(self._start)},
            {"propertyName": self._modified, "operator": "LTE", "value": str(self._end)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": str(self._last_id)},
        ]
        request.json = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": SEARCH_PAGE_SIZE,
        }

    def _changed_at(self, record: dict[str, Any]) -> int:
        return milliseconds(datetime.fromisoformat(record["properties"][self._modified]))


class AssociationsPaginator(BasePaginator):
    """Goes on with the records of a batch that have more associations than one answer holds.

    Each record of an answer says for itself where its list goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._inputs: list[dict[str, str]] = []

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self._inputs = [
            {"id": record["from"]["id"], "after": record["paging"]["next"]["after"]}
            for record in data or []
            if record.get("paging", {}).get("next")
        ]
        self._has_next_page = bool(self._inputs)

    def update_request(self, request: Request) -> None:
        request.json = {"inputs": self._inputs}


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment."""
    return (moment - _EPOCH) // _MILLISECOND
