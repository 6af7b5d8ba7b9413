"""Forgetting somebody in a warehouse: all or nothing, and then no file keeps what was overwritten.

Belongs here: the order of it, and what follows from it. Does not belong here: how somebody is found
(`ingestion.forgetting.finding`), or what becomes of a row (`ingestion.forgetting.overwriting`).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing

import duckdb

from ingestion.clearing import FORGOTTEN, clear_packages, drop_schemas, has_table, write_anew
from ingestion.contract import RAW_SCHEMA
from ingestion.forgetting.finding import Found
from ingestion.forgetting.model import Done, ForgetError, Forgotten, Home, Kind
from ingestion.forgetting.notes import NOTES, Notes
from ingestion.forgetting.overwriting import Overwriting
from ingestion.forgetting.places import Places
from ingestion.migrations import STAGING_SCHEMA
from ingestion.moving import in_warehouse, is_in
from ingestion.register import SOURCES, SOURCES_BY_NAME
from ingestion.text import quoted


def forget(home: Home, kind: Kind, mart_id: str, is_dry: bool = False) -> Forgotten:
    """Forget whom the marts call `mart_id`, under each id by which a source knows the person.

    All or nothing. With `is_dry`, nothing is changed, and the answer says what would be. Raises ForgetError where no
    loaded row names the id. Only for the holder of the refresh lock.
    """
    if not home.warehouse.exists():
        raise ForgetError(f"there is no warehouse {home.warehouse}, so nobody can be forgotten")
    with in_warehouse(home.warehouse, home.dlt, home.lake):
        return _forget(home, kind, mart_id, is_dry)


def _forget(home: Home, kind: Kind, mart_id: str, is_dry: bool) -> Forgotten:
    source, id_ = _source_and_id(mart_id)
    with closing(duckdb.connect(str(home.warehouse))) as connection:
        work = _Work(connection, home)
        if work.found.is_loaded(kind, source, id_):
            work.notes.add(kind, work.found.ids_of_person(kind, source, id_), home.version)
        elif not work.notes.names(kind, source, id_):
            raise ForgetError(f"no row that was loaded names the {kind} {mart_id!r}; write the id as the marts do")
        done = work.apply()
        forgotten = Forgotten(done, work.found.names())
        if is_dry:
            connection.rollback()
            return forgotten
        work.finish(done)
    _clear(home)
    return forgotten


def forget_again(home: Home) -> tuple[Done, ...]:
    """Forget those on the list whom a load brought again. Only for the holder of the refresh lock."""
    if not home.warehouse.exists():
        return ()
    with closing(duckdb.connect(str(home.warehouse))) as connection:
        if not has_table(connection, RAW_SCHEMA, FORGOTTEN):
            return ()
        is_cleared = not connection.execute(f"SELECT 1 FROM {NOTES} WHERE NOT is_cleared").fetchall()
    if home.lake and is_in(home.lake, home.warehouse) and not home.lake.has_news() and is_cleared:
        return ()
    with in_warehouse(home.warehouse, home.dlt, home.lake):
        return _forget_again(home)


def _forget_again(home: Home) -> tuple[Done, ...]:
    with closing(duckdb.connect(str(home.warehouse))) as connection:
        work = _Work(connection, home)
        done = work.apply()
        work.finish(done)
    _clear(home)
    return done


def _clear(home: Home) -> None:
    """Let no file keep what was overwritten. Where that is killed, the next call does it."""
    with closing(duckdb.connect(str(home.warehouse), read_only=True)) as connection:
        if not connection.execute(f"SELECT 1 FROM {NOTES} WHERE NOT is_cleared").fetchall():
            return
    clear_packages(home.dlt, [source.name for source in SOURCES])
    write_anew(home.warehouse, FORGOTTEN, home.lake)


def _source_and_id(mart_id: str) -> tuple[str, str]:
    """The source of an id of the marts, and the id as the source writes it."""
    source, colon, id_ = mart_id.partition(":")
    return (source, id_) if colon and source in SOURCES_BY_NAME else ("landing", mart_id)


class _Work:
    """One transaction that forgets whoever is on the list."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home) -> None:
        self._connection = connection
        self._home = home
        connection.execute("SET TimeZone = 'UTC'")
        connection.begin()
        self.notes = Notes(connection)
        self._places = Places(connection, home)
        self.found = Found(connection, self._places)

    def apply(self) -> tuple[Done, ...]:
        """Forget them, and say what was done."""
        self.found.fill()
        return Overwriting(self._connection, self._places, self.notes, self.found).apply()

    def finish(self, done: Collection[Done]) -> None:
        """Commit; where something was done, what follows from it goes, and the files have to be cleared."""
        if done:
            for schema, table in self._places.columns:
                if schema == STAGING_SCHEMA and not table.startswith("_dlt"):
                    self._connection.execute(f"DELETE FROM {STAGING_SCHEMA}.{quoted(table)}")
            drop_schemas(self._connection, self._home.derived)
            self._connection.execute(f"UPDATE {NOTES} SET is_cleared = false")
        self._connection.commit()
