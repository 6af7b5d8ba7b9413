"""What one load takes of an entity: the rows of its new and changed files, and notes about them.

Belongs here: telling which files to read, and putting the steps of reading them together. Does not belong here:
the steps (`ingestion.landing.reading`, `.conversion`, `.versions`), or dlt (`.source`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.clearing import has_table
from ingestion.contract import (
    OPPORTUNITIES,
    OPPORTUNITY_HISTORY,
    PIPELINE_STAGES,
    RAW_SCHEMA,
    UNKNOWN_STAGE,
    Entity,
)
from ingestion.landing.conversion import Converted, begin_entity, convert, good_rows
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile
from ingestion.landing.personal import Hiding
from ingestion.landing.reading import FILE_COLUMN, Reading
from ingestion.landing.versions import Resolved, resolve
from ingestion.personal import OptionsError
from ingestion.text import literal, quoted

FILES_TABLE = "landing_files"
QUARANTINE_TABLE = "quarantine"

# Stands for the contents of a file that is no longer there.
REMOVED = "removed"

UTC_MICROSECONDS = pa.timestamp("us")

# What was read of each file: one row for a file of a source and its contents.
FILES_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("file_hash", pa.string(), nullable=False),
        pa.field("loaded_at", UTC_MICROSECONDS),
        pa.field("size_bytes", pa.int64()),
        pa.field("rows_read", pa.int64()),
        pa.field("rows_loaded", pa.int64()),
        pa.field("rows_superseded", pa.int64()),
        pa.field("rows_quarantined", pa.int64()),
    ]
)

# The rows that did not load: one row for a line of a file and its contents.
QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("entity", pa.string()),
        pa.field("file", pa.string(), nullable=False),
        pa.field("file_hash", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("record_key", pa.string()),
        pa.field("column_name", pa.string()),
        pa.field("value", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("quarantined_at", UTC_MICROSECONDS),
    ]
)


def table_name(entity: Entity, source: str = "landing") -> str:
    """The raw table, and dlt resource, of a source's records of an entity."""
    return f"{source}__{entity.name}"


@dataclass(frozen=True)
class Feed:
    """The files of one source, in the order of their names, and how to look into one.

    `opener` and `open` raise LandingError where a file cannot be read as the entity. Several small files may be one
    reading.
    """

    source: str
    files: Mapping[Entity, list[LandingFile]]
    opener: Callable[[duckdb.DuckDBPyConnection, Sequence[LandingFile], Entity], list[Reading]]
    hiding: Hiding
    _opened: dict[tuple[str, tuple[LandingFile, ...]], list[Reading]] = field(
        default_factory=dict, init=False, compare=False
    )

    def open(
        self, connection: duckdb.DuckDBPyConnection, files: Iterable[LandingFile], entity: Entity
    ) -> list[Reading]:
        """The files' fields, personal ones hidden."""
        chosen = tuple(files)
        key = (entity.name, chosen)
        if key not in self._opened:
            readings = self.opener(connection, chosen, entity) if chosen else []
            self._opened[key] = [self.hiding.hide(reading, entity) for reading in readings]
        return self._opened[key]

    def raw_table(self, entity: Entity) -> str:
        return f"{RAW_SCHEMA}.{table_name(entity, self.source)}"


@dataclass(frozen=True)
class Batch:
    """What one load takes of an entity: Parquet files of rows, text columns beyond the contract, and notes.

    `is_first` says that the raw table holds no row yet.
    """

    entity: Entity
    is_first: bool
    rows: tuple[Path, ...]
    extra_columns: tuple[str, ...]
    files: pa.Table
    quarantine: pa.Table


def read_batch(
    connection: duckdb.DuckDBPyConnection, feed: Feed, entity: Entity, state: dict[str, Any], scratch: Path
) -> Batch | None:
    """Convert the files that changed; None where nothing did.

    `state` is what former loads noted of each file, by name, and is brought up to date; `scratch` is an empty
    folder for the rows. Raises LandingError where a file cannot be used.
    """
    files = feed.files[entity]
    rows_in_raw = row_count(connection, feed, entity)
    if rows_in_raw is None:
        state.clear()
    stages = known_stages(connection, feed) if entity.has_known_stage else []
    removed = sorted(set(state) - {file.name for file in files})
    for name in removed:
        del state[name]
    changed = _changed(files, state, stages)
    if not changed and not removed:
        if rows_in_raw is not None:
            return None
        empty = _empty_rows(connection, entity, scratch / "empty.parquet")
        return Batch(entity, True, (empty,), (), FILES_SCHEMA.empty_table(), QUARANTINE_SCHEMA.empty_table())

    begin_entity(connection, stages)
    if entity is OPPORTUNITY_HISTORY:
        _note_opportunity_pipelines(connection, feed, list(changed), stages)
    readings = feed.open(connection, changed, entity)
    extras = _extra_columns(connection, feed, entity, readings)
    for name in feed.hiding.of(entity):
        if readings and name not in (*entity.column_names, *extras):
            raise OptionsError(
                f"personal_columns names {table_name(entity, feed.source)}.{name}, a column that no file of "
                f"{entity.name} has; nothing was loaded"
            )
    converted = [
        convert(connection, reading, entity, extras, scratch / f"part-{number:05}.parquet")
        for number, reading in enumerate(readings)
    ]
    raw_table = feed.raw_table(entity) if rows_in_raw else None
    resolved = (
        resolve(connection, entity, converted, extras, raw_table, scratch / "resolved.parquet")
        if converted
        else Resolved((), {})
    )
    quarantined = connection.execute("SELECT * FROM quarantined").to_arrow_table()
    for file in changed:
        if file.has_changed_on_disk():
            raise LandingError(f"{file.path} changed while it was read; run the refresh again when it is complete")

    with_unknown_stage = set(quarantined.filter(pc.equal(quarantined["reason"], UNKNOWN_STAGE))["file"].to_pylist())
    for file, file_hash in changed.items():
        state[file.name] = {
            **file.fingerprint,
            "hash": file_hash,
            # Rows that named an unknown stage get another chance when the stages change.
            "stages": sorted(stages) if file.name in with_unknown_stage else None,
        }
    now = _moment_of_load(connection)
    return Batch(
        entity,
        not rows_in_raw,
        resolved.rows,
        extras,
        _file_records(feed, entity, converted, changed, resolved.superseded, quarantined, removed, now),
        _quarantine_records(feed, quarantined, changed, now),
    )


def _changed(files: list[LandingFile], state: dict[str, Any], stages: list[tuple[str, str]]) -> dict[LandingFile, str]:
    """The files to read, in the order of their names, with the hash of their contents."""
    changed: dict[LandingFile, str] = {}
    for file in files:
        known = state.get(file.name)
        has_new_stages = known is not None and known["stages"] not in (
            None,
            [list(pair) for pair in sorted(stages)],
        )
        if known and file.looks_like(known) and not has_new_stages:
            continue
        file_hash = file.content_hash()
        if known and known["hash"] == file_hash and not has_new_stages:
            known.update(file.fingerprint)
            continue
        changed[file] = file_hash
    return changed


def _extra_columns(
    connection: duckdb.DuckDBPyConnection, feed: Feed, entity: Entity, readings: list[Reading]
) -> tuple[str, ...]:
    """The columns beyond the contract, in the order of the raw table: those that it has, then new ones.

    Each file is written with all of them: dlt takes a Parquet file as it is only if it has the table's
    columns in the table's order, and reads and writes every row again otherwise.
    """
    known = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
        [RAW_SCHEMA, table_name(entity, feed.source)],
    ).fetchall()
    own = {*entity.column_names, FILE_COLUMN}
    in_raw = [name for (name,) in known if name not in own]
    new = {name for reading in readings for name in reading.fields} - own - set(in_raw)
    return (*in_raw, *sorted(new))


def row_count(connection: duckdb.DuckDBPyConnection, feed: Feed, entity: Entity) -> int | None:
    """Rows of the entity's raw table, None where there is no such table yet."""
    if not has_table(connection, RAW_SCHEMA, table_name(entity, feed.source)):
        return None
    row = connection.execute(f"SELECT count(*) FROM {feed.raw_table(entity)}").fetchone()
    return int(row[0]) if row else 0


def _empty_rows(connection: duckdb.DuckDBPyConnection, entity: Entity, target: Path) -> Path:
    """A Parquet file with the entity's columns and no row: it makes the table of an entity without files.

    dlt's own empty table would have its key columns too, which an imported file cannot fill later.
    """
    columns = ", ".join(f"NULL::{column.type.value} AS {quoted(column.name)}" for column in entity.columns)
    connection.execute(
        f"COPY (SELECT {columns}, NULL::VARCHAR AS {FILE_COLUMN} LIMIT 0) TO {literal(str(target))} (FORMAT parquet)"
    )
    return target


def known_stages(connection: duckdb.DuckDBPyConnection, feed: Feed) -> list[tuple[str, str]]:
    """(pipeline, stage) of the stages in the source's files and of those loaded before."""
    selects = [
        f"SELECT pipeline, stage FROM ({good_rows(reading, PIPELINE_STAGES, ())})"
        for reading in feed.open(connection, feed.files[PIPELINE_STAGES], PIPELINE_STAGES)
    ]
    if row_count(connection, feed, PIPELINE_STAGES):
        selects.append(f"SELECT pipeline, stage FROM {feed.raw_table(PIPELINE_STAGES)}")
    if not selects:
        return []
    rows = connection.execute(" UNION ".join(selects) + " ORDER BY ALL").fetchall()
    return [(str(pipeline), str(stage)) for pipeline, stage in rows]


def _note_opportunity_pipelines(
    connection: duckdb.DuckDBPyConnection, feed: Feed, history: list[LandingFile], stages: list[tuple[str, str]]
) -> None:
    """Fill `opportunity_pipelines` where it is needed: several pipelines, and history that names none."""
    if len({pipeline for pipeline, _ in stages}) < 2:
        return
    readings = feed.open(connection, history, OPPORTUNITY_HISTORY)
    if not any(_has_null(connection, reading, "pipeline") for reading in readings):
        return
    selects = [
        f"SELECT opportunity_id, pipeline, updated_at, 1 AS is_landing FROM ({good_rows(reading, OPPORTUNITIES, ())})"
        for reading in feed.open(connection, feed.files[OPPORTUNITIES], OPPORTUNITIES)
    ]
    if row_count(connection, feed, OPPORTUNITIES):
        selects.append(f"SELECT opportunity_id, pipeline, updated_at, 0 FROM {feed.raw_table(OPPORTUNITIES)}")
    if not selects:
        return
    connection.execute(
        f"""
        INSERT INTO opportunity_pipelines
        SELECT opportunity_id, max_by(pipeline, (coalesce(updated_at, TIMESTAMP '0001-01-01'), is_landing, pipeline))
        FROM ({" UNION ALL ".join(selects)}) GROUP BY opportunity_id
        """
    )


def _has_null(connection: duckdb.DuckDBPyConnection, reading: Reading, column: str) -> bool:
    if column not in reading.fields:
        return True
    field = reading.fields[column]
    query = f"SELECT 1 FROM {reading.relation} WHERE {field.value or field.text} IS NULL LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _moment_of_load(connection: duckdb.DuckDBPyConnection) -> datetime:
    """Now, in naive UTC, but later than all loads before: the greatest `loaded_at` of a file says what it holds now,
    whether the clock was set back or not."""
    now = datetime.now(UTC).replace(tzinfo=None)
    if not has_table(connection, RAW_SCHEMA, FILES_TABLE):
        return now
    row = connection.execute(
        f"SELECT max(loaded_at) + INTERVAL 1 MICROSECOND FROM {RAW_SCHEMA}.{FILES_TABLE}"
    ).fetchone()
    return max(now, row[0]) if row and row[0] else now


def _file_records(
    feed: Feed,
    entity: Entity,
    converted: list[Converted],
    hashes: dict[LandingFile, str],
    superseded: dict[str, int],
    quarantined: pa.Table,
    removed: list[str],
    loaded_at: datetime,
) -> pa.Table:
    counted = pc.value_counts(quarantined["file"]).to_pylist()
    bad = {each["values"]: each["counts"] for each in counted}
    records = [
        {
            "source": feed.source,
            "entity": entity.name,
            "file": file.name,
            "file_hash": hashes[file],
            "loaded_at": loaded_at,
            "size_bytes": file.size_bytes,
            "rows_read": rows_read,
            "rows_loaded": part.rows_loaded.get(file.name, 0),
            "rows_superseded": superseded.get(file.name, 0),
            "rows_quarantined": bad.get(file.name, 0),
        }
        for part in converted
        for file, rows_read in part.reading.rows_read()
    ]
    # Its rows stay, but what was quarantined of a file that is gone is no longer a fault of the folder.
    nothing = dict.fromkeys(("size_bytes", "rows_read", "rows_loaded", "rows_superseded", "rows_quarantined"), 0)
    records += [
        {
            "source": feed.source,
            "entity": entity.name,
            "file": name,
            "file_hash": REMOVED,
            "loaded_at": loaded_at,
            **nothing,
        }
        for name in removed
    ]
    return pa.Table.from_pylist(records, FILES_SCHEMA)


def _quarantine_records(feed: Feed, quarantined: pa.Table, hashes: dict[LandingFile, str], now: datetime) -> pa.Table:
    by_name = {file.name: file_hash for file, file_hash in hashes.items()}
    columns = {
        **{name: quarantined[name] for name in quarantined.column_names},
        "source": pa.array([feed.source] * quarantined.num_rows, pa.string()),
        "file_hash": pa.array([by_name[name] for name in quarantined["file"].to_pylist()], pa.string()),
        "quarantined_at": pa.array([now] * quarantined.num_rows, UTC_MICROSECONDS),
    }
    return pa.table([columns[field.name] for field in QUARANTINE_SCHEMA], schema=QUARANTINE_SCHEMA)
