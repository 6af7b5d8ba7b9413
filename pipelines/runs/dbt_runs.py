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
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from ingestion.contract import RAW_SCHEMA
from ingestion.lake import Lake
from ingestion.text import one_line
from pipelines.runs.inputs import sources_digest
from pipelines.settings import DBT_PROJECT_DIR, SPARK, Settings
from pipelines.spark.connection import connection, require, said
from pipelines.spark.lake import PACKAGES_SCHEMA, SNAPSHOTS_SCHEMA, Tables, fill_lake, packages, settled_lake, show_lake
from pipelines.spark.queries import in_spark_words, tables_for, tables_of

MANIFEST = "manifest.json"
# The settings that say which models there are and what they read; no config rests on another, and the build takes all.
DECIDING_VARIABLES = ("sources", "entity_sources", "landed_by", "landed_schemas", "pass_through_columns")
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


Log = Callable[[str], None]


def prepare_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now, parsed only where that was not done yet. Opens no database.

    Raises SparkError where the models are built by Spark, and it is not there.
    """
    if settings.target == SPARK:
        require(settings)
    with _parsing(settings) as folder:
        if not (folder / MANIFEST).exists():
            _parse(settings, folder)
        return folder / MANIFEST


def build(
    settings: Settings,
    variables: Mapping[str, Any],
    nodes: Sequence[str] = (),
    progress: Log = lambda _: None,
) -> list[NodeResult]:
    """Build the models and run their tests; `nodes` are the names of those to take, by default all.

    Unit tests are left out: they test the SQL on made-up rows and belong to development. A failed model or
    test is in the result; DbtError is raised only where dbt could not run at all.
    """
    # An exposure says who reads a mart; nothing of it can be built, but dbt would report that it was.
    arguments = ["build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"]
    # The manifest of the parsed project is there already.
    arguments.append("--no-write-json")
    # On Spark all are built: its session knows no table of an earlier one.
    if nodes and settings.target != SPARK:
        arguments += ["--indirect-selection", "empty", "--select", *nodes]
    with _parsing(settings) as folder:
        parsed = _parse(settings, folder)

    def run(arguments: Sequence[str]) -> Any:
        return _invoke(settings, arguments, variables, settings.home, settings.home / "dbt", progress, parsed)

    result = _run_on_spark(settings, parsed, run, arguments) if settings.target == SPARK else run(arguments)
    return [
        NodeResult(each.node.unique_id, str(each.status), said(each.message or ""), each.execution_time, each.failures)
        for each in result.results
    ]


def _run_on_spark(settings: Settings, parsed: Any, run: Callable[[Sequence[str]], Any], building: Sequence[str]) -> Any:
    """Show Spark the raw tables, let dbt build there, and let the warehouse show what was made."""
    wanted = {(source.schema, source.identifier) for source in parsed.sources.values()}
    # What a snapshot saw, a build cannot make again.
    wanted |= {(node.schema, node.name) for node in parsed.nodes.values() if node.schema == SNAPSHOTS_SCHEMA}
    lake = settled_lake(settings)
    assert lake
    with connection(settings):
        _let_spark_read(settings, lake, run, wanted, fill_lake(settings.warehouse, lake.folder, wanted))
        result = run(building)
    show_lake(settings.warehouse, lake.folder, [each.node for each in result.results])
    return result


def row_of_spark(settings: Settings, variables: Mapping[str, Any], query: str) -> dict[str, Any]:
    """The one row, by column, with which Spark answers a query in DuckDB's words.

    Spark reads the lake, and copies of what is a table of the warehouse's file. Raises DbtError with what Spark says
    where it cannot answer.
    """
    with _parsing(settings) as folder:
        parsed = _parse(settings, folder)

    def run(arguments: Sequence[str]) -> Any:
        return _invoke(settings, arguments, variables, settings.home, settings.home / "dbt", parsed=parsed)

    asking = ["show", "--inline", f"{{% raw %}}{in_spark_words(query)}{{% endraw %}}", "--limit", "-1"]
    wanted, lake = tables_of(query), settled_lake(settings)
    assert lake
    with connection(settings):
        _let_spark_read(settings, lake, run, wanted, tables_for(settings.warehouse, lake.folder, wanted))
        try:
            [answer] = run([*asking, "--no-populate-cache", "--no-write-json"]).results
        except DbtError as error:
            # What dbt says before is where a query stands that is in no file.
            raise DbtError(str(error).rpartition("Runtime Error ")[2]) from error
    [row] = answer.agate_table.rows
    return dict(row.dict())


def _let_spark_read(
    settings: Settings,
    lake: Lake,
    run: Callable[[Sequence[str]], Any],
    wanted: Collection[tuple[str, str]],
    tables: Tables,
) -> None:
    """Let Spark see tables of the lake, and what stands of the wanted raw ones: a session's catalogue ends with it."""
    views = {name: query for name, query in packages(lake).items() if (RAW_SCHEMA, name) in wanted}
    given = {"tables": tables, "packages": {"schema": PACKAGES_SCHEMA, "views": views}}
    declaring = ["run-operation", "read_lake", "--args", json.dumps(given), "--no-write-json"]
    [declared] = run(declaring).results
    if declared.status != "success":
        raise DbtError(f"Spark cannot read {settings.lake}; {settings.home / 'dbt' / 'dbt.log'} says why")


def parsed_dir(settings: Settings) -> Path:
    """Where the parsed states are kept: in the data home, since the project's folder may belong to somebody else."""
    return settings.home / "dbt" / "parsed"


@contextmanager
def _parsing(settings: Settings) -> Iterator[Path]:
    """The folder where the project's parsed state is kept, while nobody else is parsing.

    It is named by a digest of the project's files: a modification time says nothing about a deleted file, or
    about one that a checkout put back. So do the settings that say which models there are.
    """
    deciding = {"target": settings.target, **_deciding(settings)}
    chosen = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    sources = sources_digest()[:16]
    place = parsed_dir(settings)
    folder = place / f"{sources}-{chosen[:16]}"
    place.mkdir(parents=True, exist_ok=True)
    # Several processes may load the definitions at once (web server, daemon, command line); one parses.
    with FileLock(place / "parse.lock"):
        for old in place.iterdir():
            if old.is_dir() and not old.name.startswith(sources):
                shutil.rmtree(old)
        folder.mkdir(exist_ok=True)
        yield folder


def _parse(settings: Settings, folder: Path) -> Any:
    """dbt's parsed project, read from the state in the folder where there is one.

    The other settings and the warehouse are left out: where one of them is another, dbt parses everything anew, which
    takes 15 s.
    """
    # To write the manifest again takes 0.6 s of processor time, to read the state 0.7 s.
    known = ["--no-write-json"] if (folder / MANIFEST).exists() else []
    return _invoke(settings, ["parse", *known], _deciding(settings), folder, folder)


def _deciding(settings: Settings) -> dict[str, Any]:
    return settings.business.model_dump(include=set(DECIDING_VARIABLES))


def _invoke(
    settings: Settings,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    home: Path,
    target: Path,
    progress: Log = lambda _: None,
    parsed: Any = None,
) -> Any:
    """Run dbt on the warehouse in `home`, with its files in `target`; `parsed` spares it the parsing.

    `dbt.log` in `target` holds what dbt said last.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    from pipelines.runs.dbt_events import LoudEventManager

    ctx_set_event_manager(LoudEventManager())
    told_at = 0.0
    target.mkdir(parents=True, exist_ok=True)
    # For a file of its own dbt would format all its messages for debugging too, to leave them out.
    log = (target / "dbt.log").open("w", encoding="utf-8")

    def on_event(event: Any) -> None:
        nonlocal told_at
        log.write(f"{datetime.now(UTC):%H:%M:%S} {event.info.level:5} {event.info.msg}\n")
        if event.info.name == "LogStartLine" and time.monotonic() - told_at > _PROGRESS_SECONDS:
            told_at = time.monotonic()
            progress(f"{event.data.index} of {event.data.total}: {event.data.description}")

    # profiles.yml finds the warehouse by it.
    os.environ["REPLINE_HOME"] = str(home)
    try:
        outcome = dbtRunner(parsed, callbacks=[on_event]).invoke(
            [
                "--quiet",
                "--log-level",
                "none",
                "--log-level-file",
                "none",
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
        log.close()
        # Who runs dbt or Repline from this process later means this home.
        os.environ["REPLINE_HOME"] = str(settings.home)
    if outcome.exception is not None:
        if not isinstance(outcome.exception, Exception):
            raise outcome.exception
        raise DbtError(f"dbt {arguments[0]} failed: {one_line(said(str(outcome.exception)))}") from outcome.exception
    return outcome.result
