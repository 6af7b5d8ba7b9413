"""Runs dbt on the project, within this process: the manifest for the definitions, and builds.

Belongs here: dbt's arguments, and what came of an invocation. Does not belong here: Dagster assets
(`pipelines.assets.models`).

dbt runs here and not in a process of its own (as `dagster_dbt.DbtCliResource` does it) for three reasons: a
refresh that is killed must not leave a dbt behind that goes on writing to the warehouse; that resource calls
`dbt --version`, which asks the package index for newer versions, so data about the machine leaves it; and
starting dbt twice more costs about 4 s in every refresh.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipelines.runs.inputs import sources_digest
from pipelines.settings import DBT_PROJECT_DIR, Settings

# Each message is a record in Dagster's history.
_PROGRESS_SECONDS = 1.0


class DbtError(RuntimeError):
    """dbt could not be run, or a model or test failed; the message is one line that names it."""


@dataclass(frozen=True)
class NodeResult:
    """What came of one model or test. `status` is dbt's word; `failures` the number of bad rows of a test."""

    unique_id: str
    status: str
    message: str
    seconds: float
    failures: int | None

    @property
    def is_good(self) -> bool:
        return self.status in ("success", "pass", "no-op")

    @property
    def is_warning(self) -> bool:
        return self.status == "warn"

    @property
    def is_skipped(self) -> bool:
        return self.status == "skipped"


Progress = Callable[[str], None]


def prepare_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now, parsed only where that was not done yet. Opens no database.

    It is kept by a digest of the project's files: a modification time says nothing about a deleted file, or
    about one that a checkout put back. The settings belong to it too, since they say which models there are.
    """
    manifests = DBT_PROJECT_DIR / "target" / "manifests"
    # The moment of the build changes no model.
    variables = {**settings.dbt_vars(datetime.now(UTC)), "as_of": None}
    chosen = hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()
    sources = sources_digest()[:16]
    manifest = manifests / f"{sources}-{chosen[:16]}.json"
    if manifest.exists():
        return manifest
    manifests.mkdir(parents=True, exist_ok=True)
    # Several processes may load the definitions at once (web server, daemon, command line); one parses.
    with FileLock(manifests / "parse.lock"):
        if not manifest.exists():
            with tempfile.TemporaryDirectory(dir=manifests) as scratch:
                _invoke(settings, ["parse"], variables, Path(scratch))
                for old in manifests.glob("*.json"):
                    if not old.name.startswith(sources):
                        old.unlink()
                shutil.move(Path(scratch) / "manifest.json", manifest)
    return manifest


def build(
    settings: Settings,
    variables: Mapping[str, Any],
    nodes: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> list[NodeResult]:
    """Build the models and run their tests; `nodes` are the names of those to take, by default all.

    Unit tests are left out: they test the SQL on made-up rows and belong to development. A failed model or
    test is in the result; DbtError is raised only where dbt could not run at all.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if nodes:
        arguments += ["--indirect-selection", "empty", "--select", *nodes]
    result = _invoke(settings, arguments, variables, settings.home / "dbt", progress)
    return [
        NodeResult(node.node.unique_id, str(node.status), node.message or "", node.execution_time, node.failures)
        for node in result.results
    ]


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    target: Path,
    progress: Progress = lambda _: None,
) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    told_at = 0.0

    def on_event(event: Any) -> None:
        nonlocal told_at
        if event.info.name == "LogStartLine" and time.monotonic() - told_at > _PROGRESS_SECONDS:
            told_at = time.monotonic()
            progress(f"{event.data.index} of {event.data.total}: {event.data.description}")

    # profiles.yml finds the warehouse by it.
    os.environ["REPLINE_HOME"] = str(settings.home)
    try:
        outcome = dbtRunner(callbacks=[on_event]).invoke(
            [
                "--quiet",
                "--log-level",
                "none",
                "--log-level-file",
                "info",
                "--log-path",
                str(target),
                *arguments,
                "--project-dir",
                str(DBT_PROJECT_DIR),
                "--profiles-dir",
                str(DBT_PROJECT_DIR),
                "--target",
                settings.target,
                "--target-path",
                str(target),
                "--vars",
                json.dumps(dict(variables)),
            ]
        )
    finally:
        # dbt keeps the warehouse open for its next invocation in the process; the gates read it with other
        # settings, which DuckDB refuses then.
        DuckDBConnectionManager.close_all_connections()
    if outcome.exception is not None:
        if not isinstance(outcome.exception, Exception):
            raise outcome.exception
        raise DbtError(f"dbt {arguments[0]} failed: {one_line(str(outcome.exception))}") from outcome.exception
    return outcome.result


def one_line(text: str) -> str:
    """The text with line breaks and indents turned into single spaces."""
    return " ".join(text.split())
