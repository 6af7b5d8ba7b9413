"""API tables as dlt resources: incremental with an overlap, at the door stripped of what need not be kept.

Belongs here: what happens to every table between the system's pages and dlt. Does not belong here: pages
(`ingestion.api.tables`), requests (`ingestion.api.client`).

A row that raw holds already, in all its columns, is left out: the overlap that catches late changes then loads
nothing where nothing was late, and a load of nothing new is no load. How far a table is read stands in its resource's
state; dlt's `incremental` would put its cursor behind every row, also one that the system shows before its time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource

from ingestion.api.client import ApiError
from ingestion.api.options import SourceOptions
from ingestion.api.tables import LOADED_AT, ApiTable, FieldType
from ingestion.contract import RAW_SCHEMA
from ingestion.personal import hidden
from ingestion.text import quoted
from ingestion.warehouse import MERGE_DEDUPLICATING, SCHEMA_CONTRACT, held

# True for a row that a table which is listed whole no longer lists.
IS_GONE = "_is_gone"
_MOMENT = pa.timestamp("us")

_log = logging.getLogger(__name__)

# Reads the system's records from a moment on (naive UTC, None: all), in the order of the cursor, in batches.
ReadSince = Callable[[datetime | None], Iterator[pa.Table]]
ReadOf = Callable[[pa.Table], Iterator[pa.Table]]


class Unlisted(Exception):  # noqa: N818 - no error: the other tables load
    """Raised by a read of a table that the system does not list for this user: what raw holds stands as it is."""


def optional(table: ApiTable, read: ReadSince) -> ReadSince:
    """The read of a table that the account or the token may lack: the log says so, and its rows stay as they are."""

    def batches(since: datetime | None) -> Iterator[pa.Table]:
        try:
            yield from read(since)
        except ApiError as error:
            if not is_forbidden(error):
                raise
            _log.warning("%s is not read: %s", table.raw_name, error)
            raise Unlisted from error

    return batches


def is_forbidden(error: ApiError) -> bool:
    """Whether the system says that this token may not ask for it."""
    return error.response is not None and error.response.status_code == 403


def table_resource(
    table: ApiTable,
    options: SourceOptions,
    read: ReadSince,
    overlap_seconds: float = 0,
    settling_seconds: float = 0,
) -> DltResource:
    """The resource of a table: the changes since the last load, or all where the table is listed whole.

    `read` gives batches with the table's columns (`ApiTable.read`). For a table with a cursor, no batch may hold a row
    that changed before one of an earlier batch, but for rows that are still settling: the resource may stop after any
    batch, and the next slice goes on from the greatest settled cursor so far.

    `overlap_seconds` is how late the system may show a change: each load begins so much below the cursor.
    `settling_seconds` is how long after a change the system may show it out of its order, or not at all. A row that
    changed later than so long before the load began is loaded, but the cursor stays below it: the next load asks for
    its time again.
    """
    personal = options.personal(table)
    options.overlaps[table.raw_name] = overlap_seconds
    if table.is_listed_whole:

        def whole() -> Iterator[pa.Table]:
            with Door(table, options, personal) as door, suppress(Unlisted):
                yield from door.first()
                for batch in read(None):
                    yield from door.pass_through(batch)
                yield from door.gone()

        return dlt.resource(whole, **_hints(table))

    def changed() -> Iterator[pa.Table]:
        settled_until = options.slice.started_at - timedelta(seconds=settling_seconds)
        with Door(table, options, personal) as door, suppress(Unlisted):
            yield from door.first()
            cursor = door.cursor
            for batch in read(cursor - timedelta(seconds=overlap_seconds) if cursor else None):
                new_rows = 0
                for rows in door.pass_through(batch):
                    new_rows += rows.num_rows
                    yield rows
                door.move_cursor(batch, settled_until)
                if not options.slice.has_room(table.raw_name, new_rows):
                    return

    return dlt.resource(changed, **_hints(table))


def detail_resource(table: ApiTable, options: SourceOptions, parent: DltResource, read: ReadOf) -> DltResource:
    """The resource of a table that belongs to the records of another, read for those that are new or changed.

    `read` gives the details of a batch of the parent's rows.
    """
    personal = options.personal(table)

    def details(batch: pa.Table) -> Iterator[pa.Table]:
        with Door(table, options, personal) as door:
            yield from door.first()
            if batch.num_rows:
                for rows in read(batch):
                    yield from door.pass_through(rows)

    return dlt.transformer(details, data_from=parent, **_hints(table))


class Door:
    """What a batch passes on its way in: personal columns, the moment of the load, rows that raw holds already.

    A context manager: it opens the warehouse, which dlt fills only after all resources are read.
    """

    def __init__(self, table: ApiTable, options: SourceOptions, personal: dict[str, str]) -> None:
        self._table = table
        self._options = options
        self._personal = personal
        self._state = dlt.current.resource_state(table.raw_name)
        self._loaded_at = options.slice.started_at
        self._known_until = options.slice.known_until(table.raw_name, self._state.get("loaded_at"))
        self._open = ExitStack()

    def __enter__(self) -> Door:
        self._connection = self._open.enter_context(held())
        self._options.personal_columns.prepare(self._connection)
        self._held = self._held_columns()
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE listed ({', '.join(map(_text, self._table.key))})")
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.close()

    def first(self) -> Iterator[pa.Table]:
        """An empty batch where raw has no such table yet: staging reads it, whether there are records or not.

        A source that is read anew loses its state at once, and its tables only when the load begins.
        """
        if not self._held or "loaded_at" not in self._state:
            self._state["loaded_at"] = self._loaded_at.isoformat()
            yield self._finished(self._table.empty())

    @property
    def cursor(self) -> datetime | None:
        """Up to which change the table was read, naive UTC."""
        noted = self._state.get("cursor")
        return datetime.fromisoformat(noted) if noted else None

    def move_cursor(self, batch: pa.Table, settled_until: datetime) -> None:
        """Note that the table was read up to the last change of a batch, of those until `settled_until`."""
        changes = batch[self._table.cursor]
        settled = changes.filter(pc.less_equal(changes, pa.scalar(settled_until, _MOMENT)))
        newest = pc.max(settled).as_py()
        if newest is not None and (self.cursor is None or newest > self.cursor):
            self._state["cursor"] = newest.isoformat()

    def pass_through(self, batch: pa.Table) -> Iterator[pa.Table]:
        """The rows of a batch that raw does not hold yet, as they are loaded."""
        self._connection.register("arrived", self._finished(batch))
        if self._table.is_listed_whole:
            keys = ", ".join(map(quoted, self._table.key))
            self._connection.execute(f"INSERT INTO listed SELECT {keys} FROM arrived")
        yield from self._noted(self._unknown())

    def gone(self) -> Iterator[pa.Table]:
        """The rows that raw holds and the system did not list, marked."""
        if not self._held:
            return
        keys = " AND ".join(f"held.{quoted(name)} = listed.{quoted(name)}" for name in self._table.key)
        held = [name for name in self._columns if name not in (LOADED_AT, IS_GONE)]
        columns = ", ".join(quoted(name) if name in self._held else f"NULL AS {quoted(name)}" for name in held)
        rows = self._connection.execute(
            f"""
            SELECT {columns}, true AS {IS_GONE}, ?::TIMESTAMP AS {LOADED_AT}
            FROM {self._raw} AS held
            WHERE NOT {IS_GONE} AND NOT EXISTS (SELECT 1 FROM listed WHERE {keys})
            """,
            [self._loaded_at],
        ).to_arrow_table()
        yield from self._noted(rows)

    def _noted(self, rows: pa.Table) -> Iterator[pa.Table]:
        if rows.num_rows:
            self._options.count(self._table, rows.num_rows)
            self._state["loaded_at"] = self._loaded_at.isoformat()
            yield rows.cast(self._schema)

    @property
    def _raw(self) -> str:
        return f"{RAW_SCHEMA}.{quoted(self._table.raw_name)}"

    @property
    def _columns(self) -> list[str]:
        return [*self._table.columns, *([IS_GONE] if self._table.is_listed_whole else []), LOADED_AT]

    @property
    def _schema(self) -> pa.Schema:
        types = {field.name: pa.string() if field.type is FieldType.TEXT else _MOMENT for field in self._table.fields}
        types |= {IS_GONE: pa.bool_(), LOADED_AT: _MOMENT}
        return pa.schema([(name, types[name]) for name in self._columns])

    def _finished(self, batch: pa.Table) -> pa.Table:
        self._connection.register("batch", batch)
        selected = [
            # A dropped column is empty, not away: staging reads it all the same.
            f"{hidden(quoted(name), self._personal[name])} AS {quoted(name)}"
            if name in self._personal
            else quoted(name)
            for name in self._table.columns
        ]
        if self._table.is_listed_whole:
            selected.append(f"false AS {IS_GONE}")
        selected.append(f"?::TIMESTAMP AS {LOADED_AT}")
        rows = self._connection.execute(f"SELECT {', '.join(selected)} FROM batch", [self._loaded_at]).to_arrow_table()
        return rows.cast(self._schema)

    def _unknown(self) -> pa.Table:
        """The arrived rows that raw does not hold as they are.

        Only rows of loads that ended count as held: of a load that was killed, the table may be filled and its
        details not, and its rows have to come again to bring them.
        """
        compared = [name for name in self._columns if name != LOADED_AT]
        condition = "true"
        if self._known_until is not None and set(compared) <= self._held:
            # The equality on the key makes it a hash join.
            equals = {name: "=" if name in self._table.key else "IS NOT DISTINCT FROM" for name in compared}
            same = " AND ".join(f"held.{quoted(name)} {equals[name]} arrived.{quoted(name)}" for name in compared)
            is_held = f"SELECT 1 FROM {self._raw} AS held WHERE {same} AND held.{LOADED_AT} <= $known_until::TIMESTAMP"
            condition = f"NOT EXISTS ({is_held})"
        parameters = {"known_until": self._known_until} if condition != "true" else {}
        return self._connection.execute(f"SELECT * FROM arrived WHERE {condition}", parameters).to_arrow_table()

    def _held_columns(self) -> set[str]:
        found = self._connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            [RAW_SCHEMA, self._table.raw_name],
        ).fetchall()
        return {name for (name,) in found}


def _hints(table: ApiTable) -> dict[str, Any]:
    columns: list[TColumnSchema] = []
    for field in table.fields:
        column: TColumnSchema = {"name": field.name, "data_type": "text", "nullable": True}
        if field.type is not FieldType.TEXT:
            column = {"name": field.name, "data_type": "timestamp", "timezone": False, "precision": 6, "nullable": True}
        columns.append(column)
    # A record that changed while its pages were read comes twice in one load; the later state stands.
    newest = table.cursor or LOADED_AT
    loaded_at: TColumnSchema = {"name": LOADED_AT, "data_type": "timestamp", "timezone": False, "precision": 6}
    columns.append(loaded_at)
    for column in columns:
        if column["name"] == newest:
            column["dedup_sort"] = "desc"
    return {
        "name": table.raw_name,
        "columns": columns,
        "primary_key": list(table.key),
        "write_disposition": MERGE_DEDUPLICATING,
        "schema_contract": SCHEMA_CONTRACT,
    }


def _text(name: str) -> str:
    return f"{quoted(name)} VARCHAR"
