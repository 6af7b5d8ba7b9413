"""Which sources are on, and what raw tables they bring.

Belongs here: what the setting `sources` means. Does not belong here: which sources there are (`ingestion.register`),
how one is loaded (`pipelines.assets.raw`, `ingestion`), or what must hold of its tables (`expectations.landing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from expectations.landing import ApiArrival, Arrival, ContractSource
from ingestion.api.options import SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.contract import ENTITIES, RAW_SCHEMA
from ingestion.register import SOURCES_BY_NAME, Source
from ingestion.sources import api_tables
from pipelines.settings import Settings, SettingsError


@dataclass(frozen=True)
class Sources:
    """The sources that are on, in their order.

    `landed` are those whose raw tables another tool puts into the warehouse, with the schema where they are.
    """

    on: tuple[Source, ...]
    landed: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.on)

    @property
    def contract(self) -> tuple[ContractSource, ...]:
        crms = [source for source in self.on if source.is_crm]
        # Beside another, a source may bring no more than quotas or exchange rates.
        return tuple(ContractSource(source.name, len(crms) == 1) for source in self.on if source.is_contract_shaped)

    @property
    def apis(self) -> tuple[str, ...]:
        """The sources that Repline asks itself."""
        asked = (source.name for source in self.on if not source.is_contract_shaped)
        return tuple(name for name in asked if name not in self.landed)

    @cached_property
    def api_tables(self) -> tuple[ApiTable, ...]:
        return tuple(table for name in self.apis for table in api_tables(name))

    @property
    def raw_tables(self) -> tuple[str, ...]:
        """The names of the tables that Repline itself loads."""
        contract = [f"{source.name}__{entity.name}" for source in self.contract for entity in ENTITIES]
        return (*contract, *(table.raw_name for table in self.api_tables))

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """What the landing gate judges."""
        tables = [
            ApiArrival(table.source, f"{RAW_SCHEMA}.{table.raw_name}", table.key, table.cursor, table.entity)
            for table in self.api_tables
        ]
        return (*self.contract, *tables)


def sources_of(settings: Settings) -> Sources:
    """The sources that the settings switch on. Raises SettingsError for personal columns of none of them."""
    business = settings.business
    landed = {name: business.landed_schemas.get(name, name) for name in business.landed_by if name in business.sources}
    sources = Sources(tuple(SOURCES_BY_NAME[name] for name in business.sources), landed)
    for column in business.personal_columns:
        if column.partition(".")[0] not in sources.raw_tables:
            raise SettingsError(
                f"personal_columns names {column!r}, a table of no source that is on; write <table>.<column>, of the "
                f"tables: {', '.join(sources.raw_tables)}"
            )
    return sources


def unmapped_files(settings: Settings) -> str:
    """A line on files that changed and of which no mapping says anything; empty where there are none."""
    if "exports" not in sources_of(settings).names:
        return ""
    # Loads dlt, which has no place in a command that reads nothing.
    from ingestion.exports import MAPPING_FILE, unmapped

    names = unmapped(settings.exports)
    if not names:
        return ""
    return (
        f"New or changed in {settings.exports}, but not read, for {MAPPING_FILE} does not name it: {', '.join(names)}. "
        "Map it (`repline map` proposes how), or name it there under `ignore`."
    )


def options_of(settings: Settings, sources: Sources, source: Source, options: SourceOptions) -> SourceOptions:
    """The options of all sources with what holds of this one: its place, and whether others give what is required."""
    complete = {each.name: each.is_complete for each in sources.contract}
    return replace(
        options,
        place=getattr(settings, source.place) if source.place else None,
        is_complete=complete.get(source.name, True),
    )
