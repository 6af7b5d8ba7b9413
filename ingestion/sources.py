"""Loading the sources: one after the other by name, slice after slice.

Belongs here: what is done with every source alike. Does not belong here: which sources there are
(`ingestion.register`), what one reads (`ingestion.<source>`), or when it is loaded.

The package of a source has the functions `source(options)` and `probe(options)`; that of an API its `TABLES`; that of
another `plan(options, state)`, and of files `listing(place)`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.api.options import Slice, SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.findings import Finding, State
from ingestion.personal import OptionsError, PersonalColumns
from ingestion.register import SOURCES_BY_NAME

# dlt takes a second to import, and reports that load nothing know the sources too.
if TYPE_CHECKING:
    import duckdb
    from dlt import Pipeline
    from dlt.extract import DltSource

    from ingestion.lake import Lake
    from ingestion.planning import Planned

RunPipeline = Callable[["Pipeline", "DltSource", "str | None"], None]

# Name, size in bytes and modification time in ns of each file.
Listing = list[tuple[str, int, int]]


def api_tables(source: str) -> tuple[ApiTable, ...]:
    """The raw tables of a source. Needs no secret."""
    tables: tuple[ApiTable, ...] = importlib.import_module(f"ingestion.{source}").TABLES
    return tables


def listing(source: str, place: Path) -> Listing:
    """The files in the folder of a source that has one. Needs no secret."""
    files: Listing = importlib.import_module(f"ingestion.{source}").listing(place)
    return files


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
    anew: bool = False,
    lake: Lake | None = None,
) -> None:
    """Load a source, slice after slice, until it has no more: into the warehouse, or into the lake.

    `run` runs a pipeline with a source in one of dlt's refresh modes, and raises where that fails. Each slice is a
    load of its own, so what is killed goes on after the last one; `anew` forgets all former ones, and of an API what
    they brought. Raises OptionsError where a secret or setting of the source is missing.
    """
    import duckdb

    from ingestion.lake import shown
    from ingestion.warehouse import raw_pipeline

    rows = SOURCES_BY_NAME[name].rows_per_slice or options.slice.rows
    # What comes in the contract's shape is merged, and shares its account with other sources.
    # dlt drops a table also from where it is merged, and fails with files, which are not: emptying is as good.
    dropping = "drop_sources" if lake is None else "drop_data"
    mode = dropping if anew and not SOURCES_BY_NAME[name].is_contract_shaped else None
    while True:
        this_slice = replace(options, slice=Slice(rows), anew=anew)
        pipeline = raw_pipeline(name, warehouse, dlt_home, lake)
        # dlt opens the warehouse for each of its jobs, which takes 20 ms where nobody has it open.
        with duckdb.connect(str(warehouse)) as connection, shown(connection, lake):
            run(pipeline, _source(name, this_slice), mode)
        mode, anew = None, False
        if not this_slice.slice.is_cut:
            return


def probe(name: str, options: SourceOptions) -> Iterator[Finding]:
    """Ask a source some small questions, by its own client; nothing is loaded, and no answer holds a secret."""
    try:
        yield from _called(name, "probe", options)
    except OptionsError as error:
        yield Finding(State.FAULT, "settings", str(error))


def plan(name: str, options: SourceOptions, connection: duckdb.DuckDBPyConnection | None) -> Iterator[Planned]:
    """What the next load of a source would read; `connection` is to the warehouse, None where there is none yet.

    Raises OptionsError, LandingError where a load would before it read a thing. No system is asked.
    """
    from ingestion.planning import api_plan, stored_state

    state = stored_state(connection, name) if connection else {}
    if SOURCES_BY_NAME[name].is_contract_shaped:
        yield from importlib.import_module(f"ingestion.{name}").plan(options, state)
    else:
        _source(name, options)
        yield from api_plan(api_tables(name), options, state)


def _source(name: str, options: SourceOptions) -> DltSource:
    source: DltSource = _called(name, "source", options)
    return source


def _called(name: str, function: str, options: SourceOptions) -> Any:
    """What a function of the source's package gives. Raises OptionsError where a secret is missing."""
    from dlt.common.configuration.exceptions import ConfigFieldMissingException

    try:
        return getattr(importlib.import_module(f"ingestion.{name}"), function)(options)
    except ConfigFieldMissingException as missing:
        names = ", ".join(SOURCES_BY_NAME[name].variable(field) for field in missing.fields)
        raise OptionsError(
            f"{name} needs {names}: set it in the environment, or below [sources.{name}] in .dlt/secrets.toml "
            f"({SOURCES_BY_NAME[name].page} says where it comes from)"
        ) from None
