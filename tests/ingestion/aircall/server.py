"""An Aircall of our own on real HTTP: lists of users, teams and calls, as the vendor documents them.

Belongs here: what Aircall does with a request, its limits and faults. Does not belong here: the records (`records`).

From developer.aircall.io/api-references and support.aircall.io: Basic authentication; `per_page` of 20, at most 50;
`from` and `to` in UNIX seconds, inclusive; `order`, ascending by default; `meta` with absolute links; at most 10,000
records of a query; a limited number of requests a minute for the company, refused with 429 and X-AircallApi-Limit,
-Remaining and -Reset, without Retry-After; `{"error", "troubleshoot"}` where a request is refused.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.ingestion.aircall.records import Record
from tests.ingestion.http_server import Answer, Asked, HttpServer

API_ID, API_TOKEN = "aircall-api-id-1", "aircall-token-never-to-be-shown"
RECORDS_PER_QUERY = 10_000
_PATHS = {"/v2/users": "users", "/v1/teams": "teams", "/v1/calls": "calls"}


@dataclass
class AircallServer(HttpServer):
    """Runs while it is entered. Its lists may be changed at any time; requests see the present state.

    `requests` are the paths and queries that were asked for. `faults` are taken one a request: (status, headers,
    body). `requests_a_window` are allowed in `window_seconds`. `on_call_page` is called after each page of calls.
    """

    users: list[Record] = field(default_factory=list)
    teams: list[Record] = field(default_factory=list)
    calls: list[Record] = field(default_factory=list)
    faults: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    requests_a_window: int | None = None
    window_seconds: int = 60
    on_call_page: Callable[[], None] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a source that is to be loaded from here."""
        return {
            "SOURCES__AIRCALL__API_ID": API_ID,
            "SOURCES__AIRCALL__API_TOKEN": API_TOKEN,
            "SOURCES__AIRCALL__BASE_URL": self.url,
        }

    def __post_init__(self) -> None:
        self._window, self._used, self._lock = 0, 0, threading.Lock()

    def respond(self, asked: Asked) -> Answer:
        return self.answer(asked.target, asked.headers.get("Authorization"))

    def answer(self, target: str, authorization: str | None) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body for a GET of `target`."""
        self.requests.append(target)
        if self.faults:
            return self.faults.pop(0)
        expected = "Basic " + base64.b64encode(f"{API_ID}:{API_TOKEN}".encode()).decode()
        if authorization != expected:
            return 403, {}, _refusal("Forbidden", "Check that your API ID and API token are correct")
        if refused := self._over_limit():
            return 429, refused, _refusal("Too many requests", "Rate limit reached")
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path not in _PATHS:
            return 404, {}, _refusal("Not Found", f"{parts.path} does not exist")
        return self._list(parts.path, query)

    def _over_limit(self) -> dict[str, str] | None:
        if self.requests_a_window is None:
            return None
        with self._lock:
            window = int(time.time()) // self.window_seconds
            self._used = self._used + 1 if window == self._window else 1
            self._window = window
            if self._used <= self.requests_a_window:
                return None
        return {
            "X-AircallApi-Limit": str(self.requests_a_window),
            "X-AircallApi-Remaining": "0",
            "X-AircallApi-Reset": str((window + 1) * self.window_seconds),
        }

    def _list(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        name = _PATHS[path]
        per_page, page = int(query.get("per_page", 20)), int(query.get("page", 1))
        if not 1 <= per_page <= 50:
            return 400, {}, _refusal("Bad Request", "per_page must be between 1 and 50")
        if (page - 1) * per_page >= RECORDS_PER_QUERY:
            return 400, {}, _refusal("Bad Request", f"Only the first {RECORDS_PER_QUERY} items can be retrieved")
        matching: list[Record] = list(getattr(self, name))
        if name == "calls":
            since, until = int(query.get("from", 0)), int(query.get("to", 1 << 40))
            matching = [call for call in matching if since <= call["started_at"] <= until]
            matching.sort(key=lambda call: (call["started_at"], call["id"]), reverse=query.get("order") == "desc")
        records = matching[(page - 1) * per_page : page * per_page]
        last = min(len(matching), RECORDS_PER_QUERY)

        def link(number: int, exists: bool) -> str | None:
            return f"{self.url}{path}?{urlencode(query | {'page': number})}" if exists else None

        meta = {
            "count": len(records),
            "total": len(matching),
            "current_page": page,
            "per_page": per_page,
            "next_page_link": link(page + 1, page * per_page < last),
            "previous_page_link": link(page - 1, page > 1),
        }
        if name == "calls" and self.on_call_page:
            self.on_call_page()
        return 200, {}, {"meta": meta, name: records}


def _refusal(error: str, troubleshoot: str) -> Record:
    return {"error": error, "troubleshoot": troubleshoot}
