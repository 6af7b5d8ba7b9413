"""Dagster's records: SQLite files that stay open while a run is recorded, and are whole and closed afterwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg

from pipelines.runs.instance import open_instance
from pipelines.settings import Settings


def test_a_file_of_records_is_kept_open_until_the_end(tmp_path: Path) -> None:
    """A write-ahead log beside a file says that somebody has it open: the last one to close it removes the log."""
    settings = Settings(tmp_path, tmp_path / "landing")
    runs = settings.dagster_home / "history"
    with open_instance(settings) as instance:
        run = instance.add_run(dg.DagsterRun("job"))
        instance.report_engine_event("something happened", run)
        assert {path.name for path in runs.rglob("*.db-wal")} >= {"runs.db-wal", f"{run.run_id}.db-wal"}
    assert list(runs.rglob("*.db-wal")) == []
    with sqlite3.connect(runs / "runs" / f"{run.run_id}.db") as connection:
        assert connection.execute("SELECT count(*) FROM event_logs").fetchone() == (1,)
