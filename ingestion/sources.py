"""The API sources by name: which there are, their raw tables, and how each is loaded.

Belongs here: the list, and the loop that loads a source slice after slice. Does not belong here: what a source
reads (`ingestion.<source>`), or when it is loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dlt
from dlt.extract import DltSource

from ingestion.api.options import Slice, SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.warehouse import raw_pipeline

# A package of `ingestion` each, with its `TABLES` and its function `source(options)`.
API_SOURCES = ("hubspot", "salesforce", "aircall", "twilio", "gong")


def api_tables(source: str) -> tuple[ApiTable, ...]:
    """The raw tables of a source. Needs no secret."""
    tables: tuple[ApiTable, ...] = importlib.import_module(f"ingestion.{source}").TABLES
    return tables


def load(
    source: str,
    options: SourceOptions,
    warehouse: Path,
    dlt_home: Path,
    run: Callable[[dlt.Pipeline, DltSource], None],
) -> None:
    """Load a source, slice after slice, until it has no more.

    `run` runs a pipeline with a source, and raises where that fails. Each slice is a load of its own, so what is
    killed goes on after the last one.
    """
    module = importlib.import_module(f"ingestion.{source}")
    while True:
        this_slice = replace(options, slice=Slice(options.slice.rows))
        run(raw_pipeline(source, warehouse, dlt_home), module.source(this_slice))
        if not this_slice.slice.is_cut:
            return
