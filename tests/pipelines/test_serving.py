"""`repline serve`: Dagster's own server with its daemon, over real HTTP, and closed to pages of other sites."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.runs.instance import prepare_dagster_home
from pipelines.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
# It leaves a file in Dagster's home, which shows whether it was executed.
MUTATION = "mutation { setNuxSeen }"
QUERY = "{ version }"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@dataclass
class Served:
    """A running server. `ask` gives the status and the text of an answer."""

    port: int
    home: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def has_mutated(self) -> bool:
        return (self.home / "dagster" / ".nux" / "nux.yaml").exists()

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, query: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = json.dumps({"query": query}) if query else None
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def handshake(self, headers: dict[str, str]) -> str:
        """The status line of the answer to a websocket's first request."""
        asked = {
            "Host": f"127.0.0.1:{self.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "graphql-ws",
            **headers,
        }
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            lines = ["GET /graphql HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode())
            return connection.recv(200).decode().splitlines()[0]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """What `repline serve` starts, without definitions, which take long to load."""
    home = tmp_path_factory.mktemp("served")
    before = os.environ.get("DAGSTER_HOME")
    prepare_dagster_home(Settings(home=home, landing=home))
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.serving.dev", "--empty-workspace", "--port", str(port)],
        cwd=REPOSITORY,
        env={**os.environ, "REPLINE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if before is None:
        del os.environ["DAGSTER_HOME"]
    else:
        os.environ["DAGSTER_HOME"] = before
    running = Served(port, home)
    deadline = time.monotonic() + 120
    while True:
        try:
            running.ask("GET", "/server_info")
            break
        except OSError:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.5)
    yield running
    process.send_signal(signal.SIGINT)
    process.wait(60)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", f"/graphql?query={quote(MUTATION)}", {}, 405),
        ("GET", f"/graphql?query={quote(MUTATION)}", LINK, 405),
        ("GET", f"/graphql/?query={quote(MUTATION)}", {}, 405),
        ("HEAD", f"/graphql?query={quote(MUTATION)}", {}, 405),
        ("POST", f"/graphql?query={quote(MUTATION)}", {}, 415),
        ("POST", f"/graphql?query={quote(MUTATION)}", FORM, 415),
        # Dagster takes it for JSON, and a browser sends it to other sites without asking them first.
        ("POST", "/graphql", {"Content-Type": "text/plain; application/json"}, 415),
        ("POST", "/graphql", {"Content-Type": "application/graphql"}, 415),
        ("POST", "/graphql", {**JSON, "Origin": "https://example.com"}, 403),
        ("POST", "/graphql", {**JSON, "Origin": "null"}, 403),
        ("POST", "/graphql", {**JSON, "Origin": "http://127.0.0.1:1"}, 403),
        ("POST", "/graphql", {**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/graphql", {**JSON, "Sec-Fetch-Site": "same-site"}, 403),
        # A name that its owner pointed to 127.0.0.1.
        ("POST", "/graphql", {**JSON, "Host": "rebound.example.com"}, 403),
        ("GET", "/server_info", {"Host": "rebound.example.com"}, 403),
        ("GET", "/server_info", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}, 403),
        ("POST", "/report_asset_materialization/a", {"Origin": "https://example.com"}, 403),
    ],
)
def test_what_another_site_may_send_is_refused(
    served: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    body = MUTATION if method == "POST" and path == "/graphql" else ""
    assert served.ask(method, path, headers, body)[0] == status
    assert not served.has_mutated


def test_a_websocket_of_another_site_is_refused(served: Served) -> None:
    assert " 403 " in served.handshake({"Origin": "https://example.com"})
    assert " 403 " in served.handshake({"Origin": "http://rebound.example.com", "Host": "rebound.example.com"})
    assert " 101 " in served.handshake({"Origin": served.origin, "Sec-Fetch-Site": "same-origin"})


def test_programs_and_links_may_look(served: Served) -> None:
    assert json.loads(served.ask("POST", "/graphql", JSON, QUERY)[1])["data"]["version"]
    status, page = served.ask("GET", "/runs", LINK)
    assert status == 200
    assert "<html" in page


def test_prometheus_may_read_the_metrics_and_other_sites_may_not(served: Served) -> None:
    status, text = served.ask("GET", "/metrics")
    assert status == 200
    assert 'repline_alarm{kind="stale_marts",subject="published"} 1.0' in text.splitlines()
    assert served.ask("GET", "/metrics", {"Host": "rebound.example.com"})[0] == 403
    assert served.ask("GET", "/metrics", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "empty"})[0] == 403


def test_the_daemon_runs_too(served: Served) -> None:
    query = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"
    deadline = time.monotonic() + 120
    while True:
        found = json.loads(served.ask("POST", "/graphql", JSON, query)[1])["data"]["instance"]["daemonHealth"]
        healthy = {each["daemonType"] for each in found["allDaemonStatuses"] if each["healthy"]}
        if {"SCHEDULER", "SENSOR"} <= healthy:
            return
        assert time.monotonic() < deadline, found
        time.sleep(1)


def test_its_own_pages_may_change_things(served: Served) -> None:
    """Last of this file: the mutation leaves its mark."""
    own = {**JSON, "Origin": served.origin, "Sec-Fetch-Site": "same-origin"}
    status, text = served.ask("POST", "/graphql", own, MUTATION)
    assert (status, json.loads(text)) == (200, {"data": {"setNuxSeen": True}})
    assert served.has_mutated


def test_it_listens_on_this_machine_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.serving.webserver", "--empty-workspace", "--host", "0.0.0.0"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "listens on this machine alone, not on 0.0.0.0" in done.stderr


def test_the_command_starts_the_guarded_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli.os, "execv", lambda _, command: started.append(command))
    CliRunner().invoke(
        cli.main, ["serve", "--port", "3001"], env={"REPLINE_HOME": str(tmp_path)}, catch_exceptions=False
    )
    [command] = started
    assert command[1:3] == ["-m", "pipelines.serving.dev"]
    assert command[-2:] == ["--port", "3001"]
