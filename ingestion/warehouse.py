"""The dlt pipelines into schema `raw`, one per source: into the DuckDB warehouse, or into the lake.

Belongs here: what holds of every load. Does not belong here: what a source reads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.common.schema.typing import TSchemaContract, TWriteDispositionConfig
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from ingestion.clearing import clear_packages
from ingestion.contract import RAW_SCHEMA
from ingestion.lake import LAYOUT, Lake
from ingestion.migrations import migrate
from ingestion.register import pipeline_name

# A column that is new is kept; all that sources choose freely is text, so that its type cannot flip. A column whose
# type changed means that Repline itself changed, which needs a migration.
SCHEMA_CONTRACT: TSchemaContract = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}

MERGE_DEDUPLICATING: TWriteDispositionConfig = {"disposition": "merge", "strategy": "delete-insert"}


def raw_pipeline(source: str, warehouse: Path, dlt_home: Path, lake: Lake | None = None) -> dlt.Pipeline:
    """The dlt pipeline that loads a source into schema `raw` of the DuckDB file `warehouse`, or as packages of a lake.

    The warehouse is made, or brought to this release's format. Raises MigrationError where it cannot be.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    if migrate(warehouse):
        clear_packages(dlt_home, [source])
    return pipeline_into(source, warehouse, dlt_home, lake)


def pipeline_into(source: str, warehouse: Path, dlt_home: Path, lake: Lake | None) -> dlt.Pipeline:
    """The same into a warehouse that is in this release's format, or where no table of it is touched."""
    # Named for this pipeline alone, since dlt's configuration holds for the whole process.
    name = pipeline_name(source)
    dlt.config[f"{name}.warehouse"] = str(warehouse)
    # DuckDB uses all cores for one file; dlt's twenty at once took no less time and 2.5 GB instead of 0.5.
    dlt.config[f"{name}.load.workers"] = 1
    # The merge's staging tables would otherwise keep a second copy of the last load.
    dlt.config[f"{name}.load.truncate_staging_dataset"] = True
    destination = _in_warehouse(warehouse) if lake is None else _in_lake(lake)

    def pipeline() -> dlt.Pipeline:
        return dlt.pipeline(name, pipelines_dir=str(dlt_home), destination=destination, dataset_name=RAW_SCHEMA)

    try:
        return pipeline()
    except ValueError:
        # What JSON says of a damaged file.
        clear_packages(dlt_home, [source])
        return pipeline()


def _in_warehouse(warehouse: Path) -> Any:
    credentials = DuckDbCredentials(str(warehouse))
    # The order of raw rows says nothing, and keeping it took a third more time for 22 million rows.
    credentials.global_config = {"preserve_insertion_order": False}
    return dlt.destinations.duckdb(credentials=credentials)


def _in_lake(lake: Lake) -> Any:
    logging.getLogger("dlt").addFilter(_is_worth_telling)
    return dlt.destinations.filesystem(bucket_url=str(lake.folder), layout=LAYOUT)


# What dlt says of the tables of each load into the lake: that they are appended, and of a move that it is one.
_AS_WANTED = ("Falling back to `append`", "is only applied when using the", "differs from destination")


def _is_worth_telling(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not any(words in message for words in _AS_WANTED)


@contextmanager
def held() -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the running pipeline: what is loaded already, as dlt adds to it after all is read.

    dlt's `sql_client` resolves its whole configuration each time, 30 ms, and `dlt.current.pipeline` 6 ms; a source has
    up to 25 tables.
    """
    name = Container()[PipelineContext].pipeline().pipeline_name
    with duckdb.connect(dlt.config[f"{name}.warehouse"]) as connection:
        yield connection
