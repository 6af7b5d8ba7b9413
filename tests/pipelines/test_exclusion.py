"""One refresh at a time: across processes, and after a process was killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.runs import exclusion
from pipelines.runs.exclusion import WarehouseLock, acquire, fail_dead_runs, mark_alive, wait_for_readers

REPOSITORY = Path(__file__).resolve().parents[2]

# Takes both locks of a run, says so, and holds them until it is told to go on or is killed.
HOLD = """
import sys
from pathlib import Path
from pipelines.runs.exclusion import acquire, mark_alive
home, run_id = Path(sys.argv[1]), sys.argv[2]
alive = mark_alive(home, run_id)
held = acquire(home / "refresh.lock", run_id, print)
print("held", flush=True)
sys.stdin.read()
"""
# Whether another process could take the lock: exit code 1 if not.
PROBE = """
import sys
from filelock import FileLock, Timeout
try:
    FileLock(sys.argv[1]).acquire(timeout=0)
except Timeout:
    sys.exit(1)
"""
# Opens a database as another program would.
READ = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.read()
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() in ("held", "open")
    return process


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def started_run(instance: dg.DagsterInstance, run_id: str) -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def refresh() -> None:
        nothing()

    instance.create_run_for_job(refresh, run_id=run_id)
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value="PIPELINE_START", job_name="refresh", message="started"), run_id
    )


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_second_refresh_waits_and_then_runs(tmp_path: Path) -> None:
    """Two processes: the second says whom it waits for, and takes the lock when the first has ended."""
    first = start(HOLD, str(tmp_path), "11111111-first")
    assert first.stdin is not None
    said: list[str] = []

    def end_the_first(text: str) -> None:
        said.append(text)
        if len(said) == 1:
            assert first.poll() is None
            first.stdin.close()  # type: ignore[union-attr]

    lock = acquire(tmp_path / "refresh.lock", "22222222-second", end_the_first)
    assert first.wait(10) == 0
    assert f"process {first.pid}, run 11111111" in said[0]
    assert len(said) == 2
    lock.release()


def test_the_lock_of_a_killed_refresh_is_free(tmp_path: Path) -> None:
    process = start(HOLD, str(tmp_path), "killed")
    process.kill()
    process.wait(10)
    said: list[str] = []
    acquire(tmp_path / "refresh.lock", "next", said.append).release()
    assert said == []


def test_runs_of_dead_processes_are_marked_as_failed(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Of two runs that are recorded as started, one was killed; only that one is marked as failed."""
    alive, dead = dg.DagsterRun(job_name="refresh").run_id, dg.DagsterRun(job_name="refresh").run_id
    for run_id in (alive, dead):
        started_run(instance, run_id)
    living = mark_alive(tmp_path, alive)
    process = start(HOLD, str(tmp_path), dead)
    assert fail_dead_runs(instance, tmp_path) == []
    process.kill()
    process.wait(10)
    assert fail_dead_runs(instance, tmp_path) == [dead]
    assert status(instance, dead) == dg.DagsterRunStatus.FAILURE
    assert status(instance, alive) == dg.DagsterRunStatus.STARTED
    assert fail_dead_runs(instance, tmp_path) == []
    living.release()


def test_a_run_that_is_only_about_to_start_is_left_alone(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = dg.DagsterRun(job_name="refresh").run_id
    started_run(instance, run_id)
    assert fail_dead_runs(instance, tmp_path) == []
    monkeypatch.setattr(exclusion, "START_GRACE_SECONDS", 0.0)
    assert fail_dead_runs(instance, tmp_path, but=run_id) == []
    assert fail_dead_runs(instance, tmp_path) == [run_id]


def test_a_reader_is_waited_for(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    reader = start(READ, str(warehouse))
    said: list[str] = []

    def close_it(text: str) -> None:
        said.append(text)
        assert reader.stdin is not None
        reader.stdin.close()

    wait_for_readers(warehouse, close_it)
    assert reader.wait(10) == 0
    assert len(said) == 1
    assert str(warehouse) in said[0]


def test_a_reader_that_stays_ends_the_refresh_with_one_clear_line(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    reader = start(READ, str(warehouse))
    with pytest.raises(dg.Failure) as failure:
        wait_for_readers(warehouse, print, patience_seconds=0.1)
    assert f"{warehouse} is open in another program" in str(failure.value.description)
    assert "close it there" in str(failure.value.description)
    assert not failure.value.allow_retries
    reader.kill()


def test_the_resource_holds_the_lock_from_the_first_step_to_the_last(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    seen = []

    def is_held() -> bool:
        probe = subprocess.run([sys.executable, "-c", PROBE, str(tmp_path / "refresh.lock")], check=False)
        return probe.returncode == 1

    @dg.op(out=dg.Out(dg.Nothing))
    def first(warehouse: WarehouseLock) -> None:
        seen.append((is_held(), warehouse.started_at))

    @dg.op(ins={"after": dg.In(dg.Nothing)})
    def last(warehouse: WarehouseLock) -> None:
        seen.append((is_held(), warehouse.started_at))

    @dg.job(
        executor_def=dg.in_process_executor,
        resource_defs={
            "warehouse": WarehouseLock(
                home=str(tmp_path), warehouse=str(tmp_path / "w.duckdb"), lock=str(tmp_path / "refresh.lock")
            )
        },
    )
    def both() -> None:
        last(after=first())

    began = time.time()
    assert both.execute_in_process(instance=instance).success
    (first_held, first_now), (last_held, last_now) = seen
    assert first_held
    assert last_held
    assert first_now == last_now
    assert first_now.timestamp() >= began
    assert not is_held()
    assert not list((tmp_path / "dagster" / "alive").iterdir())
