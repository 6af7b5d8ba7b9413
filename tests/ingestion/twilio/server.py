"""A Twilio of our own on real HTTP: the lists of an account's call legs and conferences, as the vendor documents them.

Belongs here: what Twilio does with a request, its limits and faults. Does not belong here: the records (`records`).

From twilio.com/docs/voice/api/call-resource and twilio.com/docs/usage/twilios-response: Basic authentication with
the account or an API key; `PageSize` of 50, at most 1000; the newest first; `StartTime`, `StartTime<` (before) and
`StartTime>` (on or after) as dates or moments in UTC; `next_page_uri` relative to the host, with a page token, null on
the last page; errors as `{"code", "message", "more_info", "status"}`, and 429 with code 20429 for too many at once.
Voice Insights is another host, and gives summaries with `meta.next_page_url`, between `CreatedAfter` and
`CreatedBefore`; without its advanced features it refuses with 403.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.ingestion.http_server import Answer, Asked, HttpServer
from tests.ingestion.twilio.records import ACCOUNT_SID, Record

AUTH_TOKEN = "twilio-token-never-to-be-shown"
API_KEY_SID, API_KEY_SECRET = "SK" + "f" * 32, "twilio-key-secret-never-to-be-shown"
_LIST = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
_CONFERENCES = "/v1/Conferences"
_MESSAGES = {
    20006: "Access Denied",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20001: "Invalid parameter",
}
_EQUAL = {"To": "to", "From": "from", "Status": "status", "ParentCallSid": "parent_call_sid"}


@dataclass
class TwilioServer(HttpServer):
    """Runs while it is entered. `calls` may be changed at any time; requests see the present state.

    `requests` are the paths and queries that were asked for. `faults` are taken one a request: (status, headers,
    body). `on_page` is called after each page.
    """

    calls: list[Record] = field(default_factory=list)
    conferences: list[Record] = field(default_factory=list)
    has_insights: bool = True
    faults: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    on_page: Callable[[], None] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a source that is to be loaded from here."""
        return {
            "SOURCES__TWILIO__ACCOUNT_SID": ACCOUNT_SID,
            "SOURCES__TWILIO__AUTH_TOKEN": AUTH_TOKEN,
            "SOURCES__TWILIO__BASE_URL": self.url,
            "SOURCES__TWILIO__INSIGHTS_URL": self.url,
        }

    def respond(self, asked: Asked) -> Answer:
        return self.answer(asked.target, asked.headers.get("Authorization"))

    def answer(self, target: str, authorization: str | None) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body for a GET of `target`."""
        self.requests.append(target)
        if self.faults:
            return self.faults.pop(0)
        if authorization not in (_basic(ACCOUNT_SID, AUTH_TOKEN), _basic(API_KEY_SID, API_KEY_SECRET)):
            return _refusal(401, 20003)
        parts = urlsplit(target)
        if parts.path.startswith(_CONFERENCES):
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return self._insights(parts.path, query) if self.has_insights else _refusal(403, 20006)
        if parts.path != _LIST:
            found = [call for call in self.calls if call["uri"] == parts.path]
            return (200, {}, found[0]) if found else _refusal(404, 20404)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        size = int(query.get("PageSize", 50))
        if not 1 <= size <= 1000:
            return _refusal(400, 20001)
        return 200, {}, self._page(query, size)

    def _insights(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Record]:
        if path == _CONFERENCES:
            name = "conferences"
            after, before = (_bound(query[each]) for each in ("CreatedAfter", "CreatedBefore"))
            matching = [
                {key: value for key, value in each.items() if key != "participants"}
                for each in reversed(self.conferences)
                if after < _bound(each["create_time"]) < before
            ]
        else:
            name, asked = "participants", path.split("/")[3]
            found = [each for each in self.conferences if each["conference_sid"] == asked]
            if not found or not path.endswith("/Participants"):
                return _refusal(404, 20404)
            matching = found[0]["participants"]
        size, number = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        has_next = (number + 1) * size < len(matching)

        def link(page: int) -> str:
            return f"{self.url}{path}?{urlencode(query | {'PageSize': size, 'Page': page})}"

        meta = {
            "page": number,
            "page_size": size,
            "first_page_url": link(0),
            "previous_page_url": link(number - 1) if number else None,
            "url": link(number),
            "next_page_url": link(number + 1) if has_next else None,
            "key": name,
        }
        return 200, {}, {name: matching[number * size : (number + 1) * size], "meta": meta}

    def _page(self, query: dict[str, str], size: int) -> Record:
        matching = [call for call in self.calls if _fits(call, query)]
        matching.sort(key=lambda call: (_moment(call["date_created"]), call["sid"]), reverse=True)
        # The token names the last leg that was given: one that started meanwhile does not shift the pages.
        token = query.get("PageToken", "")
        sids = [call["sid"] for call in matching]
        first = sids.index(token.removeprefix("PA")) + 1 if token else 0
        records = matching[first : first + size]
        number = int(query.get("Page", 0))

        def link(page: int, token: str = "") -> str:
            asked = {name: value for name, value in query.items() if name not in ("Page", "PageToken")}
            asked |= {"PageSize": str(size), "Page": str(page)} | ({"PageToken": token} if token else {})
            return f"{_LIST}?{urlencode(asked)}"

        has_next = first + size < len(matching)
        if self.on_page:
            self.on_page()
        return {
            "first_page_uri": link(0),
            "end": number * size + len(records) - 1,
            "previous_page_uri": link(number - 1) if number else None,
            "calls": records,
            "page_size": size,
            "page": number,
            "next_page_uri": link(number + 1, "PA" + records[-1]["sid"]) if has_next else None,
            "start": number * size,
            "uri": link(number),
        }


def _fits(call: Record, query: dict[str, str]) -> bool:
    if any(name in query and call[field] != query[name] for name, field in _EQUAL.items()):
        return False
    for name, field_name in (("StartTime", "start_time"), ("EndTime", "end_time")):
        asked = {sign: query[name + sign] for sign in ("", "<", ">") if name + sign in query}
        if not asked:
            continue
        if call[field_name] is None:
            return False
        value = _moment(call[field_name])
        bounds = {sign: _bound(text) for sign, text in asked.items()}
        if "" in bounds and not bounds[""] <= value < bounds[""] + timedelta(days=1):
            return False
        if ("<" in bounds and value >= bounds["<"]) or (">" in bounds and value < bounds[">"]):
            return False
    return True


def _moment(text: str) -> datetime:
    return parsedate_to_datetime(text)


def _bound(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _refusal(status: int, code: int) -> tuple[int, dict[str, str], Record]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {}, {"code": code, "message": _MESSAGES[code], "more_info": more, "status": status}
