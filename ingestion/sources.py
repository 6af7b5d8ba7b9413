"""The sources by name: which there are, and how each is loaded.

Belongs here: the list, and the loop that loads a source slice after slice. Does not belong here: what a source
reads (`ingestion.<source>`), or when it is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.api.options import Slice, SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.personal import OptionsError, PersonalColumns

# dlt takes a second to import, and reports that load nothing know the sources too.
if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract import DltSource

RunPipeline = Callable[["Pipeline", "DltSource", "str | None"], None]

# A package of `ingestion` each, with its `TABLES` and its function `source(options)`.
API_SOURCES = ("hubspot", "salesforce", "aircall", "twilio", "gong")

# A database hands over a million rows in the time in which an API does some thousands; Aircall's limit allows 50 calls
# a second, so a load that is killed loses some minutes.
_ROWS_PER_SLICE = {"database": 1_000_000, "aircall": 20_000}


def api_tables(source: str) -> tuple[ApiTable, ...]:
    """The raw tables of a source. Needs no secret."""
    tables: tuple[ApiTable, ...] = importlib.import_module(f"ingestion.{source}").TABLES
    return tables


def options(variables: Mapping[str, Any], progress: Callable[[str], None] = lambda _: None) -> SourceOptions:
    """What the business settings say to the sources; the key of the hashes is a secret, `sources.hash_key`."""
    import dlt

    hash_key: str | None = dlt.secrets.get("sources.hash_key")
    return SourceOptions(
        custom_fields=variables["pass_through_columns"] or {},
        personal_columns=PersonalColumns(variables["personal_columns"] or {}, hash_key or ""),
        progress=progress,
    )


def load(
    name: str,
    options: SourceOptions,
    warehouse: Path,
    dlt_home: Path,
    run: RunPipeline,
    place: Path | None = None,
    is_complete: bool = True,
    anew: bool = False,
) -> None:
    """Load a source, slice after slice, until it has no more.

    `run` runs a pipeline with a source in one of dlt's refresh modes, and raises where that fails. Each slice is a
    load of its own, so what is killed goes on after the last one; `anew` forgets all former ones, and of an API what
    they brought. `place` is the
    folder or file of a source that has one; `is_complete` says that no other source brings what the contract
    requires. Raises OptionsError where a secret or setting of the source is missing.
    """
    from ingestion.warehouse import raw_pipeline

    # Files and tables are merged, and share their account with other sources.
    mode = "drop_sources" if anew and name in API_SOURCES else None
    while True:
        this_slice = replace(options, slice=Slice(_ROWS_PER_SLICE.get(name, options.slice.rows)))
        run(raw_pipeline(name, warehouse, dlt_home), _source(name, this_slice, place, is_complete, anew), mode)
        mode, anew = None, False
        if not this_slice.slice.is_cut:
            return


def _source(name: str, options: SourceOptions, place: Path | None, is_complete: bool, anew: bool) -> DltSource:
    if name == "landing":
        from ingestion.landing import landing_source

        assert place
        return landing_source(place, is_complete, options.personal_columns, anew)
    if name == "exports":
        from ingestion.exports import exports_source

        assert place
        return exports_source(place, is_complete, options.personal_columns, anew)
    if name == "database":
        from ingestion.database import database_source

        assert place
        return database_source(place, is_complete, options.slice, options.personal_columns, anew)
    from dlt.common.configuration.exceptions import ConfigFieldMissingException

    try:
        source: DltSource = importlib.import_module(f"ingestion.{name}").source(options)
    except ConfigFieldMissingException as missing:
        names = ", ".join(f"SOURCES__{name}__{field}".upper() for field in missing.fields)
        raise OptionsError(
            f"{name} needs {names}: set it in the environment, or below [sources.{name}] in .dlt/secrets.toml "
            f"(docs/sources/{name}.md says where it comes from)"
        ) from None
    return source
