"""The landing contract as code: entities, columns, types, keys and row rules. Its single source.

Belongs here: what a landing record is. Does not belong here: how files are found or read
(`ingestion.landing`), or what is computed from the records (`dbt_project`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

RAW_SCHEMA = "raw"


class ColumnType(StrEnum):
    """How a field is read. The value is the DuckDB type that the raw table stores."""

    TEXT = "VARCHAR"
    INTEGER = "BIGINT"
    # Four decimals hold every ISO 4217 currency (at most three) and a rounding digit.
    AMOUNT = "DECIMAL(18, 4)"
    # Ten decimals keep six digits of one Vietnamese dong in US dollars.
    RATE = "DECIMAL(20, 10)"
    FRACTION = "DECIMAL(9, 6)"
    # Decimal, not double: sums over threads must not depend on their order.
    SECONDS = "DECIMAL(15, 3)"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    # Naive UTC: DuckDB calls ICU for every row of a TIMESTAMP WITH TIME ZONE that is cut to a day.
    TIMESTAMP = "TIMESTAMP"


@dataclass(frozen=True)
class Limits:
    """The least and greatest plausible value of a type, as SQL, and how they are called."""

    least: str
    greatest: str
    reason: str


# Within these, no conversion, shift or sum of the models overflows; one value beyond them would stop them all.
# A year has four digits in ISO 8601; systems that mean "for ever" write the year 9999.
LIMITS: dict[ColumnType, Limits] = {
    ColumnType.INTEGER: Limits("-999999999", "999999999", "a whole number has at most 9 digits"),
    ColumnType.AMOUNT: Limits(
        "-999999999999.9999", "999999999999.9999", "an amount has at most 12 digits before the point"
    ),
    ColumnType.RATE: Limits(
        "-9999999.9999999999", "9999999.9999999999", "a number of this kind has at most 7 digits before the point"
    ),
    ColumnType.SECONDS: Limits("-999999999", "999999999", "seconds have at most 9 digits before the point"),
    ColumnType.DATE: Limits("date '0001-01-01'", "date '9999-12-31'", "a year is from 0001 to 9999"),
    ColumnType.TIMESTAMP: Limits(
        "timestamp '0001-01-01 00:00:00'", "timestamp '9999-12-31 23:59:59.999999'", "a year is from 0001 to 9999"
    ),
}


@dataclass(frozen=True)
class Column:
    """One field of an entity.

    `is_required` fields may not be null in a row, and their column may not be missing in a file; key
    fields are always required. `accepted_values` lists the words that an enumerated field may hold.
    `is_personal` marks data about a natural person. `names_user` marks the user_id of somebody: people whom several
    sources know get one id. `null_means` is the value that an empty field stands for.
    """

    name: str
    type: ColumnType = ColumnType.TEXT
    is_key: bool = False
    is_required: bool = False
    accepted_values: tuple[str, ...] = ()
    is_personal: bool = False
    names_user: bool = False
    null_means: str | None = None
    description: str = ""

    @property
    def must_be_present(self) -> bool:
        return self.is_key or self.is_required

    @property
    def beyond_limits(self) -> tuple[str, str] | None:
        """SQL that is true of a value beyond the limits of its type, and the reason to reject it."""
        limits = LIMITS.get(self.type)
        if not limits:
            return None
        return f"{self.name} not between {limits.least} and {limits.greatest}", limits.reason

    @property
    def is_id(self) -> bool:
        """Whether its values mean something in their source only, so that those of two sources must not meet."""
        return self.name.endswith("_id") or self.names_user or self.name == "pipeline"


@dataclass(frozen=True)
class RowRule:
    """A condition on one typed row, in what DuckDB and Spark both speak. A row for which it is false is quarantined.

    A condition that is null (a field is null) holds. `column` is the field that the quarantine names.
    """

    column: str
    condition: str
    reason: str


@dataclass(frozen=True)
class Entity:
    """One kind of landing record; a raw table `raw.<source>__<name>`, and `int_<name>_unioned` of all sources.

    `description` says what the records are, `grain` what one row is. `has_known_stage` asks for (pipeline, stage) to
    be among `pipeline_stages`. `unique_within` names column pairs (group, column) whose values may not repeat under
    different keys. `passes_extra_columns` says that one dimension or fact takes columns beyond the contract,
    `is_read_often` that several models read the union, `has_tested_union` that no later test would see a key that
    repeats in it.
    """

    name: str
    columns: tuple[Column, ...]
    description: str
    grain: str
    rules: tuple[RowRule, ...] = ()
    is_required: bool = False
    has_known_stage: bool = False
    unique_within: tuple[tuple[str, str], ...] = field(default=())
    passes_extra_columns: bool = False
    is_read_often: bool = False
    has_tested_union: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.is_key)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def has_versions(self) -> bool:
        """Whether `updated_at` decides between two rows of one key."""
        return "updated_at" in self.column_names

    @property
    def has_ids(self) -> bool:
        """Whether no two sources can have one key."""
        return any(column.is_key and column.is_id for column in self.columns)


DEFAULT_PIPELINE = "default"
UNKNOWN_STAGE = "the pipeline has no such stage in pipeline_stages"

_T = ColumnType


def _key(name: str, type_: ColumnType = _T.TEXT, description: str = "") -> Column:
    return Column(name, type_, is_key=True, description=description)


def _required(
    name: str,
    type_: ColumnType = _T.TEXT,
    accepted: tuple[str, ...] = (),
    description: str = "",
    is_personal: bool = False,
    names_user: bool = False,
) -> Column:
    return Column(
        name,
        type_,
        is_required=True,
        accepted_values=accepted,
        description=description,
        is_personal=is_personal,
        names_user=names_user,
    )


_CURRENCY_CODE = RowRule(
    "currency",
    "length(currency) = 3 AND regexp_extract(currency, '[A-Z]{3}', 0) = currency",
    "not an ISO 4217 currency code",
)
_VERSION = (
    Column("updated_at", _T.TIMESTAMP, description="When the record last changed; the newest version stands."),
    Column("is_deleted", _T.BOOLEAN, description="True retires the record until a newer version brings it back."),
)

USERS = Entity(
    "users",
    (
        _key("user_id"),
        _required("full_name", is_personal=True, description="Name of the rep."),
        Column("email", is_personal=True, description="Work e-mail; people are matched by it across systems."),
        Column("role", description="Free text; ae, sdr and manager have a meaning."),
        Column("manager_id", names_user=True, description="user_id of the manager."),
        Column("team"),
        Column("territory"),
        Column("hired_on", _T.DATE, description="First day of employment."),
        Column("left_on", _T.DATE, description="Last day of employment."),
        *_VERSION,
    ),
    description="People of the sales organisation",
    grain="user",
    rules=(RowRule("left_on", "left_on >= hired_on", "left_on is before hired_on"),),
    is_required=True,
    passes_extra_columns=True,
    is_read_often=True,
)

ACCOUNTS = Entity(
    "accounts",
    (
        _key("account_id"),
        Column("name", description="Name of the customer company."),
        Column("industry"),
        Column("segment"),
        Column("country"),
        Column("owner_id", names_user=True, description="user_id of the account's owner."),
        Column("created_at", _T.TIMESTAMP),
        *_VERSION,
    ),
    description="Customer companies",
    grain="account",
    passes_extra_columns=True,
)

LEADS = Entity(
    "leads",
    (
        _key("lead_id"),
        Column("owner_id", names_user=True, description="user_id of the lead's owner."),
        Column("account_id"),
        Column("source"),
        Column("status"),
        _required("created_at", _T.TIMESTAMP),
        Column("converted_at", _T.TIMESTAMP),
        Column("opportunity_id"),
        *_VERSION,
    ),
    description="Leads before they become opportunities",
    grain="lead",
    rules=(RowRule("converted_at", "converted_at >= created_at", "converted_at is before created_at"),),
)

PIPELINE_STAGES = Entity(
    "pipeline_stages",
    (
        Column("pipeline", is_key=True, null_means=DEFAULT_PIPELINE),
        _key("stage"),
        _required("position", _T.INTEGER, description="Order of the stage in its pipeline."),
        _required("is_closed", _T.BOOLEAN),
        _required("is_won", _T.BOOLEAN),
        Column("probability", _T.FRACTION, description="Chance of winning from here, 0 to 1."),
        Column("forecast_category"),
    ),
    description="Stages of the sales pipelines",
    grain="pipeline and stage",
    rules=(
        RowRule("is_won", "NOT is_won OR is_closed", "a won stage must be closed"),
        RowRule("probability", "probability BETWEEN 0 AND 1", "probability is not between 0 and 1"),
    ),
    is_required=True,
    unique_within=(("pipeline", "position"),),
    passes_extra_columns=True,
    is_read_often=True,
)

OPPORTUNITIES = Entity(
    "opportunities",
    (
        _key("opportunity_id"),
        Column("account_id"),
        Column("owner_id", names_user=True, description="user_id of the owner; null is the rep `unassigned`."),
        Column("name"),
        Column("pipeline", null_means=DEFAULT_PIPELINE),
        _required("stage"),
        Column("type"),
        Column("amount", _T.AMOUNT, description="Value in the opportunity's currency."),
        Column("currency", description="ISO 4217 code; null is the base currency."),
        Column("lead_source"),
        Column("product"),
        _required("created_at", _T.TIMESTAMP),
        Column("close_date", _T.DATE, description="Expected, later actual, day of closing."),
        Column("loss_reason"),
        *_VERSION,
    ),
    description="Opportunities as their source last said",
    grain="opportunity",
    rules=(
        RowRule("amount", "amount >= 0", "amount is negative"),
        _CURRENCY_CODE,
    ),
    is_required=True,
    has_known_stage=True,
    passes_extra_columns=True,
    is_read_often=True,
)

OPPORTUNITY_HISTORY = Entity(
    "opportunity_history",
    (
        _key("opportunity_id"),
        _key("changed_at", _T.TIMESTAMP, description="The values of the row hold from this moment on."),
        Column("pipeline", description="Null is the opportunity's pipeline."),
        _required("stage"),
        Column("amount", _T.AMOUNT, description="Value in the opportunity's currency."),
        Column("close_date", _T.DATE),
        Column("owner_id", names_user=True),
        Column("forecast_category"),
        Column("changed_by", names_user=True, description="user_id of who made the change."),
    ),
    description="Changes of opportunities, with the values after each",
    grain="change",
    has_known_stage=True,
    is_read_often=True,
)

CALL_DISPOSITIONS = ("connected", "voicemail", "no_answer", "busy", "failed", "other")

CALLS = Entity(
    "calls",
    (
        _key("call_id"),
        _required("user_id", names_user=True),
        _required("started_at", _T.TIMESTAMP),
        Column("duration_seconds", _T.SECONDS),
        _required("direction", accepted=("inbound", "outbound")),
        Column("disposition", accepted_values=CALL_DISPOSITIONS, description="connected: a human answered."),
        Column("opportunity_id"),
        Column("account_id"),
        Column("lead_id"),
        *_VERSION,
    ),
    description="Telephone calls",
    grain="call",
    rules=(RowRule("duration_seconds", "duration_seconds >= 0", "duration_seconds is negative"),),
    passes_extra_columns=True,
    is_read_often=True,
    has_tested_union=True,
)

MEETINGS = Entity(
    "meetings",
    (
        _key("meeting_id"),
        _required("user_id", names_user=True),
        _required("starts_at", _T.TIMESTAMP),
        Column("ends_at", _T.TIMESTAMP),
        Column("status", accepted_values=("held", "no_show", "cancelled", "scheduled")),
        Column("opportunity_id"),
        Column("account_id"),
        Column("lead_id"),
        *_VERSION,
    ),
    description="Meetings with customers",
    grain="meeting",
    rules=(RowRule("ends_at", "ends_at >= starts_at", "ends_at is before starts_at"),),
)

QUOTAS = Entity(
    "quotas",
    (
        _key("quota_id"),
        _required("user_id", names_user=True),
        Column("metric", null_means="bookings", description="What the quota counts."),
        _required("period_start", _T.DATE, description="First day, inclusive."),
        _required("period_end", _T.DATE, description="Last day, inclusive."),
        _required("amount", _T.AMOUNT),
        Column("currency", description="ISO 4217 code; null is the base currency."),
        *_VERSION,
    ),
    description="Quotas of reps for a span of days",
    grain="quota",
    rules=(
        RowRule("period_end", "period_end >= period_start", "period_end is before period_start"),
        RowRule("amount", "amount >= 0", "amount is negative"),
        _CURRENCY_CODE,
    ),
    is_read_often=True,
)

EXCHANGE_RATES = Entity(
    "exchange_rates",
    (
        _key("rate_date", _T.DATE),
        _key("currency"),
        _required("rate", _T.RATE, description="One unit of the currency in units of the base currency."),
    ),
    description="Rates of currencies to the base currency",
    grain="currency and day on which one was fixed",
    rules=(
        RowRule("rate", "rate > 0", "rate is not above 0"),
        _CURRENCY_CODE,
    ),
)

CALL_TURNS = Entity(
    "call_turns",
    (
        _key("call_id"),
        _key("turn", _T.INTEGER, description="Number of the turn in its call, from 1."),
        _required("speaker", accepted=("rep", "customer"), description="Whose side speaks."),
        _required("started_seconds", _T.SECONDS, description="From the start of the call."),
        _required("ended_seconds", _T.SECONDS, description="From the start of the call."),
        Column("text", is_personal=True, description="What was said."),
        *_VERSION,
    ),
    description="What one speaker of a call says until another one speaks",
    grain="call and turn",
    rules=(
        RowRule("turn", "turn >= 1", "turn is below 1"),
        RowRule("ended_seconds", "ended_seconds >= started_seconds", "ended_seconds is before started_seconds"),
    ),
)

CALL_SCORES = Entity(
    "call_scores",
    (
        _key("call_id"),
        Column("reviewer_id", is_key=True, names_user=True, description="user_id of who reviewed the call."),
        _key("criterion", description="What was scored, such as a question of a scorecard."),
        _required("score", _T.RATE, description="Points given."),
        _required("max_score", _T.RATE, description="Points that could be given."),
        _required("scored_at", _T.TIMESTAMP),
        *_VERSION,
    ),
    description="Scores that reviewers gave calls",
    grain="call, reviewer and criterion",
    rules=(RowRule("score", "score BETWEEN 0 AND max_score", "score is not between 0 and max_score"),),
)

OPPORTUNITY_SPLITS = Entity(
    "opportunity_splits",
    (
        _key("opportunity_id"),
        Column("user_id", is_key=True, names_user=True, description="user_id of who has the share."),
        _required("share", _T.FRACTION, description="Part of the opportunity's amount, above 0, at most 1."),
        *_VERSION,
    ),
    description="Shares of opportunities by user",
    grain="opportunity and user",
    rules=(RowRule("share", "share > 0 AND share <= 1", "share is not above 0 and at most 1"),),
)

# In the order of loading: a row rule may refer to an entity that stands before it.
ENTITIES: tuple[Entity, ...] = (
    USERS,
    PIPELINE_STAGES,
    ACCOUNTS,
    OPPORTUNITIES,
    OPPORTUNITY_HISTORY,
    LEADS,
    CALLS,
    MEETINGS,
    QUOTAS,
    EXCHANGE_RATES,
    CALL_TURNS,
    CALL_SCORES,
    OPPORTUNITY_SPLITS,
)
ENTITIES_BY_NAME = {entity.name: entity for entity in ENTITIES}
