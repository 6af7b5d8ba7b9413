"""Requests to one system: retries, one new token, and errors that name the endpoint and never a secret.

Belongs here: what holds of every request. Does not belong here: a system's endpoints and paging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import OAuth2AuthBase
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests.auth import AuthBase

from ingestion.masking import Secrets, secrets_in_url
from ingestion.text import one_line

# Attempts of one request, with the system's own delay between them (`Retry-After`) or 1, 2, 4 ... seconds.
REQUEST_ATTEMPTS = 8
# A system that asks for more patience than this has a daily limit; the next refresh goes on from here.
LONGEST_DELAY_SECONDS = 300
REQUEST_TIMEOUT_SECONDS = 120
# Who only looks whether a system answers asks once, and does not wait as long.
PROBE_TIMEOUT_SECONDS = 20
_LONGEST_MESSAGE = 500


class ApiError(requests.HTTPError):
    """A system refused a request or cannot be reached. One line: system, request, status, the system's message."""


class RefreshOnUnauthorized(AuthBase):
    """Authenticates with `auth`, and asks it for a new token once where the system answers 401.

    A token can be revoked, or expire early, before its own time says so.
    """

    def __init__(self, auth: OAuth2AuthBase) -> None:
        self._auth = auth

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._auth(request)
        request.register_hook("response", self._send_again)
        return request

    def _send_again(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != 401:
            return response
        # The connection goes back to its pool only after the body was read.
        _ = response.content
        response.close()
        self._auth.obtain_token()  # type: ignore[attr-defined]  # its subclasses have it
        request = response.request.copy()
        self._auth(request)
        again: requests.Response = response.connection.send(request, **options)
        again.request = request
        again.history.append(response)
        return again


class ApiClient:
    """The client of one system. `secrets` never appear in its errors, whatever the system sends back.

    A redirect to another host is an error: what was asked carries credentials, in its headers or its body.
    `retried_status` are the answers that are worth another attempt. `counter` counts what was sent, by system,
    retries included. `auth` may use `session` for its own requests: they are retried and judged alike. With `is_probe`
    each request is sent once.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        auth: AuthBase | None = None,
        secrets: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        retried_status: Sequence[int] = (429, *range(500, 600)),
        counter: Counter[str] | None = None,
        is_probe: bool = False,
    ) -> None:
        self.system = system
        self._counter: Counter[str] = Counter() if counter is None else counter
        self._secrets = Secrets([*secrets, *secrets_in_url(base_url)])
        self.session: requests.Session = Client(
            request_timeout=PROBE_TIMEOUT_SECONDS if is_probe else REQUEST_TIMEOUT_SECONDS,
            raise_for_status=False,
            status_codes=retried_status,
            request_max_attempts=1 if is_probe else REQUEST_ATTEMPTS,
            request_max_retry_delay=LONGEST_DELAY_SECONDS,
            session_attrs={"hooks": self._hooks},
        ).session
        self._rest = RESTClient(base_url, headers=dict(headers or {}), auth=auth, session=self.session)

    @property
    def base_url(self) -> str:
        return self._rest.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        """Some systems say only with the token where their API is."""
        self._rest.base_url = url

    @property
    def auth(self) -> AuthBase | None:
        return self._rest.auth

    @auth.setter
    def auth(self, auth: AuthBase) -> None:
        """For an `auth` that needs the client's session, and so is made after the client."""
        self._rest.auth = auth

    def get(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> requests.Response:
        """The answer to a GET. Raises ApiError."""
        return self._request(path, "GET", params=dict(params or {}), **options)

    def post(self, path: str, json: Any = None, **options: Any) -> requests.Response:
        """The answer to a POST of a JSON body. Raises ApiError."""
        return self._request(path, "POST", json=json, **options)

    def pages(
        self,
        path: str,
        paginator: BasePaginator,
        data_selector: str,
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Iterator[requests.Response]:
        """The answers of an endpoint, page after page as the paginator goes; a POST where `json` is given.

        `data_selector` is the JSON path of the records. Raises ApiError.
        """
        method = "GET" if json is None else "POST"
        pages = self._rest.paginate(
            path,
            method=method,  # type: ignore[arg-type]  # it takes both
            params=dict(params) if params else None,
            json=dict(json) if json is not None else None,
            paginator=paginator,
            data_selector=data_selector,
            hooks=self._hooks,
            **options,
        )
        try:
            for page in pages:
                yield page.response
        except requests.RequestException as error:
            raise self._described(error, method, path) from None

    @property
    def _hooks(self) -> dict[str, Any]:
        return {"response": [self._judge]}

    def _request(self, path: str, method: str, **options: Any) -> requests.Response:
        try:
            return self._rest.request(path, method, hooks=self._hooks, **options)  # type: ignore[arg-type]
        except requests.RequestException as error:
            raise self._described(error, method, path) from None

    def _judge(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Raises ApiError for a refusal; the session tries again where that may help."""
        self._counter[self.system] += 1
        url = str(response.url)
        # A token that the system gave at login is a secret that nobody could name before.
        token = str(response.request.headers.get("Authorization", "")).rpartition(" ")[2]
        request = self._secrets.masked(f"{response.request.method} {urlsplit(url).path}", token)
        text = f"{self.system}: {request} was answered with {response.status_code} {response.reason}"
        if response.is_redirect:
            target = urljoin(url, response.headers["Location"])
            if self.session.should_strip_auth(url, target):
                raise ApiError(
                    f"{text}, which leads to another host, {_host(target)}; it was not asked, because it would be told "
                    f"the credentials (if it is the system's new address, set it in place of {_host(url)})"
                )
        if response.status_code < 400:
            return
        # Masked as a whole: half a secret, which a cut may leave, is found by nobody.
        message = _cut(self._secrets.masked(one_line(message_of(response)), token))
        text = f"{text}: {message}" if message else text
        delay = response.headers.get("Retry-After", "")
        if delay.isdigit() and int(delay) > LONGEST_DELAY_SECONDS:
            # Without its response the session does not try again.
            raise ApiError(f"{text} (it asks to wait {int(delay):,} seconds; a later refresh goes on from here)")
        raise ApiError(text, response=response)

    def _described(self, error: requests.RequestException, method: str, path: str) -> ApiError:
        if isinstance(error, ApiError):
            return error
        # The text of a connection error holds the whole URL, with its query.
        kind = "did not answer in time" if isinstance(error, requests.Timeout) else "cannot be reached"
        host = _host(path) or _host(self.base_url)
        text = f"{self.system}: {host} {kind} ({method} {urlsplit(path).path}, {type(error).__name__})"
        return ApiError(self._secrets.masked(text))


def message_of(response: requests.Response) -> str:
    """What a system says about a refusal: the usual fields of a JSON body, else its text. It may hold secrets."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        # An HTML page of a proxy says nothing that the status does not.
        return "" if "html" in response.headers.get("Content-Type", "") else response.text
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return str(first)
    parts = [
        str(first[name])
        for name in ("errorCode", "error", "error_description", "message", "troubleshoot", "policyName")
        if isinstance(first.get(name), str | int)
    ]
    parts += [str(each) for each in first.get("errors") or [] if isinstance(each, str)]
    return ": ".join(dict.fromkeys(parts)) or response.text


def _host(url: str) -> str:
    """The host and port of a URL, without the credentials that may stand before them."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST_MESSAGE else line[:_LONGEST_MESSAGE] + " ..."
