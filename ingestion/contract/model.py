"""What an entity of the landing contract consists of: columns with types, keys, limits and row rules.

Belongs here: the parts that every declaration uses. Does not belong here: an entity (the modules beside this one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """How a field is read. The value is the DuckDB type that the raw table stores."""

    TEXT = "VARCHAR"
    INTEGER = "BIGINT"
    # Four decimals hold every ISO 4217 currency (at most three) and a rounding digit.
    AMOUNT = "DECIMAL(18, 4)"
    # Ten decimals keep six digits of one Vietnamese dong in US dollars.
    RATE = "DECIMAL(20, 10)"
    FRACTION = "DECIMAL(9, 6)"
    # What any KPI can be: a company's revenue, or a rate in full.
    FIGURE = "DECIMAL(28, 10)"
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
    ColumnType.FIGURE: Limits(
        "-999999999999.9999999999", "999999999999.9999999999", "a figure has at most 12 digits before the point"
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
    sources know get one id; where it does so in some rows only, `is_id_where` is the condition of these.
    `null_means` is the value that an empty field stands for.
    """

    name: str
    type: ColumnType = ColumnType.TEXT
    is_key: bool = False
    is_required: bool = False
    accepted_values: tuple[str, ...] = ()
    is_personal: bool = False
    names_user: bool = False
    is_id_where: str | None = None
    null_means: str | None = None
    description: str = ""

    @property
    def must_be_present(self) -> bool:
        return self.is_key or self.is_required

    @property
    def must_be_given(self) -> bool:
        """Whether files have to have it: a field that is empty or not there stands for nothing."""
        return self.must_be_present and not self.null_means

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


def key(name: str, type_: ColumnType = ColumnType.TEXT, description: str = "", *, names_user: bool = False) -> Column:
    """A field of the key."""
    return Column(name, type_, is_key=True, names_user=names_user, description=description)


def required(
    name: str,
    type_: ColumnType = ColumnType.TEXT,
    accepted: tuple[str, ...] = (),
    description: str = "",
    is_personal: bool = False,
    names_user: bool = False,
) -> Column:
    """A field that may not be empty."""
    return Column(
        name,
        type_,
        is_required=True,
        accepted_values=accepted,
        description=description,
        is_personal=is_personal,
        names_user=names_user,
    )


CURRENCY_CODE = RowRule(
    "currency",
    "length(currency) = 3 AND regexp_extract(currency, '[A-Z]{3}', 0) = currency",
    "not an ISO 4217 currency code",
)
CURRENCY = Column("currency", description="ISO 4217 code; null is the base currency.")
VERSION = (
    Column("updated_at", ColumnType.TIMESTAMP, description="When it last changed; the newest version stands."),
    Column("is_deleted", ColumnType.BOOLEAN, description="True retires it until a newer version brings it back."),
)
