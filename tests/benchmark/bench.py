"""Times a refresh of the demo company, step by step, beside a script by hand that makes the same KPI tables.

Run as `python -m tests.benchmark.bench --calls 1000000`. The refreshes are `repline refresh` as a user runs it,
each in a fresh process; the times of the steps are those that Dagster recorded. Prints a Markdown table. Where the
script's tables are not the published ones, cell by cell, it fails instead.
Does not belong here: any part of a refresh.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from dagster import DagsterEventType

from ingestion.contract import ENTITIES
from ingestion.demo import DEFAULT_UNTIL, change
from pipelines.publication.versions import newest_version
from pipelines.reports.progress import STEPS
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.runs.instance import open_instance
from pipelines.settings import Settings
from tests.benchmark.by_hand import differences
from tests.benchmark.measuring import GIB, Measured, RunError, measure, repline

CHANGED_SHARE = 0.01


@dataclass(frozen=True)
class Figure:
    """Wall time and time of all cores in seconds, peak memory in bytes; None where it was not seen."""

    seconds: float
    peak_bytes: int | None = None
    cpu_seconds: float | None = None

    @classmethod
    def of(cls, measured: Measured) -> Figure:
        return cls(measured.seconds, measured.peak_bytes(), measured.cpu_seconds)


@dataclass(frozen=True)
class Refresh:
    """One refresh: a figure for each step of `STEPS` that ran, for the models of each dbt group, and for it all."""

    steps: dict[str, Figure]
    groups: dict[str, Figure]
    total: Figure

    @property
    def around(self) -> Figure:
        """What the steps leave of the total: imports, loading the definitions, the run's own bookkeeping."""
        return Figure(self.total.seconds - sum(step.seconds for step in self.steps.values()))


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="tests.benchmark.bench")
    parser.add_argument("--calls", type=int, default=1_000_000, help="scale of the demo company")
    parser.add_argument("--home", type=Path, help="an empty folder to work in; default: a temporary one")
    arguments = parser.parse_args()
    if arguments.home:
        arguments.home.mkdir(parents=True, exist_ok=True)
        if any(arguments.home.iterdir()):
            parser.error(f"{arguments.home} is not empty")
    try:
        if arguments.home:
            report = benchmark(arguments.home.resolve(), arguments.calls)
        else:
            with tempfile.TemporaryDirectory(prefix="repline-benchmark-") as home:
                report = benchmark(Path(home), arguments.calls)
    except RunError as error:
        sys.exit(str(error))
    print(report)


def benchmark(home: Path, calls: int) -> str:
    """Make a demo company below `home`, refresh it three times, and return the report in Markdown."""
    settings = Settings(home, home / "landing")
    bare = {task: bare_task(settings, task, calls) for task in ("generate", "read", "copy")}
    refreshes = {"first": refresh(settings, DEFAULT_UNTIL, is_new=True)}
    content = _content(settings)
    bare["by hand"] = _by_hand(settings, DEFAULT_UNTIL)
    refreshes["nothing new"] = refresh(settings, DEFAULT_UNTIL, is_new=False)
    end = change(settings.landing, share=CHANGED_SHARE)
    refreshes[f"{CHANGED_SHARE:.0%} changed"] = refresh(settings, end, is_new=True)
    return "\n".join(_report(calls, content, bare, refreshes))


def refresh(settings: Settings, as_of: datetime, is_new: bool) -> Refresh:
    before = newest_version(settings)
    measured = measure(repline("refresh"), _environment(settings, as_of))
    after = newest_version(settings)
    if after is None or (before is None or before.number != after.number) != is_new:
        expected = "a new version" if is_new else "no new version"
        raise RunError(f"the refresh should have published {expected}, but said:\n{measured.output}")
    return Refresh(_steps(settings, measured), _groups(settings) if is_new else {}, Figure.of(measured))


def _steps(settings: Settings, measured: Measured) -> dict[str, Figure]:
    """The steps of the newest run that did something, as Dagster's event log has them."""
    with open_instance(settings) as instance:
        [run] = instance.get_runs(limit=1)
        return {
            step.step_key: Figure(step.end_time - step.start_time, measured.peak_bytes(step.start_time, step.end_time))
            for step in instance.get_run_step_stats(run.run_id)
            if step.start_time is not None and step.end_time is not None
        }


def _groups(settings: Settings) -> dict[str, Figure]:
    """The models and snapshots that the newest run built, by dbt group: the sum of their times."""
    manifest = json.loads(prepare_manifest(settings).read_text(encoding="utf-8"))
    groups: dict[tuple[str, ...], str] = {
        (node["schema"], node["name"]): node["group"] for node in manifest["nodes"].values() if node.get("group")
    }
    seconds: dict[str, float] = defaultdict(float)
    with open_instance(settings) as instance:
        [run] = instance.get_runs(limit=1)
        for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION):
            made = entry.asset_materialization
            if made and (group := groups.get(tuple(made.asset_key.path))):
                seconds[group] += float(str(made.metadata["seconds"].value))
    return {group: Figure(seconds[group]) for group in sorted(seconds, key=seconds.__getitem__, reverse=True)}


def bare_task(settings: Settings, task: str, calls: int) -> Figure:
    command = [sys.executable, "-m", "tests.benchmark.bare", task, str(settings.landing), str(calls)]
    return Figure.of(measure(command, os.environ))


def _by_hand(settings: Settings, as_of: datetime) -> Figure:
    """Time the script on the files that were just refreshed, and compare what it made."""
    output = settings.home / "by_hand"
    command = [sys.executable, "-m", "tests.benchmark.by_hand", str(settings.landing), str(output), as_of.isoformat()]
    figure = Figure.of(measure(command, os.environ))
    found = differences(output / "marts.duckdb", settings.published / "marts.duckdb")
    if differing := {table: rows for table, rows in found.items() if rows}:
        raise RunError(f"the script by hand and the refresh differ; rows in one of them only: {differing}")
    shutil.rmtree(output)
    return figure


def _environment(settings: Settings, as_of: datetime) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("REPLINE_")},
        "REPLINE_TARGET": settings.target,
        "REPLINE_HOME": str(settings.home),
        "REPLINE_LANDING": str(settings.landing),
        "REPLINE_AS_OF": as_of.isoformat(),
    }


def _report(
    calls: int, content: list[tuple[str, int, int]], bare: dict[str, Figure], refreshes: dict[str, Refresh]
) -> Iterator[str]:
    yield f"### {calls:,} calls"
    yield ""
    yield (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}. Wall time and peak resident memory of fresh processes."
    )
    yield ""
    yield "| landing | rows | MiB |"
    yield "| --- | ---: | ---: |"
    for entity, rows, size in content:
        yield f"| {entity} | {rows:,} | {size / (1 << 20):,.1f} |"
    yield ""
    yield f"| refresh | {' | '.join(refreshes)} |"
    yield f"| --- |{' ---: |' * len(refreshes)}"
    for step, title in STEPS.items():
        yield row(title, [refresh.steps.get(step) for refresh in refreshes.values()])
    yield row("Start and end", [refresh.around for refresh in refreshes.values()])
    yield row("**Total**", [refresh.total for refresh in refreshes.values()])
    yield ""
    yield f"| models of | {' | '.join(refreshes)} |"
    yield f"| --- |{' ---: |' * len(refreshes)}"
    for group in refreshes["first"].groups:
        yield row(group, [refresh.groups.get(group) for refresh in refreshes.values()])
    yield ""
    by_hand = bare["by hand"].seconds
    first, *others = (refresh.total.seconds for refresh in refreshes.values())
    yield f"From nothing: {first / by_hand:.1f} times the script by hand, with the same figures in every cell."
    for name, seconds in zip(list(refreshes)[1:], others, strict=True):
        yield f"{name.capitalize()}: {seconds / first:.2f} of from nothing."
    yield ""
    yield "| for comparison | |"
    yield "| --- | ---: |"
    yield row("Make the demo company", [bare["generate"]])
    yield row("DuckDB alone: read every value of these files", [bare["read"]])
    yield row("DuckDB alone: copy these files into tables", [bare["copy"]])
    yield row("Script by hand: raw tables, five KPI tables as DuckDB and Parquet", [bare["by hand"]])


def row(title: str, figures: list[Figure | None]) -> str:
    return f"| {title} | {' | '.join(_cell(figure) for figure in figures)} |"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    cpu = f", {figure.cpu_seconds:.1f} s CPU" if figure.cpu_seconds else ""
    memory = f", {figure.peak_bytes / GIB:.2f} GiB" if figure.peak_bytes else ""
    return f"{figure.seconds:.1f} s{cpu}{memory}"


def _content(settings: Settings) -> list[tuple[str, int, int]]:
    """Entity, rows and bytes of what was read, as the refresh itself counted them."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT entity, sum(rows_read)::BIGINT, sum(size_bytes)::BIGINT FROM raw.landing_files GROUP BY ALL"
        ).fetchall()
        found = {row[0]: row for row in rows}
    return [found[entity.name] for entity in ENTITIES if entity.name in found]


if __name__ == "__main__":
    main()
