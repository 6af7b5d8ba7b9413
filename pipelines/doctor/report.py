"""All looks in their order, a line for each, while they are taken.

Belongs here: the order, and how a line looks. Does not belong here: the looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
from rich.console import Console

from ingestion import sources as ingestion_sources
from ingestion.findings import Finding, State
from ingestion.personal import OptionsError
from ingestion.text import first_line
from pipelines.doctor import home, machine
from pipelines.publication.versions import Version
from pipelines.reports.as_of_hint import as_of_hint
from pipelines.reports.tables import print_line
from pipelines.settings import SPARK, Settings, SettingsError
from pipelines.sources import options_of, sources_of

_STYLES = {State.OK: "", State.WARNING: "yellow", State.FAULT: "bold red"}


def examine(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Look at the machine, at what is there, and at each source that is on; nothing is loaded or changed."""
    now = now or datetime.now(UTC)
    yield machine.readable_settings(settings.file)
    newest, published = home.publication(settings)
    yield from machine.clock(settings, now, newest.published_at if newest else None)
    yield from machine.disk(settings)
    wanted = {"copy": settings.copy_to is not None, "spark": settings.target == SPARK}
    yield from machine.versions({extra for extra, is_wanted in wanted.items() if is_wanted})
    yield from machine.spark(settings)
    yield from machine.port()
    try:
        sources = sources_of(settings)
        options = ingestion_sources.options(settings.dbt_vars(now))
    except (SettingsError, OptionsError) as error:
        yield Finding(State.FAULT, "sources", str(error))
        return
    yield from home.warehouse(settings, sources)
    yield published
    yield from home.copied(settings)
    if newest and published.state is not State.FAULT:
        yield from _as_of(settings, newest)
    for source in sources.on:
        if source.name in sources.landed:
            continue
        for found in ingestion_sources.probe(source.name, options_of(settings, sources, source, options)):
            yield Finding(found.state, f"{source.name} {found.about}", found.text)


def _as_of(settings: Settings, newest: Version) -> Iterator[Finding]:
    try:
        hint = as_of_hint(settings, newest)
    except duckdb.Error as error:
        yield Finding(State.FAULT, "published", f"version {newest.number} is damaged ({first_line(error)}); refresh")
    else:
        yield from [Finding(State.WARNING, "as_of", hint)] if hint else []


def show(settings: Settings, console: Console) -> bool:
    """Print a line per look; return whether nothing is at fault."""
    counts = dict.fromkeys(State, 0)
    for found in examine(settings):
        counts[found.state] += 1
        print_line(console, f"{found.state:8} {found.about:28} {found.text}", style=_STYLES[found.state])
    faults, warnings = counts[State.FAULT], counts[State.WARNING]
    print_line(console, f"{sum(counts.values())} looks: {faults} at fault, {warnings} with a warning.")
    return not faults
