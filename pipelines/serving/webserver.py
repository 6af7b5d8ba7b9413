"""Dagster's web server behind the guard; takes the arguments of `dagster-webserver`.

Belongs here: putting the guard in front, and the metrics and pages beside it. Does not belong here: what it lets
pass (`pipelines.serving.guard`), what is measured (`pipelines.serving.metrics`), and the pages (`pipelines.pages`).
"""

from __future__ import annotations

from typing import Any

import uvicorn
from dagster_webserver.cli import main
from starlette.types import ASGIApp

from pipelines.serving.guard import LOOPBACK, Guard
from pipelines.serving.metrics import WithMetrics
from pipelines.serving.pages import WithPages
from pipelines.settings import Settings

_run = uvicorn.run


def run_guarded(app: ASGIApp, *, host: str, **options: Any) -> None:
    """What Dagster takes for `uvicorn.run`. Ends the process where the host is not this machine alone."""
    if host not in LOOPBACK:
        raise SystemExit(
            f"Error: repline serve listens on this machine alone, not on {host}; for others, put a proxy that asks who "
            "they are before it"
        )
    settings = Settings.from_environment()
    _run(Guard(WithPages(WithMetrics(app, settings), settings)), host=host, **options)


if __name__ == "__main__":
    uvicorn.run = run_guarded  # type: ignore[assignment]  # Dagster names what it hands over
    main()
