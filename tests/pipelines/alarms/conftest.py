"""What the tests of alarms share: a data home in which nothing is wrong, and an HTTP server that is told of alarms.

Does not belong here: a mail server (`test_senders`), or figures that jump (`test_conditions`).
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.alarm_settings import AlarmSettings
from pipelines.publication.publish import publish
from pipelines.reports.status import Run
from pipelines.settings import Settings
from tests.pipelines.small_warehouse import AS_OF, land, make_settings, make_warehouse, warehouse
from tests.prepared import prepared

SUCCESS = Run("5" * 36, "success", AS_OF - timedelta(hours=3), AS_OF - timedelta(hours=2))
FAILED = Run("f" * 36, "failure", AS_OF - timedelta(hours=1), AS_OF - timedelta(minutes=59))
FAILED_AGAIN = Run("e" * 36, "failure", AS_OF - timedelta(minutes=2), AS_OF - timedelta(minutes=1))
WEBHOOK = AlarmSettings(alarm_webhooks=["json"])
SECRET = "T0KEN-in-the-path"


@dataclass
class Webhook:
    """A real HTTP server: what was posted to it, and the status that it answers with."""

    address: str = ""
    status: int = 200
    posted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The event and the subject of each notice that was delivered as JSON."""
        return [(each["event"], each["subject"]) for body in self.posted for each in body["notices"]]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    found = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if found.status == 200:
                found.posted.append(body)
            self.send_response(found.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_port}/{SECRET}"
    for kind in ("SLACK", "TEAMS", "JSON"):
        monkeypatch.setenv(f"REPLINE_ALARM_{kind}_URL", found.address)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home that all workers share. Only to be copied."""
    return prepared(tmp_path_factory, "alarms", _publish) / "home"


def _publish(folder: Path) -> None:
    settings = make_settings(folder / "home")
    make_warehouse(settings)
    land(settings, "calls", "2025-04-30 10:00:00")
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO raw.landing__calls (call_id, started_at) VALUES ('c1', '2025-04-30 10:00:00')")
    publish(settings, AS_OF, "inputs")


@pytest.fixture
def settings(published: Path, tmp_path: Path) -> Settings:
    """Calls two hours old, published as version 1; nothing is wrong."""
    shutil.copytree(published, tmp_path / "home", symlinks=True)
    return replace(make_settings(tmp_path / "home"), alarms=WEBHOOK)


def later(settings: Settings, hours: float) -> Settings:
    return replace(settings, as_of=AS_OF + timedelta(hours=hours))


def add_failed_check(settings: Settings, suite: str, table: str, expectation: str, severity: str) -> None:
    with warehouse(settings) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS quality.expectation_result (run_id VARCHAR, suite VARCHAR, table_name VARCHAR,"
            " expectation VARCHAR, severity VARCHAR, success BOOLEAN, observed VARCHAR, expected VARCHAR,"
            " meaning VARCHAR, checked_at TIMESTAMP)"
        )
        connection.execute(
            "INSERT INTO quality.expectation_result VALUES ('r', ?, ?, ?, ?, false, '0.2', 'at most 0.05',"
            " 'correct the export.', '2025-04-30 11:00:00')",
            [suite, table, expectation, severity],
        )
