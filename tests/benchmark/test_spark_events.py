"""What Spark's event logs say of each table, whichever session made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.benchmark.spark_events import Work, work_by_table

_SQL = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecution"


def session(table: str, shuffled: int) -> list[dict[str, Any]]:
    """The events of a session that makes one table, by numbers that begin anew in each."""
    plan = f"CreateDataSourceTableAsSelectCommand\nArguments: `spark_catalog`.`marts`.`{table}`"
    counted = [{"Name": "internal.metrics.shuffle.write.bytesWritten", "Value": shuffled}]
    return [
        {"Event": f"{_SQL}Start", "executionId": 0, "time": 1000, "physicalPlanDescription": plan},
        {"Event": "SparkListenerJobStart", "Stage IDs": [0], "Properties": {"spark.sql.execution.id": "0"}},
        {"Event": "SparkListenerStageCompleted", "Stage Info": {"Stage ID": 0, "Accumulables": counted}},
        {"Event": f"{_SQL}End", "executionId": 0, "time": 3500},
    ]


def test_sessions_are_taken_together(tmp_path: Path) -> None:
    for name, events in {"a": session("fct_call", 10), "b": [], "c": session("fct_rep_day", 20)}.items():
        (tmp_path / name).write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
    assert work_by_table(tmp_path) == [
        Work("marts.fct_rep_day", shuffles=1, shuffled_bytes=20, seconds=2.5),
        Work("marts.fct_call", shuffles=1, shuffled_bytes=10, seconds=2.5),
    ]
