"""How HubSpot's lists are gone through, as paginators of dlt's REST client.

Belongs here: the next request after an answer. Does not belong here: what is done with the records.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator, JSONResponseCursorPaginator
from requests import Request, Response

from ingestion.hubspot.tables import modified_property

PAGE_SIZE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def list_paginator() -> JSONResponseCursorPaginator:
    """Of the plain lists: the answer names the place after which to go on."""
    return JSONResponseCursorPaginator(cursor_path="paging.next.after", cursor_param="after")


class ChangesPaginator(BasePaginator):
    """Goes through a search in the order of the records' last change, from the last moment and id that were seen.

    Every request is the first page of a query of its own, never `after`. So the 10,000 results after which HubSpot
    ends a query are not met, and a record that changes while pages are read, and moves to the end of the order,
    does not push another one over the border between two pages. The moment of the last record is asked for again:
    others may share it. Where a whole page shares one moment (a batch update can give it to any number of records,
    and a search sorts by one property only), that moment is read by id, and then left behind.
    """

    def __init__(self, object_type: str, properties: list[str], since: datetime | None) -> None:
        super().__init__()
        self._modified = modified_property(object_type)
        self._properties = properties
        # Milliseconds since 1970, what HubSpot compares times by.
        self._since = milliseconds(since.replace(tzinfo=UTC)) if since else 0
        # The last id that was seen of the records of the moment `_since`, while they are read by id.
        self._last_id: int | None = None

    def init_request(self, request: Request) -> None:
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        records = data or []
        is_full = len(records) == PAGE_SIZE
        if self._last_id is not None:
            if is_full:
                self._last_id = max(int(record["id"]) for record in records)
            else:
                self._last_id = None
                self._since += 1
        elif is_full:
            first, last = (self._changed_at(records[at]) for at in (0, -1))
            self._since = last
            if first == last:
                self._last_id = 0
        else:
            self._has_next_page = False

    def update_request(self, request: Request) -> None:
        filters = [{"propertyName": self._modified, "operator": "GTE", "value": str(self._since)}]
        sorted_by = self._modified
        if self._last_id is not None:
            filters = [
                {"propertyName": self._modified, "operator": "EQ", "value": str(self._since)},
                {"propertyName": "hs_object_id", "operator": "GT", "value": str(self._last_id)},
            ]
            sorted_by = "hs_object_id"
        request.json = {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": sorted_by, "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": PAGE_SIZE,
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
