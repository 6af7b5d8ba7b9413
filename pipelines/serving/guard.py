"""Keeps pages of other sites from using Dagster's web server through the browser of who looks at them.

Belongs here: which requests pass. Does not belong here: Dagster (`pipelines.serving.webserver`), or who may use the
machine.

Dagster's server listens on this machine alone and asks for no password. A browser on this machine reaches it too,
whatever page tells it to: a form or an image can start and delete runs (Dagster takes mutations by GET), and a host
name that is made to point to 127.0.0.1 can read the answers as well.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GRAPHQL = "/graphql"


class Guard:
    """An ASGI application that hands to `app` what comes from its own pages, and from programs on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            status, reason = refused
            await PlainTextResponse(f"Refused: {reason}.\n", status)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": refused[1]})


def refusal(scope: Scope) -> tuple[HTTPStatus, str] | None:
    """Why the request of an ASGI scope may not pass; None where it may.

    What a browser says of a request's origin no page can change: `Origin` stands at every request that is no plain GET
    and at every websocket, `Sec-Fetch-Site` at all. Programs send neither.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return HTTPStatus.FORBIDDEN, f"the host {host!r} is not this machine; use http://127.0.0.1 with the port"
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return HTTPStatus.FORBIDDEN, f"it comes from a page of {origin!r}"
    is_http = scope["type"] == "http"
    # A link in a mail or a wiki may lead here: such a page is opened, and nothing is changed by it.
    is_opened = is_http and scope["method"] == "GET" and headers.get("sec-fetch-dest") == "document"
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not is_opened:
        return HTTPStatus.FORBIDDEN, "it comes from a page of another site"
    if is_http and scope["path"].rstrip("/").endswith(_GRAPHQL):
        if scope["method"] != "POST":
            # The page that GraphiQL is, without a query, may be opened.
            return (HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is asked by POST") if scope["query_string"] else None
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "GraphQL is asked by a body of the type application/json"
    return None
