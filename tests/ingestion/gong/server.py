"""Gong's API v2 on a local address, over real HTTP, with faults that a test switches on.

Belongs here: how Gong answers requests, as https://help.gong.io/apidocs says. Does not belong here: what the account
holds (`account`), or what a test expects.

Lists come newest first and calls of web conferences are found by when they were scheduled: nothing says that Gong
does otherwise, so a reader may not rest on it.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ingestion.gong.account import Account, Json
from tests.ingestion.http_server import Answer, Asked, HttpServer

ACCESS_KEY = "AK1234567890"
ACCESS_KEY_SECRET = "s3cr3t-of-the-access-key"
PAGE_SIZE = 100
REQUEST_ID = "4al018gzaztcr8nbukw"


@dataclass(frozen=True)
class Refusal(Exception):  # noqa: N818 - an answer, no fault of the program
    """An answer other than 200."""

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()
    is_of_gong: bool = True


@dataclass(frozen=True)
class Request:
    """What was asked, with the status of the answer."""

    method: str
    path: str
    body: Any
    query: dict[str, list[str]]
    status: int


@dataclass
class Fault:
    """Answers `status` to the next `times` requests whose path ends in `path`: Gong itself, or something before it."""

    status: int
    times: int = 1
    path: str = ""
    message: str = "Failed to complete the operation due to an unexpected error"
    headers: tuple[tuple[str, str], ...] = ()
    is_of_gong: bool = True


@dataclass
class GongServer(HttpServer):
    """A server of one account; a context manager. `url` is its base address."""

    account: Account = field(default_factory=Account)
    page_size: int = PAGE_SIZE
    requests_per_second: int | None = None
    requests_per_day: int | None = None
    faults: list[Fault] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    # Called with the path before each answer, for changes in the middle of a load.
    before: Callable[[str], None] | None = None
    _recent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, path: str) -> list[Request]:
        """The requests to a path that were answered well, or with 404 for nothing found."""
        return [each for each in self.requests if each.path == path and each.status in (200, 404)]

    def respond(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.target)
        status, body, content = 200, None, None
        headers: tuple[tuple[str, str], ...] = ()
        query = parse_qs(parts.query)
        with self._lock:
            try:
                content = self._checked(asked, parts.path)
                if self.before:
                    self.before(parts.path)
                body = self._found(asked.method, parts.path, content, query)
            except Refusal as refusal:
                status, headers = refusal.status, refusal.headers
                body = {"requestId": REQUEST_ID, "errors": [refusal.message]} if refusal.is_of_gong else None
            self.requests.append(Request(asked.method, parts.path, content, query, status))
        return status, dict(headers), body

    def _checked(self, asked: Asked, path: str) -> Any:
        """The body of a request that may pass."""
        token = base64.b64encode(f"{ACCESS_KEY}:{ACCESS_KEY_SECRET}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {token}":
            raise Refusal(401, "Failed to verify bearer token / access key")
        self._check_limits()
        for fault in self.faults:
            if fault.times and path.endswith(fault.path):
                fault.times -= 1
                raise Refusal(fault.status, fault.message, fault.headers, fault.is_of_gong)
        if asked.method == "GET":
            return None
        if asked.headers.get_content_type() != "application/json":
            raise Refusal(415, "Content type is not supported")
        body = json.loads(asked.body)
        if not isinstance(body.get("filter"), dict):
            raise Refusal(400, "filter is required")
        _check_fields(body, ("filter", "cursor", "contentSelector"))
        return body

    def _check_limits(self) -> None:
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if self.requests_per_day is not None and len(self.requests) >= self.requests_per_day:
            raise Refusal(429, "API request limit exceeded", (("Retry-After", "86400"),))
        if self.requests_per_second is not None and len(self._recent) >= self.requests_per_second:
            raise Refusal(429, "API request limit exceeded", (("Retry-After", "1"),))
        self._recent.append(now)

    def _found(self, method: str, path: str, asked: Any, query: dict[str, list[str]]) -> Json:
        account = self.account
        match method, path:
            case "GET", "/v2/users":
                cursor = query.get("cursor", [None])[0]
                return self._page("users", list(account.users.values()), cursor, {})
            case "GET", "/v2/settings/scorecards":
                return {"requestId": REQUEST_ID, "scorecards": list(account.scorecards.values())}
            case "GET", "/v2/settings/trackers":
                return {"requestId": REQUEST_ID, "keywordTrackers": account.trackers}
            case "POST", "/v2/calls/extensive":
                selector = asked.get("contentSelector") or {}
                calls = [_exposed(account.calls[call_id], selector) for call_id in self._calls(asked["filter"])]
                return self._page("calls", calls, asked.get("cursor"), asked)
            case "POST", "/v2/calls/transcript":
                transcripts = [
                    {"callId": call_id, "transcript": account.transcripts[call_id]}
                    for call_id in self._calls(asked["filter"])
                    if call_id in account.transcripts
                ]
                return self._page("callTranscripts", transcripts, asked.get("cursor"), asked)
            case "POST", "/v2/stats/activity/scorecards":
                answered = self._reviews(asked["filter"])
                return self._page("answeredScorecards", answered, asked.get("cursor"), asked)
        raise Refusal(404, "Not found")

    def _calls(self, wanted: Json) -> list[str]:
        """The ids of the calls that a filter lets pass, newest first. None at all is a 404."""
        _check_fields(wanted, ("fromDateTime", "toDateTime", "workspaceId", "callIds", "primaryUserIds"))
        account = self.account
        start, end = (_moment(wanted.get(name)) for name in ("fromDateTime", "toDateTime"))
        if start and end and start >= end:
            raise Refusal(400, "fromDateTime must be before toDateTime")
        found = [
            call_id
            for call_id in account.calls
            if (start is None or account.filter_time(call_id) >= start)
            and (end is None or account.filter_time(call_id) < end)
            and ("callIds" not in wanted or call_id in wanted["callIds"])
        ]
        if not found:
            raise Refusal(404, "No calls found corresponding to the provided filters")
        return sorted(found, key=account.filter_time, reverse=True)

    def _reviews(self, wanted: Json) -> list[Json]:
        _check_fields(wanted, ("callFromDate", "callToDate", "reviewFromDate", "reviewToDate"))
        for day in wanted.values():
            date.fromisoformat(day)
        account = self.account
        found = [
            answered_id
            for answered_id in account.answered
            if wanted.get("reviewFromDate", "0") <= account.review_date(answered_id) < wanted.get("reviewToDate", "9")
        ]
        return [account.answered[answered_id] for answered_id in sorted(found, reverse=True)]

    def _page(self, name: str, found: Sequence[Json], cursor: str | None, asked: Json) -> Json:
        """A page of a list. A cursor holds only while everything else that is asked stays the same."""
        rest = json.dumps({key: value for key, value in asked.items() if key != "cursor"}, sort_keys=True)
        first = 0
        if cursor:
            stated = json.loads(base64.b64decode(cursor))
            if stated["rest"] != rest:
                raise Refusal(400, "cursor does not belong to this request")
            first = stated["first"]
        last = first + self.page_size
        records: Json = {
            "totalRecords": len(found),
            "currentPageSize": len(found[first:last]),
            "currentPageNumber": first // self.page_size,
        }
        if last < len(found):
            records["cursor"] = base64.b64encode(json.dumps({"first": last, "rest": rest}).encode()).decode()
        return {"requestId": REQUEST_ID, "records": records, name: found[first:last]}


def _exposed(call: Json, selector: Json) -> Json:
    """What of a call a content selector asks for."""
    _check_fields(selector, ("context", "contextTiming", "exposedFields"))
    fields = selector.get("exposedFields") or {}
    _check_fields(fields, ("collaboration", "content", "interaction", "media", "parties"))
    context = selector.get("context", "None")
    if context not in ("None", "Basic", "Extended"):
        raise Refusal(400, f"{context} is not a valid value of context")
    shown: Json = {"metaData": call["metaData"]}
    if context != "None":
        shown["context"] = [_link(link, context) for link in call["context"]]
    if fields.get("parties"):
        shown["parties"] = [
            {**party, "context": [_link(link, context) for link in party["context"]] if context != "None" else None}
            for party in call["parties"]
        ]
    content, interaction = fields.get("content") or {}, fields.get("interaction") or {}
    _check_fields(content, ("structure", "topics", "trackers", "trackerOccurrences", "callOutcome", "keyPoints"))
    _check_fields(interaction, ("speakers", "video", "personInteractionStats", "questions"))
    if shown_content := {name: value for name, value in call["content"].items() if content.get(name) and value}:
        shown["content"] = shown_content
    asked_as = {"speakers": "speakers", "interactionStats": "personInteractionStats", "questions": "questions"}
    if call["interaction"] and interaction:
        shown["interaction"] = {
            name: value for name, value in call["interaction"].items() if interaction.get(asked_as[name])
        }
    return shown


def _link(link: Json, context: str) -> Json:
    kept = ("objectType", "objectId", "timing") + (("fields",) if context == "Extended" else ())
    return {**link, "objects": [{name: each[name] for name in kept} for each in link["objects"]]}


def _check_fields(given: Json, documented: Sequence[str]) -> None:
    for name in given:
        if name not in documented:
            raise Refusal(400, f"Unrecognized field {name}")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"{text} is not in ISO-8601 format") from None
    if moment.tzinfo is None:
        raise Refusal(400, f"{text} has no offset")
    return moment
