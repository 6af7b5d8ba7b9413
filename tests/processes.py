"""Python in processes of their own, forked from one that has imported the libraries already.

Belongs here: starting them and taking what they print. Does not belong here: what they run.

A small refresh begins with some seconds of imports (Dagster, dlt, dbt, Great Expectations), and the tests run many.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, TextIO

FORKS = multiprocessing.get_context("forkserver")
# What a command imports, also what the libraries import when they need it.
FORKS.set_forkserver_preload(
    [
        "pipelines.definitions",
        "pipelines.cli",
        "pipelines.refresh",
        "expectations.context",
        "ingestion.landing",
        "ingestion.api.resources",
        "alembic.command",
        "dagster._core.execution.execute_in_process",
        "dagster._core.storage.sqlite_storage",
        "dagster._core.workspace.context",
        "dagster._daemon.controller",
        "dbt.adapters.duckdb",
        "dbt.cli.main",
        "dbt.task.build",
        "dlt.destinations.impl.duckdb.duck",
        "duckdb_sqlalchemy",
        "pytest",
        "great_expectations.render.renderer.site_builder",
        "pyarrow.fs",
        "pyarrow.parquet",
        "rich.progress",
        "rich.syntax",
        "upath.implementations.local",
    ]
)
# A refresh of a small company takes 15 s on two idle cores, and many times that on a busy machine.
TIMEOUT_SECONDS = 900
_STARTED = "started\n"


class Running(NamedTuple):
    """A process, and what it prints, line by line."""

    process: BaseProcess
    printed: TextIO


Function = Callable[[Sequence[str]], object]


def run_forked(
    function: Function, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Call a function of a module in a new process with that environment; it ends with the exit code it asks for."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder) / name for name in ("stdout", "stderr")]
        process = FORKS.Process(target=_call_to_files, args=(function, list(arguments), dict(environment), outputs))
        process.start()
        process.join(TIMEOUT_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), TIMEOUT_SECONDS)
        texts = [output.read_text(encoding="utf-8", errors="replace") for output in outputs]
        return subprocess.CompletedProcess(list(arguments), process.exitcode or 0, *texts)


@contextmanager
def forked(function: Function, arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Running]:
    """Run a function in a new process, which is killed at the end of the block with all that it started."""
    reader, writer = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_call_to_pipe, args=(function, list(arguments), dict(environment), writer))
    process.start()
    writer.close()
    with os.fdopen(os.dup(reader.fileno()), encoding="utf-8") as printed:
        reader.close()
        # It prints that once it has a session of its own, and so can be killed with all that it starts.
        assert printed.readline() == _STARTED
        try:
            yield Running(process, printed)
        finally:
            with suppress(ProcessLookupError):  # it has ended
                os.killpg(process.pid or 0, signal.SIGKILL)
            process.join()


def _call_to_files(
    function: Function, arguments: Sequence[str], environment: Mapping[str, str], outputs: Sequence[Path]
) -> None:
    for descriptor, output in enumerate(outputs, start=1):
        with output.open("wb") as stream:
            os.dup2(stream.fileno(), descriptor)
    _call(function, arguments, environment)


def _call_to_pipe(
    function: Function, arguments: Sequence[str], environment: Mapping[str, str], writer: Connection
) -> None:
    os.setsid()
    for descriptor in (1, 2):
        os.dup2(writer.fileno(), descriptor)
    writer.close()
    os.write(1, _STARTED.encode())
    _call(function, arguments, environment)


def _call(function: Function, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    # What the server of the forks was started with may be closed or a pipe of the test runner.
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for the life of the process
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    try:
        function(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
