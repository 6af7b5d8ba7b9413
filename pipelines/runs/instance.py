"""Dagster's storage in the data home, made on first use.

Belongs here: where runs are recorded, and the instance's settings. Does not belong here: what is run.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Granularity `run`: a run waits in the queue as a whole, so a step never sits on a slot that a killed process
# left behind.
_DAGSTER_YAML = """\
# Written by Repline when it first ran. Yours to change; it is not written again.
telemetry:
  enabled: false

# One run at a time writes to the warehouse; further ones wait in the queue.
concurrency:
  pools:
    default_limit: 1
    granularity: run

# Dagster would start two processes a run to keep what is printed; the steps print nothing, they log.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager

# Records of looks that led to nothing are kept for a week.
retention:
  schedule:
    purge_after_days:
      skipped: 7
  sensor:
    purge_after_days:
      skipped: 7
"""


# The idle connections of `keeping_records_open` by file, None outside of it.
_idle: dict[str, sqlite3.Connection] | None = None


@cache
def spare_disk_syncs() -> None:
    """Let SQLite, in which Dagster records a run, wait for the disk less often in this process.

    A refresh records some 600 events, each in several transactions that wait for the disk: 5 to 20 s of a
    refresh on a slow or busy disk, and a third of that with this. A killed process loses nothing by it, and a
    loss of power the last events at most, never the database: that is what SQLite promises for `NORMAL` with
    a write-ahead log.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = NORMAL")
            _keep_one_more(connection)


@contextmanager
def keeping_records_open() -> Iterator[None]:
    """Keep an idle connection to each file of records that is opened in this block, until it ends.

    Dagster opens a connection for each transaction. When the last one to a file closes, SQLite moves the write-ahead
    log into the database and waits for the disk. One that stays open spares that: 100 events took 1.6 s instead of
    4.9 s and waited 269 times instead of 1,505, on a busy machine.
    """
    global _idle
    spare_disk_syncs()
    if _idle is not None:
        yield
        return
    _idle = {}
    try:
        yield
    finally:
        kept, _idle = _idle, None
        for connection in kept.values():
            connection.close()


def _keep_one_more(connection: sqlite3.Connection) -> None:
    if _idle is None:
        return
    [(_, _, file), *_] = connection.execute("PRAGMA database_list").fetchall()
    # What is wrong with a file, Dagster finds in it too.
    with suppress(sqlite3.Error):
        if file not in _idle:
            # Dagster opens its files in several threads.
            _idle[file] = sqlite3.connect(file, check_same_thread=False)
        # A connection counts from its first look into the log, which a new file does not have yet.
        _idle[file].execute("SELECT count(*) FROM sqlite_master").fetchall()


def prepare_dagster_home(settings: Settings) -> Path:
    """Make Dagster's folder with its settings where it is absent, and point `DAGSTER_HOME` to it."""
    settings.make_home()
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(_DAGSTER_YAML, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[DagsterInstance]:
    """The instance in which runs are recorded."""
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    home = prepare_dagster_home(settings)
    # Dagster hands over in batches what a run plans if it is told how many events they may have.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "10000")
    reference = InstanceRef.from_dir(str(home), overrides=_storage(home))
    with keeping_records_open(), DagsterInstance.from_ref(reference) as instance:
        yield instance


def _storage(home: Path) -> dict[str, Any]:
    """Storage of our own for events, in Dagster's place for them, where a user has not chosen another."""
    import yaml

    chosen = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8")) or {}
    if any(name.endswith("storage") and name != "local_artifact_storage" for name in chosen):
        return {}
    config = {"base_dir": str(home / "history" / "runs")}
    own = {"module": "pipelines.runs.records", "class": "BatchingEventLogStorage", "config": config}
    return {"event_log_storage": own}
