"""The file source as a dlt source: one resource an entity, merged into `raw` on the contract's keys.

Belongs here: dlt resources, their hints, schema contract and state. Does not belong here: what a load takes of
an entity (`ingestion.landing.batches`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dlt
import duckdb
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TSchemaContract, TWriteDispositionConfig
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.extract import DltResource
from dlt.extract.items import DataItemWithMeta

from ingestion.contract import ENTITIES, RAW_SCHEMA, Column, ColumnType, Entity
from ingestion.landing.batches import (
    FILES_SCHEMA,
    QUARANTINE_SCHEMA,
    SOURCE,
    UTC_MICROSECONDS,
    Batch,
    read_batch,
    table_name,
)
from ingestion.landing.conversion import prepare_connection
from ingestion.landing.files import landing_files
from ingestion.landing.reading import FILE_COLUMN

FILES_TABLE = "landing_files"
QUARANTINE_TABLE = "quarantine"

# A column that the contract does not name is kept (as text, whatever the file's format, so that its type
# cannot flip); a column whose type changed means that the contract itself did, which needs a migration.
SCHEMA_CONTRACT: TSchemaContract = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}

# The source hands over one row a key, so dlt need not sort all rows by key to look for duplicates again.
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
        # The newer format compresses better: it took a fifth less processor time for 21 million rows.
        duckdb.connect(str(warehouse), config={"storage_compatibility_version": "v1.3.0"}).close()
    # DuckDB uses all cores for one file; dlt's twenty at once took no less time and 2.5 GB instead of 0.5.
    dlt.config["load.workers"] = 1
    # The merge's staging tables would otherwise keep a second copy of the last load.
    dlt.config["load.truncate_staging_dataset"] = True
    credentials = DuckDbCredentials(str(warehouse))
    # The order of raw rows says nothing, and keeping it took a third more time for 21 million rows.
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
    remembered = dlt.current.source_state().setdefault("files", {})
    scratch = Path(pipeline.working_dir) / SOURCE
    shutil.rmtree(scratch, ignore_errors=True)
    listed = {entity: landing_files(landing_dir, entity) for entity in ENTITIES}
    with pipeline.sql_client() as client:
        prepare_connection(client.native_connection)
        for entity, files in listed.items():
            folder = scratch / entity.name
            folder.mkdir(parents=True)
            state = remembered.setdefault(entity.name, {})
            batch = read_batch(client.native_connection, landing_dir, entity, files, state, folder)
            if batch:
                yield batch
