"""HubSpot's API over real HTTP on 127.0.0.1, as its documentation describes it, faults included.

Belongs here: requests, limits and errors. Does not belong here: what the account holds (`account`).

Sources: the guides and references below https://developers.hubspot.com/docs/api-reference/latest (search, deals,
owners, pipelines, associations, leads, calls, goals, currencies, campaigns) and
https://developers.hubspot.com/docs/guides/apps/api-usage/usage-details. Paths are answered with the dated version and
with the numbered one before it, as HubSpot does until September 2027.

What no guide says of search, other people's connectors do: the threads of estuary/connectors (#1861, and the pull
requests 2210, 4595 and 5180), of airbytehq/airbyte (#43317) and their sources.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ingestion.http_server import Answer, Asked, HttpServer
from tests.ingestion.hubspot.account import OBJECT_TYPES, Account, Record, iso, modified_property

# The documented limits.
RESULTS_PER_QUERY = 10_000
SEARCH_PAGE = 200
BATCH = 100
ASSOCIATIONS_BATCH = 1000
HISTORY_BATCH = 50
LIST_PAGE = 100
OWNERS_PAGE = 500

# Nearer to the present than this, search is not to be trusted.
UNSETTLED_SECONDS = 300

_OBJECTS = re.compile(r"/crm/(?:objects/2026-09|v3/objects)/(\w+)(/search|/batch/read)?")
_ASSOCIATIONS = re.compile(r"/crm/(?:associations/2026-09|v4/associations)/(\w+)/(\w+)/batch/read")
_OWNERS = ("/crm/owners/2026-09", "/crm/v3/owners")
_PIPELINES = ("/crm/pipelines/2026-09/deals", "/crm/v3/pipelines/deals")
_LEAD_PIPELINES = ("/crm/pipelines/2026-09/leads", "/crm/v3/pipelines/leads")
_CAMPAIGNS = re.compile(r"/marketing/(?:campaigns/2026-09|v3/campaigns)(?:/([\w-]+)/budget/totals)?")
_RATES = ("/settings/currencies/2026-09/exchange-rates", "/settings/v3/currencies/exchange-rates")

_TIMES = {"createdate", "hs_createdate", "closedate", "hs_timestamp", "lastmodifieddate", "hs_lastmodifieddate"}


@dataclass
class Fault:
    """The answer to the next `times` requests whose path contains `path`, in place of the account's."""

    path: str
    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


def rate_limit(policy: str, retry_after_seconds: int | None, path: str = "/", times: int = 1) -> Fault:
    """HubSpot's answer where a limit is exceeded; `policy` is TEN_SECONDLY_ROLLING, SECONDLY or DAILY."""
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
        "policyName": policy,
    }
    return Fault(path, 429, body, headers, times)


class RefusedError(Exception):
    """A request that HubSpot refuses."""

    def __init__(self, status: int, message: str, category: str = "VALIDATION_ERROR") -> None:
        super().__init__(message)
        self.status, self.message, self.category = status, message, category


class HubSpotApi(HttpServer):
    """Answers requests about one account.

    `paths` counts requests by method and path, `associations_page` is how many associations of one record are in an
    answer, `before_answer` is called with each path, for changes while pages are read.

    `stale` are ids that search finds by what its index knows, last on a page, but shows as the records are now.
    `is_unsettled` lets a search that reaches up to the present give its page in no order, with its first record twice
    and without its last one.
    """

    def __init__(self, account: Account, token: str) -> None:
        self.account = account
        self.token = token
        self.faults: list[Fault] = []
        self.paths: Counter[str] = Counter()
        self.associations_page = 500
        self.before_answer: Any = None
        self.stale: set[str] = set()
        self.is_unsettled = False
        # Among equals, HubSpot promises no order.
        self._random = random.Random(0)
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer:
        status, content, headers = self.answer(asked.method, asked.target, asked.headers, asked.body)
        return status, {"Content-Type": "application/json;charset=utf-8", **headers}, content

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON and headers of the answer to one request."""
        url = urlsplit(target)
        with self._lock:
            self.paths[f"{method} {url.path}"] += 1
            if self.before_answer:
                self.before_answer(url.path)
            for fault in self.faults:
                if fault.path in url.path and fault.times > 0:
                    fault.times -= 1
                    return fault.status, fault.body, fault.headers
            try:
                if headers.get("Authorization") != f"Bearer {self.token}":
                    message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
                    raise RefusedError(401, message, "INVALID_AUTHENTICATION")
                params = {name: values[-1] for name, values in parse_qs(url.query).items()}
                status, answer = self._route(method, url.path.rstrip("/"), params, json.loads(body) if body else {})
                return status, answer, {}
            except RefusedError as refused:
                return refused.status, _error(refused), {}

    @property
    def request_count(self) -> int:
        return sum(self.paths.values())

    def _route(self, method: str, path: str, params: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        if method == "GET" and path in _OWNERS:
            return 200, self._owners(params)
        if method == "GET" and path in _PIPELINES:
            return 200, {"results": self.account.pipelines}
        if method == "GET" and path in _LEAD_PIPELINES:
            return 200, {"results": self.account.lead_pipelines}
        if method == "GET" and (found := _CAMPAIGNS.fullmatch(path)):
            return 200, self._budget(found[1]) if found[1] else self._campaigns(params)
        if method == "GET" and path == "/calling/v1/dispositions":
            return 200, self.account.dispositions
        if method == "GET" and path in _RATES:
            limit = _limit(params.get("limit", 100), LIST_PAGE)
            return 200, _page(self.account.exchange_rates, int(params.get("after", 0)), limit)
        if (found := _OBJECTS.fullmatch(path)) and found[1] in OBJECT_TYPES:
            object_type, action = found[1], found[2]
            if method == "GET" and not action:
                return 200, self._list(object_type, params)
            if method == "POST" and action == "/search":
                return 200, self._search(object_type, body)
            if method == "POST" and action == "/batch/read":
                return self._batch_read(object_type, body)
        if method == "POST" and (found := _ASSOCIATIONS.fullmatch(path)):
            return self._associations(found[1], found[2], body)
        raise RefusedError(404, f"resource not found: {method} {path}", "OBJECT_NOT_FOUND")

    def _owners(self, params: dict[str, str]) -> dict[str, Any]:
        archived = params.get("archived", "false").lower() == "true"
        listed = [owner for owner in self.account.owners if owner["archived"] == archived]
        return _page(listed, int(params.get("after", 0)), _limit(params.get("limit", 100), OWNERS_PAGE))

    def _campaigns(self, params: dict[str, str]) -> dict[str, Any]:
        """Campaigns with the properties that were asked for; one that is unknown or empty is in no answer."""
        asked = params.get("properties", "").split(",")
        listed = [
            {**each, "properties": {name: each["properties"][name] for name in asked if each["properties"].get(name)}}
            for each in self.account.campaigns
        ]
        page = _page(listed, int(params.get("after", 0)), _limit(params.get("limit", 50), LIST_PAGE))
        return {"total": len(listed), **page}

    def _budget(self, campaign_id: str) -> dict[str, Any]:
        if campaign_id not in {each["id"] for each in self.account.campaigns}:
            raise RefusedError(404, f"Campaign {campaign_id} not found", "OBJECT_NOT_FOUND")
        budget = self.account.budgets[campaign_id]
        return {**budget, "spendTotal": sum(item["amount"] for item in budget["spendItems"])}

    def _list(self, object_type: str, params: dict[str, str]) -> dict[str, Any]:
        archived = params.get("archived", "false").lower() == "true"
        names = [name for each in params.get("properties", "").split(",") if (name := each.strip())]
        after = int(params.get("after", 0))
        records = sorted(
            (r for r in self.account.records[object_type].values() if bool(r.archived_at) == archived),
            key=lambda record: int(record.id),
        )
        limit = _limit(params.get("limit", 10), LIST_PAGE)
        left = [record for record in records if int(record.id) >= after]
        answer: dict[str, Any] = {"results": [self._shown(object_type, r, names) for r in left[:limit]]}
        if len(left) > limit:
            answer["paging"] = {"next": {"after": left[limit].id, "link": "https://api.hubapi.com/"}}
        return answer

    def _search(self, object_type: str, body: dict[str, Any]) -> dict[str, Any]:
        limit = _limit(body.get("limit", 10), SEARCH_PAGE)
        after = int(body.get("after") or 0)
        if after + limit > RESULTS_PER_QUERY:
            raise RefusedError(400, "The maximum number of results that can be paged through is 10000.")
        if len(body.get("sorts", [])) > 1:
            raise RefusedError(400, "Only one sorting rule can be applied to any search.")
        groups = body.get("filterGroups", [])
        if len(groups) > 5 or any(len(group["filters"]) > 6 for group in groups):
            raise RefusedError(400, "Too many filters.")
        filters = [each for group in groups for each in group["filters"] if each["propertyName"] in _TIMES]
        if any(_comparable(each["propertyName"], each["value"]) == 0 for each in filters):
            raise RefusedError(500, "internal error")
        found = [
            (record_id, properties)
            for record_id, properties in self.account.index[object_type].items()
            if not groups or any(all(_holds(f, properties) for f in group["filters"]) for group in groups)
        ]
        self._random.shuffle(found)
        for sort in body.get("sorts", []):
            name = sort["propertyName"]
            found.sort(
                key=lambda each: _comparable(name, each[1].get(name) or "0"),
                reverse=sort.get("direction") == "DESCENDING",
            )
        late = [each for each in found if each[0] in self.stale]
        found = [each for each in found if each[0] not in self.stale]
        for record_id, _ in late:
            record = self.account.records[object_type][record_id]
            found.insert(after + limit - 1, (record_id, dict(record.properties)))
        answer = {"total": len(found), **_page(found, after, limit)}
        if self.is_unsettled and not any(self._is_settled(each) for each in filters):
            answer["results"] = [*answer["results"][-2::-1], *answer["results"][:1]]
        asked = body.get("properties", [])
        answer["results"] = [
            {
                "id": record_id,
                "properties": _selected(object_type, properties, asked),
                "createdAt": properties.get("createdate") or properties.get("hs_createdate"),
                "updatedAt": properties[modified_property(object_type)],
                "archived": False,
            }
            for record_id, properties in answer["results"]
        ]
        return answer

    @staticmethod
    def _is_settled(condition: dict[str, Any]) -> bool:
        """Whether a condition keeps a search away from the present."""
        before = (time.time() - UNSETTLED_SECONDS) * 1000
        value = _comparable(condition["propertyName"], condition["value"])
        return condition["operator"] in ("LT", "LTE", "EQ") and float(value) <= before

    def _batch_read(self, object_type: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with_history = body.get("propertiesWithHistory") or []
        inputs = body.get("inputs", [])
        if len(inputs) > (HISTORY_BATCH if with_history else BATCH):
            raise RefusedError(400, f"The maximum number of inputs is {HISTORY_BATCH if with_history else BATCH}.")
        results, missing = [], []
        for each in inputs:
            record = self.account.records[object_type].get(self.account.resolve(object_type, each["id"]))
            if record is None or record.archived_at:
                missing.append(each["id"])
                continue
            shown = self._shown(object_type, record, body.get("properties", []))
            if with_history:
                shown["propertiesWithHistory"] = {name: record.history.get(name, []) for name in with_history}
            results.append(shown)
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, **_timing()}
        if not missing:
            return 200, answer
        message = (
            f"Could not get some {object_type} objects, they may be deleted or not exist. Check that ids are valid."
        )
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": missing}}
        return 207, {**answer, "numErrors": 1, "errors": [error]}

    def _associations(self, from_object: str, to_object: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        inputs = body.get("inputs", [])
        if len(inputs) > ASSOCIATIONS_BATCH:
            raise RefusedError(400, f"The maximum number of inputs is {ASSOCIATIONS_BATCH}.")
        results, errors = [], []
        for each in inputs:
            others = self.account.associations.get((from_object, to_object), {}).get(each["id"], {})
            if not others:
                message = f"No {to_object} is associated with {from_object} {each['id']}."
                context = {"fromObjectId": [each["id"]], "fromObjectType": [from_object], "toObjectType": [to_object]}
                errors.append(
                    {
                        "status": "error",
                        "category": "OBJECT_NOT_FOUND",
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "message": message,
                        "context": context,
                    }
                )
                continue
            listed = [
                {"toObjectId": int(other), "associationTypes": types}
                for other, types in sorted(others.items(), key=lambda item: int(item[0]))
            ]
            page = _page(listed, int(each.get("after") or 0), self.associations_page)
            result = {"from": {"id": each["id"]}, "to": page["results"]}
            if "paging" in page:
                result["paging"] = page["paging"]
            results.append(result)
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, **_timing()}
        return (207, {**answer, "numErrors": len(errors), "errors": errors}) if errors else (200, answer)

    def _shown(self, object_type: str, record: Record, names: list[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": record.id,
            "properties": _selected(object_type, record.properties, names),
            "createdAt": iso(record.created_at),
            "updatedAt": iso(record.updated_at),
            "archived": bool(record.archived_at),
        }
        if record.archived_at:
            shown["archivedAt"] = iso(record.archived_at)
        return shown


def _selected(object_type: str, properties: dict[str, str | None], names: list[str]) -> dict[str, str | None]:
    """The properties that were asked for, and those that HubSpot always gives."""
    created = "hs_createdate" if "hs_createdate" in properties else "createdate"
    always = (created, modified_property(object_type), "hs_object_id")
    return {name: properties.get(name) for name in dict.fromkeys((*names, *always))}


def _page(listed: list[Any], after: int, limit: int) -> dict[str, Any]:
    page: dict[str, Any] = {"results": listed[after : after + limit]}
    if after + limit < len(listed):
        page["paging"] = {"next": {"after": str(after + limit), "link": "https://api.hubapi.com/"}}
    return page


def _limit(asked: str | int, greatest: int) -> int:
    if not 0 < int(asked) <= greatest:
        raise RefusedError(400, f"Invalid input JSON: limit must be between 1 and {greatest}")
    return int(asked)


@cache
def _comparable(name: str, value: str) -> float | str:
    if name in _TIMES and not value.isdigit():
        return datetime.fromisoformat(value).timestamp() * 1000
    return float(value) if name in _TIMES or name == "hs_object_id" else value


def _holds(condition: dict[str, Any], properties: dict[str, str | None]) -> bool:
    name, value = condition["propertyName"], properties.get(condition["propertyName"])
    if value is None:
        return False
    left, right = _rounded(_comparable(name, value)), _rounded(_comparable(name, condition["value"]))
    match condition["operator"]:
        case "EQ":
            return left == right
        case "GT":
            return left > right  # type: ignore[operator]
        case "GTE":
            return left >= right  # type: ignore[operator]
        case "LT":
            return left < right  # type: ignore[operator]
        case "LTE":
            return left <= right  # type: ignore[operator]
    raise RefusedError(400, f"There was a problem with the request: operator {condition['operator']}")


def _rounded(value: float | str) -> int | str:
    return round(value) if isinstance(value, float) else value


def _timing() -> dict[str, str]:
    return {"startedAt": "2025-01-01T00:00:00.000Z", "completedAt": "2025-01-01T00:00:00.001Z"}


def _error(refused: RefusedError) -> dict[str, Any]:
    return {
        "status": "error",
        "message": refused.message,
        "correlationId": "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
        "category": refused.category,
    }


@contextmanager
def serve(api: HubSpotApi) -> Iterator[str]:
    """The API's address while it runs."""
    with api:
        yield api.url
