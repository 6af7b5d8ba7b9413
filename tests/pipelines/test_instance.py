"""Dagster's records: SQLite files that stay open while a run is recorded, and are whole and closed afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pipelines.runs.instance import open_instance, prepare_dagster_home
from pipelines.runs.records import BatchingEventLogStorage
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


def test_events_of_a_run_share_a_connection(tmp_path: Path) -> None:
    opened: list[str] = []

    def count(connection: sqlite3.Connection, _: object) -> None:
        [(_, _, file), *_] = connection.execute("PRAGMA database_list").fetchall()
        opened.append(Path(file).stem)

    settings = Settings(tmp_path, tmp_path / "landing")
    with open_instance(settings) as instance:
        run = instance.add_run(dg.DagsterRun("job"))
        instance.report_engine_event("the first makes the file", run)
        event.listen(Engine, "connect", count)
        try:
            for number in range(10):
                instance.report_engine_event(f"{number}", run)
        finally:
            event.remove(Engine, "connect", count)
        assert len(instance.all_logs(run.run_id)) == 11
    assert run.run_id not in opened


def test_what_a_run_plans_is_stored_at_once_and_found_by_dagsters_own_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    store = BatchingEventLogStorage.store_event_batch

    def counted(self: BatchingEventLogStorage, events: Sequence[dg.EventLogEntry]) -> None:
        batches.append(len(events))
        store(self, events)

    monkeypatch.setattr(BatchingEventLogStorage, "store_event_batch", counted)

    @dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="table")])
    def table() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        yield dg.MaterializeResult()
        yield dg.AssetCheckResult(passed=True)

    settings = Settings(tmp_path, tmp_path / "landing")
    job = dg.Definitions([table], jobs=[dg.define_asset_job("job")]).resolve_job_def("job")
    with open_instance(settings) as instance:
        run_id = job.execute_in_process(instance=instance).run_id
    assert batches == [2]
    own = SqliteEventLogStorage(str(settings.dagster_home / "history" / "runs"))
    stored = [each.dagster_event_type for each in own.get_logs_for_run(run_id) if each.is_dagster_event]
    assert stored.count(dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED) == 1
    assert stored.count(dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED) == 1
    [record] = own.get_asset_records([table.key])
    assert record.asset_entry.last_run_id == run_id
    key = dg.AssetCheckKey(table.key, "holds")
    assert own.get_latest_asset_check_execution_by_key([key])[key].run_id == run_id


def test_a_storage_that_the_user_chose_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(tmp_path, tmp_path / "landing")
    config = prepare_dagster_home(settings) / "dagster.yaml"
    with config.open("a", encoding="utf-8") as file:
        file.write(f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'elsewhere'}\n")
    with open_instance(settings) as instance:
        run = instance.add_run(dg.DagsterRun("job"))
        instance.report_engine_event("something happened", run)
    assert list((tmp_path / "elsewhere").rglob(f"{run.run_id}.db"))
