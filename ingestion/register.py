"""The register of sources: each that Repline can read, declared once.

Belongs here: what all others have to know of a source without loading it. Whatever else lists sources reads this, or
is generated from it by `make docs`. Does not belong here: how a source is loaded (`ingestion.sources`), its tables
(`TABLES` of its package), or which sources are on (`pipelines.sources`).

A source `<name>` has a package `ingestion/<name>`, and, unless it is contract-shaped, a folder
`dbt_project/models/staging/<name>` with a model per entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ingestion.contract import ENTITIES


class Kind(StrEnum):
    """What a source is. The value is what the pages call it."""

    # Contract-shaped: ingestion types and judges its rows as the landing contract says.
    FILES = "files"
    DATABASE = "SQL database"
    # Asked by an API; its raw tables are the system's, which staging models map onto the contract.
    CRM = "CRM"
    TELEPHONY = "telephone system"


_EVERY_ENTITY = tuple(entity.name for entity in ENTITIES)
_CRM_ENTITIES = (
    "users",
    "accounts",
    "leads",
    "pipeline_stages",
    "opportunities",
    "opportunity_history",
    "calls",
    "meetings",
)
_ENTITIES = {
    Kind.FILES: _EVERY_ENTITY,
    Kind.DATABASE: _EVERY_ENTITY,
    Kind.CRM: _CRM_ENTITIES,
    Kind.TELEPHONY: ("users", "calls"),
}


@dataclass(frozen=True)
class Secret:
    """What a source has to be told and no file of settings may hold: in the environment SOURCES__<SOURCE>__<NAME>."""

    name: str
    meaning: str
    is_required: bool = True


@dataclass(frozen=True)
class Source:
    """One source.

    `brings` says in the pages what comes from it. `further_entities` are those that it gives beside what all of its
    kind give. `place` is the setting that says where its folder or file is. `landers` are other tools whose raw tables
    the base models know too. `rows_per_slice` is how many rows of a table one load takes, None for the usual number.
    """

    name: str
    kind: Kind
    brings: str
    further_entities: tuple[str, ...] = ()
    place: str = ""
    landers: tuple[str, ...] = ()
    rows_per_slice: int | None = None
    secrets: tuple[Secret, ...] = ()

    @property
    def entities(self) -> tuple[str, ...]:
        """The entities of the landing contract that it can give."""
        return (*_ENTITIES[self.kind], *self.further_entities)

    @property
    def is_contract_shaped(self) -> bool:
        return self.kind in (Kind.FILES, Kind.DATABASE)

    @property
    def is_crm(self) -> bool:
        """Whether it can give what the contract requires; the others add to what such a one brings."""
        return "opportunities" in self.entities

    @property
    def has_folder(self) -> bool:
        """Whether files arrive in its place, which can be watched."""
        return self.kind is Kind.FILES

    @property
    def has_left_out_calls(self) -> bool:
        """Whether a staging model `stg_<name>__left_out_calls` says which of its records are no rep's calls."""
        return self.kind is Kind.TELEPHONY

    def variable(self, name: str) -> str:
        """The environment variable of one of its secrets, as dlt reads it."""
        return f"SOURCES__{self.name}__{name}".upper()

    @property
    def origin(self) -> str:
        """Its records' origin as descriptions call it."""
        return "landing files" if self.name == "landing" else self.name

    @property
    def page(self) -> str:
        """Its page in the repository."""
        return "docs/landing_contract.md" if self.name == "landing" else f"docs/sources/{self.name}.md"


_CRM_BRINGS = "the CRM, by its API; or the raw tables that Fivetran or Airbyte put into the warehouse"
_CALLS = "calls and who made them"

# In the order in which pages and messages name them.
SOURCES: tuple[Source, ...] = (
    Source("landing", Kind.FILES, "files in Repline's own shape", place="landing"),
    Source(
        "exports",
        Kind.FILES,
        "CSV and Excel files as your CRM saves them, with a mapping that `repline map` proposes",
        place="exports",
    ),
    Source(
        "database",
        Kind.DATABASE,
        "tables of PostgreSQL, MySQL, SQL Server or another SQL database, with the same kind of mapping",
        place="database_mapping",
        # A database hands over a million rows in the time in which an API does some thousands. A table's rows are
        # written as one batch, so this bounds the memory, too.
        rows_per_slice=1_000_000,
        secrets=(Secret("credentials", "postgresql://user:password@host:5432/database, of a user that may only read"),),
    ),
    Source(
        "hubspot",
        Kind.CRM,
        _CRM_BRINGS,
        ("quotas", "goals", "exchange_rates", "touches", "spend"),
        landers=("fivetran", "airbyte"),
        secrets=(Secret("access_token", "a service key, or the access token of a private app"),),
    ),
    Source(
        "salesforce",
        Kind.CRM,
        _CRM_BRINGS,
        ("quotas", "exchange_rates", "opportunity_splits", "touches", "territories", "spend"),
        landers=("fivetran", "airbyte"),
        secrets=(
            Secret("client_id", "the consumer key of the connected app"),
            Secret("client_secret", "its consumer secret; not with a private key", is_required=False),
            Secret("username", "the user to log in, with a private key or a password", is_required=False),
            Secret("private_key", "the key (PEM) whose certificate the app has", is_required=False),
            Secret("password", "the user's password, where the app allows it", is_required=False),
            Secret("security_token", "the user's security token, with a password", is_required=False),
        ),
    ),
    # Its limit allows 50 calls a second, so a load that is killed loses some minutes.
    Source(
        "aircall",
        Kind.TELEPHONY,
        _CALLS,
        rows_per_slice=20_000,
        secrets=(Secret("api_id", "the id of an API key"), Secret("api_token", "its token")),
    ),
    Source(
        "twilio",
        Kind.TELEPHONY,
        _CALLS,
        secrets=(
            Secret("account_sid", "the account's SID"),
            Secret("auth_token", "the account's token, or the secret of the API key"),
            Secret("api_key_sid", "the SID of an API key", is_required=False),
        ),
    ),
    Source(
        "gong",
        Kind.TELEPHONY,
        "recorded calls, transcripts, scorecards",
        ("call_turns", "call_scores", "trackers"),
        secrets=(Secret("access_key", "an access key of the API"), Secret("access_key_secret", "its secret")),
    ),
)
SOURCES_BY_NAME = {source.name: source for source in SOURCES}
CONTRACT_SOURCES = tuple(source for source in SOURCES if source.is_contract_shaped)
API_SOURCES = tuple(source for source in SOURCES if not source.is_contract_shaped)


def pipeline_name(source: str) -> str:
    """What dlt calls the pipeline of a source: in the warehouse, and as the name of its folder."""
    return f"repline_{source}"
