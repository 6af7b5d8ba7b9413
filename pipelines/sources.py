"""Which sources are on, and what raw tables they bring.

Belongs here: reading the setting `sources`. Does not belong here: how a source is loaded (`pipelines.assets.raw`,
`ingestion`), or what must hold of its tables (`expectations.landing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from expectations.landing import ApiTable as ApiArrival
from expectations.landing import Arrival, ContractSource
from ingestion.api.tables import ApiTable
from ingestion.contract import ENTITIES, RAW_SCHEMA
from ingestion.sources import API_SOURCES, api_tables
from pipelines.settings import Settings, SettingsError

# In the landing contract as they are loaded.
CONTRACT_SOURCES = ("landing", "exports", "database")
# They have opportunities, stages and users; the others add to what one of these brings.
CRM_SOURCES = (*CONTRACT_SOURCES, "hubspot", "salesforce")
KNOWN_SOURCES = (*CONTRACT_SOURCES, *API_SOURCES)
# Other tools that put a system's raw tables into the warehouse.
LANDERS = {"hubspot": ("fivetran", "airbyte"), "salesforce": ("fivetran", "airbyte")}


@dataclass(frozen=True)
class Sources:
    """The sources that are on, in their order.

    `landed` are those whose raw tables another tool puts into the warehouse, with the schema where they are.
    """

    names: tuple[str, ...]
    landed: dict[str, str]

    @property
    def contract(self) -> tuple[ContractSource, ...]:
        crms = [name for name in self.names if name in CRM_SOURCES]
        # Beside another, a source may bring no more than quotas or exchange rates.
        return tuple(ContractSource(name, len(crms) == 1) for name in self.names if name in CONTRACT_SOURCES)

    @property
    def apis(self) -> tuple[str, ...]:
        """The sources that Repline asks itself."""
        return tuple(name for name in self.names if name in API_SOURCES and name not in self.landed)

    @property
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
    """The sources that the settings switch on. Raises SettingsError for a name or a combination that cannot be."""
    variables = settings.dbt_vars(datetime.now(UTC))
    names = _names(variables["sources"])
    if not any(name in CRM_SOURCES for name in names):
        raise SettingsError(
            f"sources is {list(names)}, none of which has opportunities; add one of: {', '.join(CRM_SOURCES)}"
        )
    sources = Sources(names, _landed(variables, names))
    for column in variables["personal_columns"] or {}:
        table = column.partition(".")[0]
        if table not in sources.raw_tables:
            raise SettingsError(
                f"personal_columns names {column!r}, a table of no source that is on; write <table>.<column>, of the "
                f"tables: {', '.join(sources.raw_tables)}"
            )
    return sources


def _names(listed: Any) -> tuple[str, ...]:
    known = ", ".join(KNOWN_SOURCES)
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise SettingsError(f'sources is {listed!r}; write a list such as ["landing"], of: {known}')
    for name in listed:
        if name not in KNOWN_SOURCES:
            raise SettingsError(f"sources names {name!r}; it may name: {known}")
        if listed.count(name) > 1:
            raise SettingsError(f"sources names {name!r} twice")
    return tuple(listed)


def _landed(variables: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    landed_by, schemas = variables["landed_by"] or {}, variables["landed_schemas"] or {}
    for source, tool in landed_by.items():
        if source not in LANDERS:
            raise SettingsError(f"landed_by names {source!r}; it may name: {', '.join(LANDERS)}")
        if tool not in LANDERS[source]:
            raise SettingsError(f"landed_by says {tool!r} for {source}; it may be: {', '.join(LANDERS[source])}")
    return {source: schemas.get(source, source) for source in landed_by if source in names}
