"""Dagster's records of events in SQLite, which take in one transaction what comes together.

Belongs here: how events are written. Does not belong here: where to (`pipelines.runs.instance`).

A run begins with an event for each table and each check that it plans, some 700, and Dagster writes each of them to two
files in up to six transactions: 7 of the 10 s of processor time of a refresh that finds nothing new. In two
transactions, one per file, they take 2 s.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from sqlalchemy import NullPool, create_engine

if TYPE_CHECKING:
    from dagster import EventLogEntry
    from dagster._serdes import ConfigurableClassData
    from sqlalchemy import Connection


class BatchingEventLogStorage(SqliteEventLogStorage):
    """Dagster's own storage, files and tables included; other processes read and write them as they always did."""

    # By thread: those that watch the records use connections of their own.
    _batch = threading.local()

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> BatchingEventLogStorage:
        return cls(config_value["base_dir"], inst_data)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run, all or none of them in each file."""
        shards = (events[0].run_id, INDEX_SHARD_NAME)
        for shard in shards:
            with self._connect(shard):  # makes the file where it is new
                pass
        with ExitStack() as stack:
            engines = {shard: create_engine(self.conn_string_for_shard(shard), poolclass=NullPool) for shard in shards}
            connections = {shard: stack.enter_context(engine.begin()) for shard, engine in engines.items()}
            stack.callback(setattr, self._batch, "connections", {})
            self._batch.connections = connections
            for event in events:
                self.store_event(event)

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Looked up once, and not for each check."""
        return bool(super().supports_asset_checks)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if connection := getattr(self._batch, "connections", {}).get(shard):
            yield connection
        else:
            with super()._connect(shard) as connection:
                yield connection
