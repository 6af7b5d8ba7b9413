"""The file source as a dlt source: the landing folder, merged into `raw` on the contract's keys.

Belongs here: which files are landing files. Does not belong here: what a load takes of an entity
(`ingestion.landing.batches`), or its dlt resources (`.resources`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import dlt
import duckdb
from dlt.extract import DltResource, DltSource

from ingestion.api.options import SourceOptions
from ingestion.contract import ENTITIES, Entity
from ingestion.landing.batches import Batch, Feed
from ingestion.landing.files import LandingFile, landing_files
from ingestion.landing.personal import Hiding
from ingestion.landing.reading import Reading, open_files
from ingestion.landing.resources import contract_resources, read_batches
from ingestion.personal import PersonalColumns
from ingestion.warehouse import raw_pipeline

SOURCE = "landing"


@dlt.source(name=SOURCE, max_table_nesting=0)
def landing_source(
    landing_dir: Path,
    required: bool = True,
    personal: PersonalColumns | None = None,
    anew: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[DltResource]:
    """The landing folder as a dlt source, with the columns `personal` hidden.

    With `required` false, where another source gives what the contract requires, a required entity without files
    is an empty table, as every optional one is. A required column may miss in no file. With `anew`, files that did not
    change are read again.
    """
    hiding = Hiding(SOURCE, personal or PersonalColumns())
    resource = dlt.resource(_batches, name="landing_batches", selected=False)
    batches = resource(landing_dir, required, hiding, anew, progress)
    yield from contract_resources(SOURCE, batches)


def source(options: SourceOptions) -> DltSource:
    """The source of the folder that the options name."""
    assert options.place
    return landing_source(options.place, options.is_complete, options.personal_columns, options.anew, options.progress)


def landing_pipeline(warehouse: Path, dlt_home: Path) -> dlt.Pipeline:
    """The dlt pipeline that loads the source into schema `raw` of the DuckDB file `warehouse`."""
    return raw_pipeline(SOURCE, warehouse, dlt_home)


def _batches(
    landing_dir: Path, required: bool, hiding: Hiding, anew: bool, progress: Callable[[str], None]
) -> Iterator[Batch]:
    def list_files(copies: Path) -> Feed:
        files = {
            entity: [
                replace(file, reading_hash=hiding.mark(entity)) for file in landing_files(landing_dir, entity, required)
            ]
            for entity in ENTITIES
        }

        def open_landing(
            connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], entity: Entity
        ) -> list[Reading]:
            return open_files(connection, files, entity, copies)

        return Feed(SOURCE, files, open_landing, hiding)

    yield from read_batches(list_files, anew=anew, progress=progress)
