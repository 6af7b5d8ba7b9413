"""The settings as a user may write them: their names, types, ranges, defaults and explanations, once.

Belongs here: what a setting is and when its value cannot be used. Does not belong here: where values come from
(`pipelines.settings`). The vars of `dbt_project.yml` and the file that `repline init` writes are made of this
(`pipelines.settings_files`).

What a sales organisation practises beside selling has its settings in `pipelines.practice_settings`.
"""

from __future__ import annotations

import difflib
import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ingestion.contract import ENTITIES, ENTITIES_BY_NAME
from ingestion.register import SOURCES, SOURCES_BY_NAME
from pipelines.practice_settings import PracticeSettings
from pipelines.setting_values import POSITIVE, Share, between, flag, known, mapping, texts, whole_number

TARGETS = ("duckdb", "spark")
# How dbt-spark signs in; they may stand behind the endpoint's URL, as in ?auth=KERBEROS.
SPARK_OPTIONS = ("auth", "kerberos_service_name", "use_ssl")
PUBLISHED = "published"
# What lies beyond is a slip of the pen, and would make calendars of centuries.
EARLIEST_AS_OF, LATEST_AS_OF = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LANDERS = {source.name: source.landers for source in SOURCES if source.landers}
_PASSING_ENTITIES = tuple(entity.name for entity in ENTITIES if entity.passes_extra_columns)


def _zone(name: Any) -> str:
    if name != "UTC" and name not in _zones():
        near = difflib.get_close_matches(str(name), sorted(_zones()), n=1)
        raise ValueError(f"is {name!r}, not an IANA time zone such as {near[0] if near else 'Europe/Amsterdam'}")
    return str(name)


@cache
def _zones() -> frozenset[str]:
    """The zones that Python knows; DuckDB knows each of them, but not what a machine calls its own."""
    return frozenset(available_timezones() - {"localtime"})


def _currency(code: Any) -> str:
    if not (isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise ValueError(f"is {code!r}, not an ISO 4217 currency code, which is three capitals such as EUR")
    return code


def _day(value: Any) -> str:
    """A date in ISO 8601. YAML reads one without quotes as a date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        # Python reads more forms than DuckDB.
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f'is {value!r}, not an ISO 8601 date such as "1990-01-01"') from None


def moment(value: Any) -> datetime:
    """An ISO 8601 moment, in UTC where it has no offset. Raises ValueError with what follows the setting's name."""
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"is {str(value)!r}, not an ISO 8601 moment such as 2025-04-30T23:59:59Z") from None
    aware = read if read.tzinfo else read.replace(tzinfo=UTC)
    # By its own clock: at the ends of the calendar UTC has no such moment.
    if not (EARLIEST_AS_OF <= aware.replace(tzinfo=UTC) < LATEST_AS_OF):
        raise ValueError(
            f"is {str(value)!r}; it must be from {EARLIEST_AS_OF:%Y-%m-%d} to before {LATEST_AS_OF:%Y-%m-%d}"
        )
    return aware


def _sources(listed: Any) -> list[str]:
    all_names = ", ".join(SOURCES_BY_NAME)
    if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
        raise ValueError(f'is {listed!r}; write a list such as ["landing"], of: {all_names}')
    for name in listed:
        known(name, SOURCES_BY_NAME)
        if listed.count(name) > 1:
            raise ValueError(f"names {name!r} twice")
    if not any(SOURCES_BY_NAME[name].is_crm for name in listed):
        crms = ", ".join(source.name for source in SOURCES if source.is_crm)
        raise ValueError(f"is {listed}, none of which has opportunities; add one of: {crms}")
    return listed


def _pass_through(listed: dict[Any, Any]) -> dict[Any, Any]:
    for entity, names in listed.items():
        known(entity, _PASSING_ENTITIES)
        texts([] if names is None else names, '{"opportunities": ["campaign"]}')
    return listed


def _entity_sources(listed: dict[Any, Any]) -> dict[Any, Any]:
    for entity, names in listed.items():
        known(entity, ENTITIES_BY_NAME)
        for name in texts([] if names is None else names, '{"calls": ["aircall"]}'):
            known(name, (each.name for each in SOURCES if entity in each.entities))
    return listed


def _personal_columns(listed: dict[Any, Any]) -> dict[Any, Any]:
    for column, treatment in listed.items():
        if treatment not in ("hash", "drop"):
            raise ValueError(f"says {treatment!r} for {column}; it may be: hash, drop")
    return listed


def _landed_by(listed: dict[Any, Any]) -> dict[Any, Any]:
    for source, tool in listed.items():
        known(source, _LANDERS)
        if tool not in _LANDERS[source]:
            raise ValueError(f"says {tool!r} for {source}; it may be: {', '.join(_LANDERS[source])}")
    return listed


def _landed_schemas(listed: dict[Any, Any]) -> dict[Any, Any]:
    for source, schema in listed.items():
        known(source, SOURCES_BY_NAME)
        if not isinstance(schema, str) or not schema:
            raise ValueError(f'says {schema!r} for {source}; write the name of a schema, such as "hubspot"')
    return listed


def _freshness_limits(limits: dict[Any, Any]) -> dict[Any, Any]:
    for name, hours in limits.items():
        known(name, sorted([*ENTITIES_BY_NAME, PUBLISHED]))
        is_number = isinstance(hours, int | float) and not isinstance(hours, bool)
        if not is_number or not 0 < hours < float("inf"):
            raise ValueError(f'has {hours!r} for {name}; write a number of hours, for example {{"calls": 72}}')
    return limits


def _optional_count(value: Any) -> Any:
    return None if value is None else between(0)(whole_number(value))


def _target(name: Any) -> str:
    if name not in TARGETS:
        raise ValueError(f"is {name!r}; it may be: {', '.join(TARGETS)}")
    return str(name)


def _copy_url(url: Any) -> str | None:
    """The URL of a PostgreSQL database. Messages do not repeat it: it may hold a password."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("postgresql", "postgres") and parts.hostname and parts.username and parts.path[1:]
        has_password = parts.password is not None or "password" in dict(parse_qsl(parts.query))
    except (ValueError, AttributeError, TypeError):
        is_whole = has_password = False
    if has_password:
        raise ValueError("holds a password; take it out of the URL and set COPY__PASSWORD in the environment")
    if not is_whole:
        raise ValueError("is no URL of a PostgreSQL database such as postgresql://user@host:5432/database")
    return str(url)


def _spark_endpoint(url: Any) -> str | None:
    """The URL of a Thrift server of Spark. Messages do not repeat it: it may hold a password."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        # To read the port is to check it.
        is_whole = parts.scheme == "thrift" and parts.hostname and parts.port != 0 and parts.path in ("", "/")
        is_whole = is_whole and {*given} <= {*SPARK_OPTIONS}
        has_password = parts.password is not None
    except (ValueError, AttributeError, TypeError):
        is_whole = has_password = False
    if has_password:
        raise ValueError("holds a password; take it out of the URL and set SPARK__PASSWORD in the environment")
    if not is_whole:
        raise ValueError(
            "is no URL of a Thrift server such as thrift://user@host:10000; "
            f"behind a ? it may say: {', '.join(SPARK_OPTIONS)}"
        )
    return str(url)


def _copy_schema(name: Any) -> str:
    # PostgreSQL cuts names at 63 bytes, and the copy needs room for a suffix.
    if not isinstance(name, str) or not re.fullmatch("[a-z_][a-z0-9_]{0,47}", name):
        raise ValueError(f"is {name!r}; it must be up to 48 small letters, digits and _, and begin with no digit")
    return name


class Places(BaseModel):
    """Where things are. In the environment each is `REPLINE_<NAME>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    landing: str | None = Field(
        default=None, description="The folder of the landing files. Default: landing in REPLINE_HOME."
    )
    exports: str | None = Field(
        default=None, description="The folder of exports with their mapping.yml. Default: exports in REPLINE_HOME."
    )
    database_mapping: str | None = Field(
        default=None, description="The mapping of a database's tables. Default: database.yml in REPLINE_HOME."
    )
    target: Annotated[str, BeforeValidator(_target)] = Field(
        default="duckdb", description="The engine that builds the models: duckdb, spark."
    )
    spark_endpoint: Annotated[str | None, BeforeValidator(_spark_endpoint)] = Field(
        default=None,
        description=(
            "The Thrift server of the cluster where Spark builds the models, such as "
            "thrift://repline@spark.example.com:10000; its password is the secret SPARK__PASSWORD. Null: a Spark of "
            "this machine."
        ),
    )
    copy_to: Annotated[str | None, BeforeValidator(_copy_url)] = Field(
        default=None,
        description=(
            "The PostgreSQL database that each refresh copies the published marts to, such as "
            "postgresql://repline@db.example.com/sales; its password is the secret COPY__PASSWORD. Null: none."
        ),
    )
    copy_schema: Annotated[str, BeforeValidator(_copy_schema)] = Field(
        default="marts", description="The schema of the copy. Repline touches no table there that it did not make."
    )
    copy_reader: str | None = Field(
        default=None, description="The role of the database that may read the copy. Null: nothing is granted."
    )
    pages: Annotated[bool, BeforeValidator(flag)] = Field(
        default=True,
        description=(
            "Whether each version has pages to look at in a browser (`repline pages`), where the extra `pages` is "
            "installed."
        ),
    )


class CoreSettings(BaseModel):
    """What is computed, and from what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: Annotated[datetime | None, BeforeValidator(lambda value: None if value is None else moment(value))] = Field(
        default=None, description="Moment of the build, ISO 8601. Null: the moment the run started."
    )
    reporting_timezone: Annotated[str, BeforeValidator(_zone)] = Field(
        default="UTC", description="IANA name of the zone in which days, months, quarters and years are taken."
    )
    fiscal_year_start_month: Annotated[int, BeforeValidator(whole_number), AfterValidator(between(1, 12))] = Field(
        default=1, description="First month of the fiscal year, 1 to 12."
    )
    base_currency: Annotated[str, BeforeValidator(_currency)] = Field(
        default="USD", description="ISO 4217 code of the currency of all `_amount` columns."
    )
    bottleneck_min_cohort: Annotated[int, BeforeValidator(whole_number), AfterValidator(between(1))] = Field(
        default=20, description="A stage can be a bottleneck from this cohort size on, in opportunities."
    )
    max_call_seconds: Annotated[int | float, *POSITIVE] = Field(
        default=14400, description="A longer call is suspect and adds no talk time, in seconds."
    )
    pass_through_columns: Annotated[
        dict[str, list[str] | None],
        BeforeValidator(_pass_through),
        BeforeValidator(mapping('{"opportunities": ["campaign"]}')),
    ] = Field(
        default={}, description="Columns beyond the contract that go to the entity's dimension or fact, by entity."
    )
    sources: Annotated[list[str], BeforeValidator(_sources)] = Field(
        default=["landing"],
        description=(
            f"Where records come from: {', '.join(SOURCES_BY_NAME)}. What is not named is off. Of a person whom "
            "several know, the first one named decides."
        ),
    )
    entity_sources: Annotated[
        dict[str, list[str] | None],
        BeforeValidator(_entity_sources),
        BeforeValidator(mapping('{"calls": ["aircall"]}')),
    ] = Field(
        default={},
        description=(
            "Sources that give an entity, by entity, where not all that are on shall: with `calls: [aircall]` a "
            "telephone system that also logs its calls into the CRM is not counted twice."
        ),
    )
    personal_columns: Annotated[
        dict[str, str],
        BeforeValidator(_personal_columns),
        BeforeValidator(mapping('{"hubspot__contacts.email": "hash"}')),
    ] = Field(
        default={},
        description=(
            "Personal fields that are not kept as they come, by raw table and column: "
            "`hubspot__contacts.email: hash` or `drop`."
        ),
    )
    landed_by: Annotated[
        dict[str, str], BeforeValidator(_landed_by), BeforeValidator(mapping('{"hubspot": "fivetran"}'))
    ] = Field(
        default={},
        description=(
            "Sources that somebody else loads into the warehouse, by source: fivetran or airbyte. Others Repline loads "
            "itself."
        ),
    )
    landed_schemas: Annotated[
        dict[str, str], BeforeValidator(_landed_schemas), BeforeValidator(mapping('{"hubspot": "crm_raw"}'))
    ] = Field(default={}, description="The schemas of their tables, by source; named after the source where not named.")
    max_quarantined_share: Share = Field(
        default=0.05,
        description="A refresh with a greater share of quarantined rows in an entity is not published, a fraction.",
    )
    freshness_limit_hours: Annotated[
        dict[str, int | float], BeforeValidator(_freshness_limits), BeforeValidator(mapping('{"calls": 72}'))
    ] = Field(
        default={
            "opportunities": 72,
            "opportunity_history": 72,
            "calls": 72,
            "leads": 168,
            "meetings": 168,
            "exchange_rates": 120,
            PUBLISHED: 26,
        },
        description=(
            "Greatest age of the newest event of an entity, and of the as-of of the published marts, in hours. 72 "
            "spans a weekend (Friday evening to Monday morning is about 64). An entity that is not named is never "
            "late; null takes a limit away."
        ),
    )
    keep_versions: Annotated[int, BeforeValidator(whole_number), AfterValidator(between(2))] = Field(
        default=5,
        description=(
            "Published versions that are kept, the current one included; at least 2: a reader may be opening the one "
            "before."
        ),
    )
    duckdb_file_max_rows: Annotated[int | None, BeforeValidator(_optional_count)] = Field(
        default=None,
        description=(
            "A mart of more rows is published as Parquet alone, with a view on that file in repline.duckdb. "
            "Null: repline.duckdb holds all marts."
        ),
    )
    min_volume_ratio: Annotated[int | float, *POSITIVE] = Field(
        default=0.5,
        description=(
            "Fewer rows per file in the newest load than this part of the mean of the loads before are reported, a "
            "ratio."
        ),
    )
    max_volume_ratio: Annotated[int | float, *POSITIVE] = Field(
        default=3,
        description=(
            "More rows per file in the newest load than this multiple of the mean of the loads before are reported, a "
            "ratio."
        ),
    )
    min_reference_coverage: Share = Field(
        default=0.95,
        description="A smaller share of rows whose owner, user or opportunity is known is reported, a fraction.",
    )
    max_plausible_amount: Annotated[int | float, *POSITIVE] = Field(
        default=1000000000, description="A greater amount is reported, in the record's own currency."
    )
    earliest_plausible_date: Annotated[str, BeforeValidator(_day)] = Field(
        default="1990-01-01",
        description=(
            "An event or close date before this day is reported, and starts no day or period, an ISO 8601 date."
        ),
    )
    max_close_date_years: Annotated[int, BeforeValidator(whole_number), AfterValidator(between(0, 1000))] = Field(
        default=10, description="A close date later than this after the as-of day is reported, in years."
    )
    max_row_drop_share: Share = Field(
        default=0.5, description="A fact that loses a greater share of its published rows is not published, a fraction."
    )
    warn_row_drop_share: Share = Field(
        default=0.2, description="A fact that loses a greater share of its published rows is reported, a fraction."
    )

    @model_validator(mode="after")
    def _entities_come_from_sources_that_are_on(self) -> Self:
        for entity, names in self.entity_sources.items():
            for name in names or []:
                if name not in self.sources:
                    on = ", ".join(self.sources)
                    raise ValueError(f"entity_sources.{entity} names {name!r}, which is not on; sources names: {on}")
        return self


class BusinessSettings(PracticeSettings, CoreSettings):
    """What is computed, and from what: the vars of dbt. In the environment all are in `REPLINE_VARS`, a JSON object."""
