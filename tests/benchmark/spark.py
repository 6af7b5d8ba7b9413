"""Times a refresh of the demo company on DuckDB and on Spark, step by step, side by side.

Run as `python -m tests.benchmark.spark --calls 100000`. Both start from nothing, in fresh processes. Prints a Markdown
table. Where the published tables differ in a cell, it fails instead.
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
from tests.spark.comparing import differences

ENGINES = ("duckdb", "spark")


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="tests.benchmark.spark")
    parser.add_argument("--calls", type=int, default=100_000, help="scale of the demo company")
    calls = parser.parse_args().calls
    try:
        with tempfile.TemporaryDirectory(prefix="repline-benchmark-") as folder:
            print("\n".join(_report(calls, compare(Path(folder), calls))))
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


if __name__ == "__main__":
    main()
