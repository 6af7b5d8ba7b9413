"""The pages of the published version at `/site/` of `repline serve`, beside Dagster.

Belongs here: handing out these files. Does not belong here: making them (`pipelines.pages`), or who may read them
(`pipelines.serving.guard`).
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.pages.site import SITE
from pipelines.settings import Settings

PATH = "/site"


class WithPages:
    """An ASGI application that answers `/site/` itself, and hands everything else to `app`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        # Followed anew for each file, so that a new version is seen at once.
        folder = settings.published / "current" / SITE
        self._files = StaticFiles(directory=folder, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{PATH}/"):
            await self._app(scope, receive, send)
            return
        response = await self._response({**scope, "root_path": PATH})
        # Its name stays when the next version brings another one.
        response.headers["cache-control"] = "no-cache"
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        if scope["path"] == PATH:
            return RedirectResponse(f"{PATH}/")
        try:
            return await self._files.get_response(self._files.get_path(scope), scope)
        except HTTPException as error:
            return PlainTextResponse("There is no such page; `repline pages` says where they are.\n", error.status_code)
