"""What Spark read, moved between its tasks and wrote for each table, from the event logs of its sessions.

Belongs here: reading those logs. Does not belong here: running anything (`spark`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Options of a session that writes such a log into a folder.
WRITING = (
    "--conf spark.eventLog.enabled=true "
    "--conf spark.eventLog.rolling.enabled=false "
    "--conf spark.eventLog.compress=false"
)
# What a plan says of the table that it makes.
_MADE = re.compile(r"CreateDataSourceTableAsSelectCommand\nArguments: `[^`]*`\.`([^`]*)`\.`([^`]*)`")
_STATEMENT = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecution"


@dataclass
class Work:
    """What one table took, of all its tasks."""

    table: str
    shuffles: int = 0
    # Of the bytes that it reads from files Spark counts but a part.
    read_rows: int = 0
    shuffled_bytes: int = 0
    written_bytes: int = 0
    seconds: float = 0.0


def work_by_table(folder: Path) -> list[Work]:
    """What each table took that the sessions of the logs in `folder` made, most shuffled bytes first."""
    # One session builds, and one answers for each gate.
    made = [work for log in folder.iterdir() for work in _work_of_session(log)]
    return sorted(made, key=lambda work: -work.shuffled_bytes)


def _work_of_session(log: Path) -> list[Work]:
    made: dict[int, Work] = {}
    of_stage: dict[int, Work] = {}
    started: dict[int, int] = {}
    for event in _events(log):
        kind = event["Event"]
        if kind == f"{_STATEMENT}Start" and (found := _MADE.search(event["physicalPlanDescription"])):
            made[event["executionId"]] = Work(".".join(found.groups()))
            started[event["executionId"]] = event["time"]
        elif kind == f"{_STATEMENT}End" and event["executionId"] in made:
            made[event["executionId"]].seconds = (event["time"] - started[event["executionId"]]) / 1000
        elif kind == "SparkListenerJobStart":
            # A statement that asks for others names the outermost one as its root.
            ids = [event["Properties"].get(f"spark.sql.execution.{name}") for name in ("root.id", "id")]
            if owner := next((made[int(each)] for each in ids if each and int(each) in made), None):
                of_stage |= dict.fromkeys(event["Stage IDs"], owner)
        elif kind == "SparkListenerStageCompleted":
            stage = event["Stage Info"]
            if owner := of_stage.get(stage["Stage ID"]):
                _add(owner, {each["Name"]: each.get("Value") for each in stage["Accumulables"]})
    return [*made.values()]


def _add(work: Work, counted: dict[str, object]) -> None:
    def of(name: str) -> int:
        return int(str(counted.get(f"internal.metrics.{name}") or 0))

    shuffled = of("shuffle.write.bytesWritten")
    work.shuffles += shuffled > 0
    work.shuffled_bytes += shuffled
    work.read_rows += of("input.recordsRead")
    work.written_bytes += of("output.bytesWritten")


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
