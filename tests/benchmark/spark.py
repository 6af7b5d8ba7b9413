"""Times a refresh of the demo company on DuckDB and on Spark, step by step, side by side.

Run as `python -m tests.benchmark.spark --calls 100000`. Both start from nothing, in fresh processes. Prints the steps,
and what Spark moved for the tables that took most, as Markdown tables. Where the published tables differ in a cell, it
fails instead. `PYSPARK_SUBMIT_ARGS` holds for Spark as it does for a refresh.
Does not belong here: any part of a refresh.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from ingestion.demo import DEFAULT_UNTIL
from pipelines.publication.publish import RECORD_TABLES
from pipelines.reports.progress import STEPS
from pipelines.settings import Settings
from tests.benchmark.bench import Refresh, bare_task, refresh, row
from tests.benchmark.measuring import RunError
from tests.benchmark.spark_events import WRITING, Work, work_by_table
from tests.spark.comparing import differences

ENGINES = ("duckdb", "spark")
# The tables that are shown, and the size in bytes that they are shown in.
SHOWN = 15
MB = 1_000_000


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="tests.benchmark.spark")
    parser.add_argument("--calls", type=int, default=100_000, help="scale of the demo company")
    calls = parser.parse_args().calls
    try:
        with tempfile.TemporaryDirectory(prefix="repline-benchmark-") as folder:
            events = Path(folder) / "events"
            events.mkdir()
            submitted = os.environ.get("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
            os.environ["PYSPARK_SUBMIT_ARGS"] = f"{WRITING} --conf spark.eventLog.dir={events.as_uri()} {submitted}"
            refreshes = compare(Path(folder), calls)
            print("\n".join([*_report(calls, refreshes), "", *_moved(work_by_table(events))]))
    except RunError as error:
        sys.exit(str(error))


def compare(folder: Path, calls: int) -> dict[str, Refresh]:
    """Refresh a demo company below `folder` once by each engine. Raises RunError where they publish other figures."""
    homes = {engine: Settings(folder / engine, folder / "landing", engine) for engine in ENGINES}
    bare_task(homes["duckdb"], "generate", calls)
    refreshes = {engine: refresh(settings, DEFAULT_UNTIL, is_new=True) for engine, settings in homes.items()}
    with duckdb.connect() as connection:
        for engine, settings in homes.items():
            connection.execute(f"ATTACH '{settings.published}/repline.duckdb' AS {engine} (READ_ONLY)")
        found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'duckdb'").fetchall()
        for (name,) in found:
            if name not in RECORD_TABLES and (
                unequal := differences(connection, f"duckdb.marts.{name}", f"spark.marts.{name}")
            ):
                raise RunError(f"the engines differ in {name}: {unequal}")
    return refreshes


def _report(calls: int, refreshes: dict[str, Refresh]) -> Iterator[str]:
    yield f"### {calls:,} calls, {os.cpu_count()} cores"
    yield ""
    yield f"| refresh | {' | '.join(refreshes)} |"
    yield f"| --- |{' ---: |' * len(refreshes)}"
    # What Java takes in a step is not known, as it outlives it; its memory is in the peaks.
    for step, title in STEPS.items():
        yield row(title, [each.steps.get(step) for each in refreshes.values()])
    yield row("Start and end", [each.around for each in refreshes.values()])
    yield row("**Total**", [replace(each.total, cpu_seconds=None) for each in refreshes.values()])


def _moved(tables: list[Work]) -> Iterator[str]:
    yield "| table of Spark | seconds | read MB | shuffled MB | in shuffles | written MB |"
    yield "| --- |" + " ---: |" * 5
    for each in tables[:SHOWN]:
        sizes = [f"{size / MB:,.1f}" for size in (each.read_bytes, each.shuffled_bytes, each.written_bytes)]
        yield f"| `{each.table}` | {each.seconds:.1f} | {sizes[0]} | {sizes[1]} | {each.shuffles} | {sizes[2]} |"
    rest = tables[SHOWN:]
    sizes = [
        f"{sum(each) / MB:,.1f}"
        for each in zip(*((work.read_bytes, work.shuffled_bytes, work.written_bytes) for work in rest), strict=True)
    ] or ["0.0"] * 3
    seconds, shuffles = sum(work.seconds for work in rest), sum(work.shuffles for work in rest)
    yield f"| {len(rest)} more | {seconds:.1f} | {sizes[0]} | {sizes[1]} | {shuffles} | {sizes[2]} |"


if __name__ == "__main__":
    main()
