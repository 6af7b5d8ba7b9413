"""Batches of contract rows as dlt resources: one an entity, merged into `raw` on the contract's keys.

Belongs here: resources, their hints, schema contract and state, for every source that is read into the landing
contract's own shape. Does not belong here: what a load takes of an entity (`ingestion.landing.batches`).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import dlt
import duckdb
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TWriteDispositionConfig
from dlt.extract import DltResource
from dlt.extract.items import DataItemWithMeta

from ingestion.contract import ENTITIES, Column, ColumnType, Entity
from ingestion.landing.batches import (
    FILES_SCHEMA,
    FILES_TABLE,
    QUARANTINE_SCHEMA,
    QUARANTINE_TABLE,
    UTC_MICROSECONDS,
    Batch,
    Feed,
    read_batch,
    table_name,
)
from ingestion.landing.conversion import prepare_connection
from ingestion.landing.reading import FILE_COLUMN
from ingestion.text import rows_and_rate
from ingestion.warehouse import SCHEMA_CONTRACT, held

# A source hands over one row per key, so dlt need not sort all rows by key to look for duplicates again.
MERGE: TWriteDispositionConfig = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}

_DLT_TYPES: dict[ColumnType, TColumnSchema] = {
    ColumnType.TEXT: {"data_type": "text"},
    ColumnType.INTEGER: {"data_type": "bigint"},
    ColumnType.AMOUNT: {"data_type": "decimal", "precision": 18, "scale": 4},
    ColumnType.RATE: {"data_type": "decimal", "precision": 20, "scale": 10},
    ColumnType.FIGURE: {"data_type": "decimal", "precision": 28, "scale": 10},
    ColumnType.FRACTION: {"data_type": "decimal", "precision": 9, "scale": 6},
    ColumnType.SECONDS: {"data_type": "decimal", "precision": 15, "scale": 3},
    ColumnType.BOOLEAN: {"data_type": "bool"},
    ColumnType.DATE: {"data_type": "date"},
    ColumnType.TIMESTAMP: {"data_type": "timestamp", "timezone": False, "precision": 6},
}


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
        UTC_MICROSECONDS: ColumnType.TIMESTAMP,
    }
    return [{"name": field.name, "nullable": field.nullable, **_DLT_TYPES[types[field.type]]} for field in schema]


def contract_resources(source: str, batches: DltResource) -> Iterator[DltResource]:
    """The resources `<source>__<entity>`, `landing_files` and `quarantine`, which take their rows of `batches`.

    `landing_files` says what was read of each file, `quarantine` has the rows that did not load. All work of a
    source, and every LandingError, happens in the extraction of `batches`, before anything is loaded.
    """
    for entity in ENTITIES:
        yield dlt.transformer(
            _rows_of(entity),
            data_from=batches,
            name=table_name(entity, source),
            columns=[
                *dlt_columns(entity.columns),
                {"name": FILE_COLUMN, "data_type": "text", "nullable": True},
            ],
            primary_key=list(entity.key),
            write_disposition=MERGE,  # type: ignore[arg-type]  # dlt takes it, its annotation does not
            schema_contract=SCHEMA_CONTRACT,
        )
    for table, schema, notes in (
        (FILES_TABLE, FILES_SCHEMA, lambda batch: batch.files),
        (QUARANTINE_TABLE, QUARANTINE_SCHEMA, lambda batch: batch.quarantine),
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


ReadBatch: TypeAlias = Callable[[duckdb.DuckDBPyConnection, Feed, Entity, dict[str, Any], Path], Batch | None]


def read_batches(
    list_files: Callable[[Path], Feed],
    read: ReadBatch = read_batch,
    anew: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Batch]:
    """Convert the files that changed, an entity after the other; no record passes through Python.

    `list_files` is given an empty folder for copies of files that have to be converted before they can be read. `read`
    reads an entity; `progress` is told how many rows it had and how fast. With `anew`, files are read whether they
    changed or not. Nothing is dropped for it: rows of files that were removed since could not be read again.
    """
    pipeline = dlt.current.pipeline()
    remembered = dlt.current.source_state().setdefault("files", {})
    if anew:
        for known in (known for files in remembered.values() for known in files.values()):
            known.update(size_bytes=None, hash=None)
    scratch = Path(pipeline.working_dir) / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    copies = scratch / "copies"
    copies.mkdir(parents=True)
    feed = list_files(copies)
    with held() as connection:
        prepare_connection(connection)
        feed.hiding.setting.prepare(connection)
        for entity in ENTITIES:
            folder = scratch / entity.name
            folder.mkdir()
            state = remembered.setdefault(entity.name, {})
            began = time.monotonic()
            batch = read(connection, feed, entity, state, folder)
            if batch:
                rows = sum(batch.files["rows_read"].to_pylist())
                progress(f"{table_name(entity, feed.source)}: {rows_and_rate(rows, time.monotonic() - began)}")
                yield batch


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
            # Into an empty table one row per key can be appended: the staging table and the merge took 10 s of 17
            # for ten million calls. A load that is killed and repeated finds the table filled, and merges.
            write_disposition="append" if batch.is_first else MERGE,
        )
        for file in batch.rows:
            yield dlt.mark.with_file_import(str(file), "parquet", hints=hints)

    return rows
