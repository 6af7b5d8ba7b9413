"""Entities of the landing contract: people, customers, opportunities, and what is done to win them.

Belongs here: what a CRM and a telephone system know. Does not belong here: goals, pay and territories
(`ingestion.contract.steering`), how people learn (`ingestion.contract.developing`), or leads' and customers' further
records (`ingestion.contract.customers`).
"""

from __future__ import annotations

from ingestion.contract.model import (
    CURRENCY,
    CURRENCY_CODE,
    VERSION,
    Column,
    ColumnType,
    Entity,
    RowRule,
    key,
    required,
)

DEFAULT_PIPELINE = "default"
UNKNOWN_STAGE = "the pipeline has no such stage in pipeline_stages"

_T = ColumnType

USERS = Entity(
    "users",
    (
        key("user_id"),
        required("full_name", is_personal=True, description="Name of the rep."),
        Column("email", is_personal=True, description="Work e-mail; people are matched by it across systems."),
        Column("role", description="Free text; ae, sdr and manager have a meaning."),
        Column("manager_id", names_user=True, description="user_id of the manager."),
        Column("team"),
        Column("territory"),
        Column("hired_on", _T.DATE, description="First day of employment."),
        Column("left_on", _T.DATE, description="Last day of employment."),
        *VERSION,
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
        key("account_id"),
        Column("name", is_personal=True, description="Name of the customer, a company or a person."),
        Column("industry"),
        Column("segment"),
        Column("country"),
        Column("owner_id", names_user=True, description="user_id of the account's owner."),
        Column("created_at", _T.TIMESTAMP),
        *VERSION,
    ),
    description="Customer companies",
    grain="account",
    passes_extra_columns=True,
)

LEADS = Entity(
    "leads",
    (
        key("lead_id"),
        Column("owner_id", names_user=True, description="user_id of the lead's owner."),
        Column("account_id"),
        Column("source"),
        Column("status"),
        required("created_at", _T.TIMESTAMP),
        Column("converted_at", _T.TIMESTAMP),
        Column("opportunity_id"),
        *VERSION,
    ),
    description="Leads before they become opportunities",
    grain="lead",
    rules=(RowRule("converted_at", "converted_at >= created_at", "converted_at is before created_at"),),
)

PIPELINE_STAGES = Entity(
    "pipeline_stages",
    (
        Column("pipeline", is_key=True, null_means=DEFAULT_PIPELINE),
        key("stage"),
        required("position", _T.INTEGER, description="Order of the stage in its pipeline."),
        required("is_closed", _T.BOOLEAN),
        required("is_won", _T.BOOLEAN),
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
        key("opportunity_id"),
        Column("account_id"),
        Column("owner_id", names_user=True, description="user_id of the owner; null is the rep `unassigned`."),
        Column("name", is_personal=True, description="Often names the customer."),
        Column("pipeline", null_means=DEFAULT_PIPELINE),
        required("stage"),
        Column("type"),
        Column("amount", _T.AMOUNT, description="Value in the opportunity's currency."),
        CURRENCY,
        Column("lead_source"),
        Column("product"),
        required("created_at", _T.TIMESTAMP),
        Column("close_date", _T.DATE, description="Expected, later actual, day of closing."),
        Column("loss_reason"),
        Column(
            "sourced_by_id",
            names_user=True,
            description="user_id of who found it; null: its first lead's owner.",
        ),
        *VERSION,
    ),
    description="Opportunities as their source last said",
    grain="opportunity",
    rules=(
        RowRule("amount", "amount >= 0", "amount is negative"),
        CURRENCY_CODE,
    ),
    is_required=True,
    has_known_stage=True,
    passes_extra_columns=True,
    is_read_often=True,
)

OPPORTUNITY_HISTORY = Entity(
    "opportunity_history",
    (
        key("opportunity_id"),
        key("changed_at", _T.TIMESTAMP, description="The values of the row hold from this moment on."),
        Column("pipeline", description="Null is the opportunity's pipeline."),
        required("stage"),
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
        key("call_id"),
        required("user_id", names_user=True),
        required("started_at", _T.TIMESTAMP),
        Column("duration_seconds", _T.SECONDS),
        required("direction", accepted=("inbound", "outbound")),
        Column("disposition", accepted_values=CALL_DISPOSITIONS, description="connected: a human answered."),
        Column("opportunity_id"),
        Column("account_id"),
        Column("lead_id"),
        *VERSION,
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
        key("meeting_id"),
        required("user_id", names_user=True),
        required("starts_at", _T.TIMESTAMP),
        Column("ends_at", _T.TIMESTAMP),
        Column("status", accepted_values=("held", "no_show", "cancelled", "scheduled")),
        Column("opportunity_id"),
        Column("account_id"),
        Column("lead_id"),
        *VERSION,
    ),
    description="Meetings with customers",
    grain="meeting",
    rules=(RowRule("ends_at", "ends_at >= starts_at", "ends_at is before starts_at"),),
)

QUOTAS = Entity(
    "quotas",
    (
        key("quota_id"),
        required("user_id", names_user=True),
        Column("metric", null_means="bookings", description="What the quota counts."),
        required("period_start", _T.DATE, description="First day, inclusive."),
        required("period_end", _T.DATE, description="Last day, inclusive."),
        required("amount", _T.AMOUNT),
        CURRENCY,
        *VERSION,
    ),
    description="Quotas of reps for a span of days",
    grain="quota",
    rules=(
        RowRule("period_end", "period_end >= period_start", "period_end is before period_start"),
        RowRule("amount", "amount >= 0", "amount is negative"),
        CURRENCY_CODE,
    ),
    is_read_often=True,
)

EXCHANGE_RATES = Entity(
    "exchange_rates",
    (
        key("rate_date", _T.DATE),
        key("currency"),
        required("rate", _T.RATE, description="One unit of the currency in units of the base currency."),
    ),
    description="Rates of currencies to the base currency",
    grain="currency and day on which one was fixed",
    rules=(
        RowRule("rate", "rate > 0", "rate is not above 0"),
        CURRENCY_CODE,
    ),
)
