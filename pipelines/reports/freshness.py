"""`repline freshness`: how old each dataset is, and whether that is too old.

Belongs here: ages, their limits and the report on them. Does not belong here: the query behind it
(`pipelines.publication.datasets`), and judging a refresh (the landing gate does, by the same limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
from rich.console import Console

from ingestion.text import first_line
from pipelines.business_settings import PUBLISHED
from pipelines.publication.datasets import DATASET_FRESHNESS, dataset_freshness_sql
from pipelines.publication.versions import PARQUET, PublicationError, newest_version, published_version
from pipelines.reports.tables import NOTHING, moment_text, print_line, print_table
from pipelines.reports.warehouse_reader import WarehouseUnavailableError, open_warehouse
from pipelines.settings import Settings
from pipelines.sources import sources_of

_HEADINGS = ("dataset", "last event (UTC)", "last load (UTC)", "age (h)", "limit (h)", "state")

# Name, last event, last load, limit in hours.
_KnownAge = tuple[str, datetime | None, datetime | None, float | None]


@dataclass(frozen=True)
class DatasetAge:
    """One dataset at the as-of moment. Moments are naive UTC, None for never.

    The event of the published marts is their own as-of moment, their load the publication.
    """

    dataset: str
    last_event_at: datetime | None
    last_load_at: datetime | None
    limit_hours: float | None
    as_of: datetime

    @property
    def age_hours(self) -> float | None:
        """Never negative: the marts may have been published as of a later moment."""
        if self.last_event_at is None:
            return None
        return max((self.as_of - self.last_event_at).total_seconds(), 0.0) / 3600

    @property
    def is_late(self) -> bool:
        """An entity that never landed is not late, marts that were never published are."""
        if self.limit_hours is None:
            return False
        if self.age_hours is None:
            return self.dataset == PUBLISHED
        return self.age_hours > self.limit_hours


@dataclass(frozen=True)
class Freshness:
    """All datasets at one moment (aware). `is_complete` is False where the raw data's ages are not known.

    `is_live` is False where they are those known at the last publication.
    """

    as_of: datetime
    datasets: tuple[DatasetAge, ...]
    notes: tuple[str, ...]
    is_complete: bool
    is_live: bool

    @property
    def is_good(self) -> bool:
        return self.is_complete and not any(each.is_late for each in self.datasets)


def measure(settings: Settings, now: datetime | None = None) -> Freshness:
    """The age of each entity and of the published marts, at the as-of moment of the settings or else `now`.

    Where the warehouse cannot be read, what was known at the last publication stands, and a note says so.
    Raises SettingsError for a limit that is no number.
    """
    as_of = settings.as_of or now or datetime.now(UTC)
    limits = settings.business.freshness_limit_hours
    notes = []
    is_live = True
    rows: list[_KnownAge]
    try:
        with open_warehouse(settings) as connection:
            rows = connection.execute(dataset_freshness_sql(sources_of(settings), as_of, limits)).fetchall()
    except (WarehouseUnavailableError, duckdb.Error) as error:
        is_live = False
        number, rows = _last_known(settings)
        known = f"the ages are those known to version {number}" if rows else "no age is known"
        notes.append(f"{first_line(error)}: {known}")
    is_complete = bool(rows)
    event_at, load_at = None, None
    try:
        if version := published_version(settings):
            event_at, load_at = version.as_of.replace(tzinfo=None), version.published_at.replace(tzinfo=None)
    except PublicationError as error:
        notes.append(str(error))
    rows.append((PUBLISHED, event_at, load_at, limits.get(PUBLISHED)))
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    datasets = tuple(DatasetAge(name, event, load, limit, moment) for name, event, load, limit in rows)
    return Freshness(as_of, datasets, tuple(notes), is_complete, is_live)


def show_freshness(settings: Settings, console: Console) -> bool:
    """Print a line per dataset; return whether nothing is late."""
    freshness = measure(settings)
    rows = [
        (
            each.dataset,
            moment_text(each.last_event_at),
            moment_text(each.last_load_at),
            NOTHING if each.age_hours is None else f"{each.age_hours:.1f}",
            NOTHING if each.limit_hours is None else f"{each.limit_hours:g}",
            _state(each),
        )
        for each in freshness.datasets
    ]
    late = [number for number, each in enumerate(freshness.datasets) if each.is_late]
    print_table(console, _HEADINGS, rows, right=_HEADINGS[3:5], emphasised=late)
    for note in freshness.notes:
        print_line(console, f"Note: {note}.")
    if late:
        print_line(console, f"Late: {', '.join(freshness.datasets[number].dataset for number in late)}.")
    elif freshness.is_complete:
        print_line(console, f"Nothing is late as of {moment_text(freshness.as_of)} UTC.")
    return freshness.is_good


def _state(dataset: DatasetAge) -> str:
    if dataset.is_late:
        return "late"
    return NOTHING if dataset.age_hours is None or dataset.limit_hours is None else "ok"


def _last_known(settings: Settings) -> tuple[int, list[_KnownAge]]:
    """The newest version, and what it recorded of each dataset."""
    try:
        version = newest_version(settings)
        if version is None:
            return 0, []
        file = version.path / PARQUET / f"{DATASET_FRESHNESS}.parquet"
        with duckdb.connect() as connection:
            query = "SELECT dataset, last_event_at, last_load_at, limit_hours FROM read_parquet(?)"
            return version.number, connection.execute(query, [str(file)]).fetchall()
    except (PublicationError, duckdb.Error):
        return 0, []
