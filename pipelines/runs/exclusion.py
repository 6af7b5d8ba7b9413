"""One refresh at a time on the warehouse file, and the tidying after a refresh that died.

Belongs here: the lock that a refresh holds from its first step to its last, in whatever process it runs (the
daemon's, the web server's, the command line's), and marking the runs of dead processes as failed. Does not
belong here: what a refresh does.

DuckDB allows one writing process, so the lock covers the whole run, not single steps: two refreshes that took
turns step by step would build marts from each other's half-loaded tables. The operating system frees the lock
when its process dies, even by `kill -9`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from pipelines.runs.instance import keeping_records_open
from pipelines.storage_faults import is_held

# A run is marked as started before its process gets as far as its own lock file: importing dbt, dlt and
# Great Expectations takes 5 to 10 s, on a loaded machine several times that.
START_GRACE_SECONDS = 300.0
# Somebody looking into the warehouse with another tool keeps DuckDB from writing; most such looks are short.
READER_PATIENCE_SECONDS = 600.0
_POLL_SECONDS = 0.5

ACTIVE_STATUSES = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
DEAD_RUN_MESSAGE = "The process of this run died. The next refresh starts over; nothing has to be repaired."

Log = Callable[[str], None]


class WarehouseLock(dg.ConfigurableResource[None]):
    """Holds the warehouse for one run, from its first step to its last.

    `home` is the data home, `warehouse` the DuckDB file, `lock` the lock file. Another refresh that holds the
    lock is waited for without limit. `started_at` is the moment that counts as now for the whole run.
    """

    home: str
    warehouse: str
    lock: str
    _held: FileLock | None = PrivateAttr(default=None)
    _alive: FileLock | None = PrivateAttr(default=None)
    _started_at: datetime | None = PrivateAttr(default=None)
    _records: ExitStack = PrivateAttr(default_factory=ExitStack)

    @property
    def started_at(self) -> datetime:
        if self._started_at is None:
            raise dg.Failure("the warehouse is not held by this run")
        return self._started_at

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        if context.run is None or context.instance is None:
            raise dg.Failure("the warehouse can be held by a run only")
        run_id = context.run.run_id
        log = context.log.info if context.log else print
        try:
            self._records.enter_context(keeping_records_open())
            self._alive = mark_alive(Path(self.home), run_id)
            self._held = acquire(Path(self.lock), run_id, log)
            self._started_at = datetime.now(UTC)
            for dead in fail_dead_runs(context.instance, Path(self.home), but=run_id):
                log(f"Marked run {dead} as failed: its process died.")
            wait_for_readers(Path(self.warehouse), log)
        except BaseException:
            # Dagster tears down only what was set up to the end.
            self.teardown_after_execution(context)
            raise

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        for lock in (self._held, self._alive):
            if lock is not None:
                lock.release()
        if context.run is not None:
            _alive_file(Path(self.home), context.run.run_id).unlink(missing_ok=True)
        self._records.close()


def acquire(lock_file: Path, run_id: str, log: Log) -> FileLock:
    """Take the refresh lock, waiting as long as another process has it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    holder_file = lock_file.with_suffix(".holder.json")
    lock = FileLock(lock_file, thread_local=False)
    try:
        # `repline status` takes the lock for an instant, to see whether a refresh has it.
        lock.acquire(timeout=1, poll_interval=0.1)
    except Timeout:
        log(f"Another refresh is running{_holder(holder_file)}; waiting until it has finished.")
        lock.acquire(poll_interval=_POLL_SECONDS)
        log("The other refresh has finished; going on.")
    since = datetime.now(UTC).isoformat(timespec="seconds")
    holder_file.write_text(json.dumps({"pid": os.getpid(), "run_id": run_id, "since": since}), encoding="utf-8")
    return lock


def mark_alive(home: Path, run_id: str) -> FileLock:
    """Take the run's own lock: as long as its process lives, nobody else can."""
    path = _alive_file(home, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, thread_local=False)
    lock.acquire(timeout=0)
    return lock


def fail_dead_runs(instance: dg.DagsterInstance, home: Path, but: str | None = None) -> list[str]:
    """Mark runs as failed that are recorded as going on though their process is gone; return their ids.

    A run is alive while its lock is held. A process id would not do: it is reused, and in a container it is
    often the same after a restart. Without this, a run that was killed would fill the pool of writers, and
    the queue would start no other run, for ever.
    """
    dead = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=ACTIVE_STATUSES)):
        run = record.dagster_run
        if run.run_id == but or _is_alive(home, run.run_id, record.update_timestamp):
            continue
        instance.report_run_failed(run, DEAD_RUN_MESSAGE)
        _alive_file(home, run.run_id).unlink(missing_ok=True)
        dead.append(run.run_id)
    return dead


def wait_for_readers(warehouse: Path, log: Log, patience_seconds: float = READER_PATIENCE_SECONDS) -> None:
    """Wait until the warehouse file can be written; raises dagster.Failure after `patience_seconds`."""
    deadline = time.monotonic() + patience_seconds
    has_told = False
    while warehouse.exists():
        try:
            duckdb.connect(str(warehouse)).close()
            return
        except duckdb.IOException as error:
            if not is_held(error):
                raise
            reason = str(error).splitlines()[0]
            if time.monotonic() > deadline:
                raise dg.Failure(
                    f"{warehouse} is open in another program, so it cannot be written ({reason}); "
                    "close it there, and let reports read the published marts instead",
                    allow_retries=False,
                ) from None
            if not has_told:
                log(f"{warehouse} is open in another program; waiting until it is closed. {reason}")
                has_told = True
            time.sleep(_POLL_SECONDS)


def _alive_file(home: Path, run_id: str) -> Path:
    return home / "dagster" / "alive" / f"{run_id}.lock"


def _is_alive(home: Path, run_id: str, updated_at: datetime) -> bool:
    path = _alive_file(home, run_id)
    if not path.exists():
        # Not there yet, or no longer: the run is about to start or to end.
        age = datetime.now(UTC) - updated_at.replace(tzinfo=updated_at.tzinfo or UTC)
        return age.total_seconds() < START_GRACE_SECONDS
    try:
        FileLock(path, thread_local=False).acquire(timeout=0).lock.release()
    except Timeout:
        return True
    return False


def _holder(holder_file: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        holder = json.loads(holder_file.read_text(encoding="utf-8"))
        return f" (process {holder['pid']}, run {holder['run_id'][:8]}, since {holder['since']})"
    return ""
