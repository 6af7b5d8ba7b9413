"""HubSpot's endpoints: what is asked, and the answers as Arrow tables.

Belongs here: paths, batches, limits. Does not belong here: what becomes of a table (`ingestion.hubspot.source`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from requests import PreparedRequest, Response
from requests.auth import AuthBase

from ingestion.api.client import ApiClient, ApiError, message_of
from ingestion.api.tables import PAGES_PER_BATCH, ApiTable, batched, read_json
from ingestion.hubspot.paging import (
    PAGE_SIZE,
    SEARCH_PAGE_SIZE,
    AssociationsPaginator,
    WindowPaginator,
    list_paginator,
    milliseconds,
)
from ingestion.hubspot.tables import (
    CALL_DISPOSITIONS,
    CAMPAIGN_COSTS,
    CAMPAIGNS,
    DEAL_HISTORY,
    EXCHANGE_RATES,
    LEAD_STAGES,
    OWNERS,
    PIPELINE_STAGES,
    PIPELINES,
    PROPERTIES,
    TRACKED_PROPERTIES,
)

# HubSpot supports a version of its API for 18 months: https://developers.hubspot.com/docs/developer-tooling/platform/versioning
API_VERSION = "2026-09"
OWNERS_PATH = f"/crm/owners/{API_VERSION}"
DEAL_PIPELINES_PATH = f"/crm/pipelines/{API_VERSION}/deals"
_LEAD_PIPELINES = f"/crm/pipelines/{API_VERSION}/leads"
_CAMPAIGNS = f"/marketing/campaigns/{API_VERSION}"
EXCHANGE_RATES_PATH = f"/settings/currencies/{API_VERSION}/exchange-rates"
# The only path without a dated version so far.
_CALL_DISPOSITIONS = "/calling/v1/dispositions"

# Records of one batch request: https://developers.hubspot.com/docs/api/crm/deals#retrieve-deals. With history 50.
BATCH_SIZE = 100
HISTORY_BATCH_SIZE = 50
# https://developers.hubspot.com/changelog/bug-fix-batch-read-limit-for-hubspot-associations-api
ASSOCIATIONS_BATCH_SIZE = 1000
_OWNERS_PAGE_SIZE = 500
# Records that are read in one piece, in memory; a span of time with more is split.
RECORDS_PER_WINDOW = PAGES_PER_BATCH * SEARCH_PAGE_SIZE
# No record is older than HubSpot. A question that begins with 1970 is answered with a server error.
_FIRST_CHANGE = datetime(2006, 1, 1)
# The type id of "deal to its primary company"; the label is in the account's language.
_PRIMARY_COMPANY = "5"


class DailyLimitError(ApiError):
    """The account's requests of this day are used up; nothing is to be gained from waiting some minutes."""


class TokenAuth(AuthBase):
    """A service key or a private app's access token, and the daily limit, which no retry may wait for.

    https://developers.hubspot.com/docs/guides/apps/api-usage/usage-details
    """

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        request.register_hook("response", self._stop_at_daily_limit)
        return request

    @staticmethod
    def _stop_at_daily_limit(response: Response, *_: Any, **__: Any) -> None:
        if response.status_code == 429 and "DAILY" in message_of(response):
            raise DailyLimitError(
                "HubSpot: the daily limit of API requests is reached; it is reset at midnight of the account's time "
                "zone, and the next refresh goes on from what was loaded"
            )


class HubSpot:
    """One account, read through its API. All methods raise ApiError."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def changes(
        self, table: ApiTable, since: datetime | None, settled_until: datetime, until: datetime
    ) -> Iterator[pa.Table]:
        """The records that changed from `since` (None: ever) to `until`; moments are naive UTC.

        Those that changed until `settled_until` come in spans of time, earliest first. What is younger comes last, as
        far as search shows it yet: a record that something touches before every load would else never be seen.
        """
        settled_end = _milliseconds(settled_until)
        yield from self._settled(table, _milliseconds(since or _FIRST_CHANGE), settled_end)
        latest = self._search(table, settled_end + 1, _milliseconds(until))
        for bodies in batched(latest):
            yield table.read(bodies, "results")

    def _settled(self, table: ApiTable, start: int, end: int) -> Iterator[pa.Table]:
        """The records that changed within a span of time, in spans that are small enough or one moment.

        A batch update can give one moment to any number of records. What changed again since it was indexed, and so is
        younger than its span, is left to the question that asks for its time.
        """
        bodies = self._search(table, start, end)
        first = next(bodies)
        if start < end and json.loads(first)["total"] > RECORDS_PER_WINDOW:
            middle = (start + end) // 2
            yield from self._settled(table, start, middle)
            yield from self._settled(table, middle + 1, end)
            return
        bodies = chain([first], bodies)
        last = pa.scalar(datetime.fromtimestamp(end / 1000, UTC).replace(tzinfo=None), pa.timestamp("us"))
        for part in batched(bodies) if start == end else [list(bodies)]:
            rows = table.read(part, "results")
            yield rows.filter(pc.less_equal(rows[table.cursor], last))

    def _search(self, table: ApiTable, start: int, end: int) -> Iterator[bytes]:
        paginator = WindowPaginator(table.name, _properties(table), start, end)
        for page in self._client.pages(objects_path(table.name, "search"), paginator, "results", json={}):
            yield page.content

    def deal_history(self, deal_ids: Sequence[str]) -> Iterator[pa.Table]:
        """The past values of the deals' tracked properties; deals that are gone meanwhile have none."""
        asked = {"propertiesWithHistory": list(TRACKED_PROPERTIES)}
        answers = self._batch_read("deals", deal_ids, HISTORY_BATCH_SIZE, asked)
        change = {"value": "VARCHAR", "timestamp": "VARCHAR", "sourceType": "VARCHAR", "updatedByUserId": "VARCHAR"}
        structure = {
            "results": [
                {"id": "VARCHAR", "propertiesWithHistory": {name: [change] for name in TRACKED_PROPERTIES}},
            ]
        }
        changes = " UNION ALL ".join(
            f"SELECT deal.id, '{name}' AS property, unnest(deal.\"propertiesWithHistory\".{name}) AS change, "
            f'generate_subscripts(deal."propertiesWithHistory".{name}, 1) AS newest_first FROM deals'
            for name in TRACKED_PROPERTIES
        )
        # Two values of one moment are rare (merged deals); the list's first one is the later.
        query = f"""
            , deals AS (SELECT unnest(body.results) AS deal FROM pages), changes AS ({changes})
            SELECT id AS deal_id, property, change."timestamp" AS changed_at, nullif(change."value", '') AS value,
                change."sourceType" AS source_type, change."updatedByUserId" AS updated_by_user_id
            FROM changes
            QUALIFY row_number() OVER (PARTITION BY id, property, change."timestamp" ORDER BY newest_first) = 1
        """
        for bodies in batched(answers):
            yield read_json(bodies, structure, query).select(DEAL_HISTORY.columns)

    def associations(
        self, table: ApiTable, from_object: str, to_objects: Sequence[str], record_ids: Sequence[str]
    ) -> Iterator[pa.Table]:
        """What the records are connected to: a row for each record and kind, also where there is nothing."""
        structure = {
            "results": [
                {
                    "from": {"id": "VARCHAR"},
                    "to": [{"toObjectId": "VARCHAR", "associationTypes": [{"typeId": "VARCHAR"}]}],
                }
            ]
        }
        id_column = table.columns[0]
        for to_object in to_objects:
            query = f"""
                , records AS (SELECT unnest(body.results) AS record FROM pages),
                connections AS (SELECT record."from".id AS id, unnest(record."to") AS other FROM records),
                others AS (
                    SELECT id, to_json(list(DISTINCT other."toObjectId" ORDER BY other."toObjectId")) AS ids,
                        min(other."toObjectId") FILTER (list_contains(
                            list_transform(other."associationTypes", lambda each: each."typeId"), '{_PRIMARY_COMPANY}'
                        )) AS primary_id
                    FROM connections GROUP BY id
                )
                SELECT DISTINCT record."from".id AS "{id_column}", '{to_object}' AS to_object,
                    coalesce(CAST(others.ids AS VARCHAR), '[]') AS ids, others.primary_id
                FROM records LEFT JOIN others ON others.id = record."from".id
            """
            path = f"/crm/associations/{API_VERSION}/{from_object}/{to_object}/batch/read"
            for ids in _batches(record_ids, ASSOCIATIONS_BATCH_SIZE):
                inputs = {"inputs": [{"id": each} for each in ids]}
                pages = self._client.pages(path, AssociationsPaginator(), "results", json=inputs)
                # A record without associations is in no answer: this says that it was asked for.
                asked = json.dumps({"results": [{"from": {"id": each}, "to": []} for each in ids]}).encode()
                yield read_json([asked, *(page.content for page in pages)], structure, query).select(table.columns)

    def owners(self) -> pa.Table:
        """Owners, archived ones included; one who is in both lists is active."""
        bodies = [
            page.content
            for archived in ("false", "true")
            for page in self._client.pages(
                OWNERS_PATH, list_paginator(), "results", {"limit": _OWNERS_PAGE_SIZE, "archived": archived}
            )
        ]
        query = f"""
            SELECT {OWNERS.select_list()} FROM (SELECT unnest(body.results) AS record FROM pages)
            QUALIFY row_number() OVER (PARTITION BY record.id ORDER BY record.archived) = 1
        """
        return read_json(bodies, {"results": [OWNERS.structure]}, query)

    def pipelines(self) -> pa.Table:
        """The pipelines of deals."""
        return PIPELINES.read([self._deal_pipelines], "results")

    def pipeline_stages(self) -> pa.Table:
        """The stages of all pipelines of deals."""
        return _stages(PIPELINE_STAGES, self._deal_pipelines)

    def lead_stages(self) -> Iterator[pa.Table]:
        """The stages of all pipelines of leads."""
        yield _stages(LEAD_STAGES, self._client.get(_LEAD_PIPELINES).content)

    def call_dispositions(self) -> pa.Table:
        """The outcomes of calls; the answer is a bare list."""
        body = self._client.get(_CALL_DISPOSITIONS).content
        return CALL_DISPOSITIONS.read([b'{"results":' + body + b"}"], "results")

    def exchange_rates(self) -> Iterator[pa.Table]:
        """The rates of the account's currencies, past ones included."""
        pages = self._client.pages(EXCHANGE_RATES_PATH, list_paginator(), "results", {"limit": PAGE_SIZE})
        for bodies in batched(page.content for page in pages):
            yield EXCHANGE_RATES.read(bodies, "results")

    def campaigns(self) -> Iterator[pa.Table]:
        """The marketing campaigns."""
        params = {"limit": PAGE_SIZE, PROPERTIES: ",".join(_properties(CAMPAIGNS))}
        pages = self._client.pages(_CAMPAIGNS, list_paginator(), "results", params)
        for bodies in batched(page.content for page in pages):
            yield CAMPAIGNS.read(bodies, "results")

    def campaign_costs(self, spent_by_id: Mapping[str, bool]) -> Iterator[pa.Table]:
        """What was spent on campaigns. Those on which nothing was, by `spent_by_id`, are not asked about."""
        answers = (self._campaign_costs(each, is_spent) for each, is_spent in spent_by_id.items())
        for bodies in batched(body for body in answers if body):
            yield CAMPAIGN_COSTS.read(bodies, "results")

    def _campaign_costs(self, campaign_id: str, is_spent: bool) -> bytes:
        totals = b'{"spendItems": []}'
        if is_spent:
            try:
                totals = self._client.get(f"{_CAMPAIGNS}/{campaign_id}/budget/totals").content
            except ApiError as error:
                # Deleted since it was listed; the next list lacks it.
                if error.response is None or error.response.status_code != 404:
                    raise
                return b""
        return b'{"results": [{"campaign_id": %b, "totals": %b}]}' % (json.dumps(campaign_id).encode(), totals)

    def archived(self, object_type: str) -> pa.Table:
        """The records of a kind in the recycle bin."""
        params = {"limit": PAGE_SIZE, "archived": "true", "properties": "hs_object_id"}
        pages = self._client.pages(objects_path(object_type), list_paginator(), "results", params)
        query = f"""
            SELECT '{object_type}' AS object_type, record.id, record."archivedAt" AS archived_at, 'false' AS is_purged
            FROM (SELECT unnest(body.results) AS record FROM pages)
        """
        bodies = [page.content for page in pages]
        return read_json(bodies, {"results": [{"id": "VARCHAR", "archivedAt": "VARCHAR"}]}, query)

    def living(self, object_type: str, record_ids: Sequence[str]) -> set[str]:
        """Which of the ids are records now. One that was merged away answers with another id, and is not."""
        answers = self._batch_read(object_type, record_ids, BATCH_SIZE, {PROPERTIES: ["hs_object_id"]})
        found = {record["id"] for body in answers for record in json.loads(body)["results"]}
        return found & set(record_ids)

    def _batch_read(
        self, object_type: str, record_ids: Sequence[str], size: int, asked: Mapping[str, Any]
    ) -> Iterator[bytes]:
        for ids in _batches(record_ids, size):
            body = {PROPERTIES: [], **asked, "inputs": [{"id": each} for each in ids]}
            yield self._client.post(objects_path(object_type, "batch/read"), body).content

    @cached_property
    def _deal_pipelines(self) -> bytes:
        return self._client.get(DEAL_PIPELINES_PATH).content


def _stages(table: ApiTable, pipelines: bytes) -> pa.Table:
    """The stages that are listed within an answer's pipelines."""
    stage = {name: shape for name, shape in table.structure.items() if name != "pipeline_id"}
    query = f"""
        , pipelines AS (SELECT unnest(body.results) AS pipeline FROM pages),
        stages AS (SELECT pipeline.id AS pipeline_id, unnest(pipeline.stages) AS stage FROM pipelines),
        records AS (SELECT struct_insert(stage, pipeline_id := pipeline_id) AS record FROM stages)
        SELECT {table.select_list()} FROM records
    """
    return read_json([pipelines], {"results": [{"id": "VARCHAR", "stages": [stage]}]}, query)


def objects_path(object_type: str, action: str = "") -> str:
    return f"/crm/objects/{API_VERSION}/{object_type}/{action}".rstrip("/")


def _milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of a naive moment in UTC."""
    return milliseconds(moment.replace(tzinfo=UTC))


def _properties(table: ApiTable) -> list[str]:
    """The names of the properties that a table's columns are read from."""
    return [".".join(field.steps[1:]) for field in table.fields if field.steps[0] == PROPERTIES]


def _batches(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
