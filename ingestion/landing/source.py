"""The file source as a dlt source: one resource an entity, merged into `raw` on the contract's keys.

Belongs here: dlt resources, their hints, schema contract and state. Does not belong here: reading and judging
rows (`ingestion.landing.reading`, `.conversion`), and which version stands (`.versions`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.typing import TColumnSchema, TSchemaContract, TWriteDispositionConfig
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.extract import DltResource
from dlt.extract.items import DataItemWithMeta

from ingestion.contract import (
    ENTITIES,
    OPPORTUNITIES,
    OPPORTUNITY_HISTORY,
    PIPELINE_STAGES,
    RAW_SCHEMA,
    Column,
    ColumnType,
    Entity,
)
from ingestion.landing.conversion import (
    UNKNOWN_STAGE,
    Converted,
    begin_entity,
    convert,
    good_rows,
    prepare_connection,
)
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile, landing_files
from ingestion.landing.reading import FILE_COLUMN, Reading, literal, open_file, quoted
from ingestion.landing.versions import Resolved, resolve

SOURCE = "landing"
FILES_TABLE = "landing_files"
QUARANTINE_TABLE = "quarantine"
# Stands for the contents of a file that is no longer in the landing folder.
REMOVED = "removed"

# A column that the contract does not name is kept (as text, whatever the file's format, so that its type
# cannot flip); a column whose type changed means that the contract itself did, which needs a migration.
SCHEMA_CONTRACT: TSchemaContract = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}

# The source hands over one row a key, so dlt need not look for duplicates again: that window over all rows
# took as long as the insert.
MERGE: TWriteDispositionConfig = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}

_DLT_TYPES: dict[ColumnType, TColumnSchema] = {
    ColumnType.TEXT: {"data_type": "text"},
    ColumnType.INTEGER: {"data_type": "bigint"},
    ColumnType.AMOUNT: {"data_type": "decimal", "precision": 18, "scale": 4},
    ColumnType.RATE: {"data_type": "decimal", "precision": 20, "scale": 10},
    ColumnType.FRACTION: {"data_type": "decimal", "precision": 9, "scale": 6},
    ColumnType.SECONDS: {"data_type": "decimal", "precision": 15, "scale": 3},
    ColumnType.BOOLEAN: {"data_type": "bool"},
    ColumnType.DATE: {"data_type": "date"},
    ColumnType.TIMESTAMP: {"data_type": "timestamp", "timezone": False, "precision": 6},
}

_UTC_MICROSECONDS = pa.timestamp("us")

# What was read of each file: one row for a file and its contents.
_FILES_SCHEMA = pa.schema(
    [
        pa.field("entity", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("file_hash", pa.string(), nullable=False),
        pa.field("loaded_at", _UTC_MICROSECONDS),
        pa.field("size_bytes", pa.int64()),
        pa.field("rows_read", pa.int64()),
        pa.field("rows_loaded", pa.int64()),
        pa.field("rows_superseded", pa.int64()),
        pa.field("rows_quarantined", pa.int64()),
    ]
)

# The rows that did not load: one row for a line of a file and its contents.
_QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("entity", pa.string()),
        pa.field("file", pa.string(), nullable=False),
        pa.field("file_hash", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("column_name", pa.string()),
        pa.field("value", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("quarantined_at", _UTC_MICROSECONDS),
    ]
)


def table_name(entity: Entity) -> str:
    """The raw table, and dlt resource, of an entity."""
    return f"{SOURCE}__{entity.name}"


def dlt_columns(columns: tuple[Column, ...]) -> list[TColumnSchema]:
    """The contract's columns as dlt column hints.

    All are nullable, keys too: DuckDB marks every column of a Parquet file so, and dlt would rewrite a file
    that differs from the table in anything. The conversion lets no null key through.
    """
    return [{"name": column.name, "nullable": True, **_DLT_TYPES[column.type]} for column in columns]


def _arrow_columns(schema: pa.Schema) -> list[TColumnSchema]:
    types = {
        pa.string(): ColumnType.TEXT,
        pa.int64(): ColumnType.INTEGER,
        _UTC_MICROSECONDS: ColumnType.TIMESTAMP,
    }
    return [{"name": field.name, "nullable": field.nullable, **_DLT_TYPES[types[field.type]]} for field in schema]


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


@dlt.source(name=SOURCE, max_table_nesting=0)
def landing_source(landing_dir: Path) -> Iterator[DltResource]:
    """The landing folder as a dlt source.

    One hidden resource reads the files that changed since the last load; the resources `landing__<entity>`
    take its rows, `landing_files` what was read of each file, and `quarantine` the rows that did not load.
    All work, and every LandingError, happens in the extraction, before anything is loaded.
    """
    batches = dlt.resource(_batches, name="landing_batches", selected=False)(landing_dir)
    for entity in ENTITIES:
        yield dlt.transformer(
            _rows_of(entity),
            data_from=batches,
            name=table_name(entity),
            columns=[
                *dlt_columns(entity.columns),
                {"name": FILE_COLUMN, "data_type": "text", "nullable": True},
            ],
            primary_key=list(entity.key),
            write_disposition=MERGE,  # type: ignore[arg-type]  # dlt takes it, its annotation does not
            schema_contract=SCHEMA_CONTRACT,
        )
    for table, schema, notes in (
        (FILES_TABLE, _FILES_SCHEMA, lambda batch: batch.files),
        (QUARANTINE_TABLE, _QUARANTINE_SCHEMA, lambda batch: batch.quarantine),
    ):
        yield dlt.transformer(
            notes,
            data_from=batches,
            name=table,
            columns=_arrow_columns(schema),
            # Merged, so that a load that was killed and is repeated notes nothing twice.
            primary_key=[field.name for field in schema if not field.nullable],
            write_disposition="merge",
        )


def _rows_of(entity: Entity) -> Callable[[Batch], Iterator[DataItemWithMeta]]:
    def rows(batch: Batch) -> Iterator[DataItemWithMeta]:
        if batch.entity is not entity:
            return
        extras: list[TColumnSchema] = [
            {"name": name, "data_type": "text", "nullable": True} for name in batch.extra_columns
        ]
        hints = dlt.mark.make_hints(
            # dlt takes an empty list of columns for "forget all columns".
            columns=extras or None,
            # Into an empty table one row a key can be appended: the staging table and the merge took 10 s of 17
            # for ten million calls. A load that is killed and repeated finds the table filled, and merges.
            write_disposition="append" if batch.is_first else MERGE,
        )
        for file in batch.rows:
            yield dlt.mark.with_file_import(str(file), "parquet", hints=hints)

    return rows


def landing_pipeline(warehouse: Path, dlt_home: Path) -> dlt.Pipeline:
    """The dlt pipeline that loads the source into schema `raw` of the DuckDB file `warehouse`."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    if not warehouse.exists():
        # The newer format compresses better: it took a quarter less processor time for 22 million rows.
        duckdb.connect(str(warehouse), config={"storage_compatibility_version": "v1.3.0"}).close()
    # DuckDB uses all cores for one file; dlt's twenty at once took no less time and 2.5 GB instead of 0.5.
    dlt.config["load.workers"] = 1
    # The merge's staging tables would otherwise keep a second copy of the last load.
    dlt.config["load.truncate_staging_dataset"] = True
    credentials = DuckDbCredentials(str(warehouse))
    # The order of raw rows says nothing, and keeping it took a third more time for 22 million rows.
    credentials.global_config = {"preserve_insertion_order": False}
    return dlt.pipeline(
        "repline_landing",
        pipelines_dir=str(dlt_home),
        destination=dlt.destinations.duckdb(credentials=credentials),
        dataset_name=RAW_SCHEMA,
    )


def _batches(landing_dir: Path) -> Iterator[Batch]:
    """Convert the files that changed, an entity after the other; no record passes through Python."""
    pipeline = dlt.current.pipeline()
    scratch = Path(pipeline.working_dir) / SOURCE
    shutil.rmtree(scratch, ignore_errors=True)
    listed = {entity: landing_files(landing_dir, entity) for entity in ENTITIES}
    with pipeline.sql_client() as client:
        prepare_connection(client.native_connection)
        for entity, files in listed.items():
            folder = scratch / entity.name
            folder.mkdir(parents=True)
            batch = _batch(client.native_connection, landing_dir, entity, files, folder)
            if batch:
                yield batch


def _batch(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    entity: Entity,
    files: list[LandingFile],
    scratch: Path,
) -> Batch | None:
    state: dict[str, Any] = dlt.current.source_state().setdefault("files", {}).setdefault(entity.name, {})
    rows_in_raw = _row_count(connection, entity)
    if rows_in_raw is None:
        state.clear()
    stages = _known_stages(connection, landing_dir) if entity.has_known_stage else []
    removed = sorted(set(state) - {file.name for file in files})
    for name in removed:
        del state[name]
    changed = _changed(files, state, stages)
    if not changed and not removed:
        if rows_in_raw is not None:
            return None
        empty = _empty_rows(connection, entity, scratch / "empty.parquet")
        return Batch(entity, True, (empty,), (), _FILES_SCHEMA.empty_table(), _QUARANTINE_SCHEMA.empty_table())

    begin_entity(connection, stages)
    if entity is OPPORTUNITY_HISTORY:
        _note_opportunity_pipelines(connection, landing_dir, list(changed), stages)
    readings = [open_file(connection, file, entity) for file in changed]
    extras = _extra_columns(connection, entity, readings)
    converted = [
        convert(connection, reading, entity, extras, scratch / f"part-{number:05}.parquet")
        for number, reading in enumerate(readings)
    ]
    raw_table = f"{RAW_SCHEMA}.{table_name(entity)}" if rows_in_raw else None
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
            "size_bytes": file.size_bytes,
            "mtime_ns": file.mtime_ns,
            "hash": file_hash,
            # Rows that named an unknown stage get another chance when the stages change.
            "stages": sorted(stages) if file.name in with_unknown_stage else None,
        }
    return Batch(
        entity,
        not rows_in_raw,
        resolved.rows,
        extras,
        _file_records(entity, converted, changed, resolved.superseded, removed),
        _quarantine_records(quarantined, changed),
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
            known.update(size_bytes=file.size_bytes, mtime_ns=file.mtime_ns)
            continue
        changed[file] = file_hash
    return changed


def _extra_columns(connection: duckdb.DuckDBPyConnection, entity: Entity, readings: list[Reading]) -> tuple[str, ...]:
    """The columns beyond the contract, in the order of the raw table: those that it has, then new ones.

    Each file is written with all of them: dlt takes a Parquet file as it is only if it has the table's
    columns in the table's order, and reads and writes every row again otherwise.
    """
    known = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = ? AND table_name = ? ORDER BY column_index",
        [RAW_SCHEMA, table_name(entity)],
    ).fetchall()
    own = {*entity.column_names, FILE_COLUMN}
    in_raw = [name for (name,) in known if name not in own]
    new = {name for reading in readings for name in reading.fields} - own - set(in_raw)
    return (*in_raw, *sorted(new))


def _row_count(connection: duckdb.DuckDBPyConnection, entity: Entity) -> int | None:
    """Rows of the entity's raw table, None where there is no such table yet."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
        [RAW_SCHEMA, table_name(entity)],
    ).fetchone()
    if not found:
        return None
    row = connection.execute(f"SELECT count(*) FROM {RAW_SCHEMA}.{table_name(entity)}").fetchone()
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


def _known_stages(connection: duckdb.DuckDBPyConnection, landing_dir: Path) -> list[tuple[str, str]]:
    """(pipeline, stage) of the stages in the landing folder and of those loaded before."""
    selects = [
        f"SELECT pipeline, stage FROM ({good_rows(open_file(connection, file, PIPELINE_STAGES), PIPELINE_STAGES, ())})"
        for file in landing_files(landing_dir, PIPELINE_STAGES)
    ]
    if _row_count(connection, PIPELINE_STAGES):
        selects.append(f"SELECT pipeline, stage FROM {RAW_SCHEMA}.{table_name(PIPELINE_STAGES)}")
    rows = connection.execute(" UNION ".join(selects) + " ORDER BY ALL").fetchall()
    return [(str(pipeline), str(stage)) for pipeline, stage in rows]


def _note_opportunity_pipelines(
    connection: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    history: list[LandingFile],
    stages: list[tuple[str, str]],
) -> None:
    """Fill `opportunity_pipelines` where it is needed: several pipelines, and history that names none."""
    if len({pipeline for pipeline, _ in stages}) < 2:
        return
    readings = [open_file(connection, file, OPPORTUNITY_HISTORY) for file in history]
    if not any(_has_null(connection, reading, "pipeline") for reading in readings):
        return
    selects = [
        f"SELECT opportunity_id, pipeline, updated_at, 1 AS is_landing FROM ({good_rows(reading, OPPORTUNITIES, ())})"
        for reading in (
            open_file(connection, file, OPPORTUNITIES) for file in landing_files(landing_dir, OPPORTUNITIES)
        )
    ]
    if _row_count(connection, OPPORTUNITIES):
        selects.append(f"SELECT opportunity_id, pipeline, updated_at, 0 FROM {RAW_SCHEMA}.{table_name(OPPORTUNITIES)}")
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
    expression, _ = reading.fields[column]
    query = f"SELECT 1 FROM {reading.relation} WHERE coalesce(CAST({expression} AS VARCHAR), '') = '' LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _file_records(
    entity: Entity,
    converted: list[Converted],
    hashes: dict[LandingFile, str],
    superseded: dict[str, int],
    removed: list[str],
) -> pa.Table:
    loaded_at = datetime.now(UTC).replace(tzinfo=None)
    records = [
        {
            "entity": entity.name,
            "file": part.file.name,
            "file_hash": hashes[part.file],
            "loaded_at": loaded_at,
            "size_bytes": part.file.size_bytes,
            "rows_read": part.rows_read,
            "rows_loaded": part.rows_loaded,
            "rows_superseded": superseded.get(part.file.name, 0),
            "rows_quarantined": part.rows_quarantined,
        }
        for part in converted
    ]
    # Its rows stay, but what was quarantined of a file that is gone is no longer a fault of the folder.
    nothing = dict.fromkeys(("size_bytes", "rows_read", "rows_loaded", "rows_superseded", "rows_quarantined"), 0)
    records += [
        {"entity": entity.name, "file": name, "file_hash": REMOVED, "loaded_at": loaded_at, **nothing}
        for name in removed
    ]
    return pa.Table.from_pylist(records, _FILES_SCHEMA)


def _quarantine_records(quarantined: pa.Table, hashes: dict[LandingFile, str]) -> pa.Table:
    by_name = {file.name: file_hash for file, file_hash in hashes.items()}
    now = datetime.now(UTC).replace(tzinfo=None)
    columns = {
        **{name: quarantined[name] for name in quarantined.column_names},
        "file_hash": pa.array([by_name[name] for name in quarantined["file"].to_pylist()], pa.string()),
        "quarantined_at": pa.array([now] * quarantined.num_rows, _UTC_MICROSECONDS),
    }
    return pa.table([columns[field.name] for field in _QUARANTINE_SCHEMA], schema=_QUARANTINE_SCHEMA)
