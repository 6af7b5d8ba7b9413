"""The dlt pipelines into schema `raw` of the DuckDB warehouse, one a source.

Belongs here: what holds of every load. Does not belong here: what a source reads.
"""

from __future__ import annotations

from pathlib import Path

import dlt
import duckdb
from dlt.common.schema.typing import TSchemaContract, TWriteDispositionConfig
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from ingestion.contract import RAW_SCHEMA

# A column that is new is kept; all that sources choose freely is text, so that its type cannot flip. A column whose
# type changed means that Repline itself changed, which needs a migration.
SCHEMA_CONTRACT: TSchemaContract = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}

# The newer format compresses better: it took a fifth less processor time for 21 million rows.
STORAGE_VERSION = "v1.3.0"

MERGE: TWriteDispositionConfig = {"disposition": "merge", "strategy": "delete-insert"}


def raw_pipeline(source: str, warehouse: Path, dlt_home: Path) -> dlt.Pipeline:
    """The dlt pipeline that loads a source into schema `raw` of the DuckDB file `warehouse`."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    if not warehouse.exists():
        duckdb.connect(str(warehouse), config={"storage_compatibility_version": STORAGE_VERSION}).close()
    # DuckDB uses all cores for one file; dlt's twenty at once took no less time and 2.5 GB instead of 0.5.
    dlt.config["load.workers"] = 1
    # The merge's staging tables would otherwise keep a second copy of the last load.
    dlt.config["load.truncate_staging_dataset"] = True
    credentials = DuckDbCredentials(str(warehouse))
    # The order of raw rows says nothing, and keeping it took a third more time for 22 million rows.
    credentials.global_config = {"preserve_insertion_order": False}
    return dlt.pipeline(
        f"repline_{source}",
        pipelines_dir=str(dlt_home),
        destination=dlt.destinations.duckdb(credentials=credentials),
        dataset_name=RAW_SCHEMA,
    )
