"""`repline refresh --plan`: what a refresh would read now, without reading it.

Belongs here: the sources in their order, and the table of them. Does not belong here: what a source would read
(`ingestion.planning`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime

from rich.console import Console

from ingestion import sources as ingestion_sources
from pipelines.reports.tables import print_table
from pipelines.reports.warehouse_reader import open_warehouse
from pipelines.settings import Settings
from pipelines.sources import options_of, sources_of

_HEADINGS = ("source", "what", "read", "detail")


def planned(settings: Settings) -> Iterator[tuple[str, str, str, str]]:
    """Source, what is read, how, and how much or from where.

    Raises WarehouseUnavailableError while a refresh is running, and what a refresh would raise before it reads.
    """
    sources = sources_of(settings)
    options = ingestion_sources.options(settings.dbt_vars(datetime.now(UTC)))
    with open_warehouse(settings) if settings.warehouse.exists() else nullcontext() as connection:
        for source in sources.on:
            if source.name in sources.landed:
                yield source.name, f"schema {sources.landed[source.name]}", "as it is", "another tool loads it"
                continue
            for each in ingestion_sources.plan(source.name, options_of(settings, sources, source, options), connection):
                yield source.name, each.what, each.how, each.detail


def show_plan(settings: Settings, console: Console) -> None:
    """Print a line for each part of the next load."""
    print_table(console, _HEADINGS, list(planned(settings)))
