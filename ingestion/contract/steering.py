"""Entities of the landing contract: what a sales leader steers by. Teams over time, goals, forecasts, pay, territories.

Belongs here: what is agreed on and promised. Does not belong here: what was sold (`ingestion.contract.sales`).

Rules that span rows (shares of a deal, tiers of a plan, circles of managers) are no row rules: what breaks one is named
in `data_quality_warnings`, and the KPI rules say what counts instead.
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

_T = ColumnType

USER_HISTORY = Entity(
    "user_history",
    (
        key("user_id", names_user=True),
        key("valid_from", _T.DATE, "The values of the row hold from this day on."),
        Column("role", description="Free text; ae, sdr and manager have a meaning."),
        Column("manager_id", names_user=True, description="user_id of the manager."),
        Column("team"),
        Column("territory"),
        *VERSION,
    ),
    description="Where people stood in the organisation, from a day on",
    grain="user and day of a change",
    rules=(RowRule("manager_id", "manager_id <> user_id", "a user is their own manager"),),
)

TERRITORIES = Entity(
    "territories",
    (
        key("territory", description="As users and user_history name it."),
        Column("name"),
        Column("parent", description="The territory that this one is a part of."),
        Column("region"),
        *VERSION,
    ),
    description="Territories and what they are parts of",
    grain="territory",
    rules=(RowRule("parent", "parent <> territory", "a territory is a part of itself"),),
)

HOLIDAYS = Entity(
    "holidays",
    (key("holiday_on", _T.DATE, "A day on which nobody works."), Column("name"), *VERSION),
    description="Days on which nobody works",
    grain="day",
)

GOALS = Entity(
    "goals",
    (
        key("goal_id"),
        required("owner_type", accepted=("rep", "team", "company"), description="Whose goal it is."),
        Column(
            "owner_id",
            names_user=True,
            is_id_where="owner_type = 'rep'",
            description="user_id of the rep, or the team; empty for the company.",
        ),
        required("metric", description="A KPI of the catalogue."),
        Column(
            "direction",
            accepted_values=("at_least", "at_most"),
            description="Empty: whichever is better by the catalogue.",
        ),
        required("target", _T.FIGURE),
        Column("baseline", _T.FIGURE, description="Where the metric stood before."),
        required("period_start", _T.DATE, description="First day, inclusive."),
        required("period_end", _T.DATE, description="Last day, inclusive."),
        Column("objective", description="What it is good for, in words."),
        Column("rationale", description="Why this target, in words."),
        Column("created_at", _T.TIMESTAMP),
        Column("acknowledged_at", _T.TIMESTAMP, description="When the owner agreed."),
        *VERSION,
    ),
    description="Goals of reps, teams and the company for a span of days",
    grain="goal",
    rules=(
        RowRule("period_end", "period_end >= period_start", "period_end is before period_start"),
        RowRule("owner_id", "owner_type = 'company' or owner_id is not null", "a rep's or team's goal names no owner"),
    ),
)

FORECAST_SUBMISSIONS = Entity(
    "forecast_submissions",
    (
        key("user_id", names_user=True),
        Column("period_type", is_key=True, accepted_values=("month", "quarter")),
        key("period_start", _T.DATE, "First day of the month or fiscal quarter."),
        key("submitted_at", _T.TIMESTAMP),
        required("amount", _T.AMOUNT, description="What the user expects to be won in the period."),
        CURRENCY,
        *VERSION,
    ),
    description="What people said that a period would bring",
    grain="user, period and moment",
    # Which months start a fiscal quarter is a setting: such a quarter is a warning.
    rules=(
        RowRule("period_start", "day(period_start) = 1", "period_start is not the first day of a month"),
        CURRENCY_CODE,
    ),
)

COMP_PLANS = Entity(
    "comp_plans",
    (
        key("plan_id"),
        Column("name"),
        required("pay_period", accepted=("month", "quarter", "year"), description="Over which attainment is measured."),
        required(
            "method",
            accepted=("marginal", "top_rate"),
            description="Whether a tier's rate pays for what lies within it, or for all from the first cent.",
        ),
        Column("cap_amount", _T.AMOUNT, description="Most that tiers pay per period; empty: no limit."),
        Column(
            "clawback_days",
            _T.INTEGER,
            description="Days after closing within which a cancellation takes pay back; empty: no cancellation does.",
        ),
        Column("currency", description="ISO 4217 code of cap_amount; null is the base currency."),
        *VERSION,
    ),
    description="Plans by which people are paid for what they win",
    grain="plan",
    rules=(
        RowRule("cap_amount", "cap_amount >= 0", "cap_amount is negative"),
        RowRule("clawback_days", "clawback_days >= 0", "clawback_days is negative"),
        CURRENCY_CODE,
    ),
)

COMP_TIERS = Entity(
    "comp_tiers",
    (
        key("plan_id"),
        key("tier", _T.INTEGER, "Number of the tier, from 1."),
        required(
            "from_attainment", _T.RATE, description="Attainment of the quota at which the tier starts, a fraction."
        ),
        required("rate", _T.RATE, description="Part of the credit that is paid, a fraction."),
        *VERSION,
    ),
    description="Rates of the plans by attainment",
    grain="plan and tier",
    rules=(
        RowRule("tier", "tier >= 1", "tier is below 1"),
        RowRule("from_attainment", "from_attainment >= 0", "from_attainment is negative"),
        RowRule("rate", "rate between 0 and 1", "rate is not between 0 and 1"),
        RowRule("from_attainment", "tier <> 1 or from_attainment = 0", "tier 1 does not start at 0"),
    ),
)

COMP_ASSIGNMENTS = Entity(
    "comp_assignments",
    (
        key("user_id", names_user=True),
        key("valid_from", _T.DATE, "First day under the plan."),
        required("plan_id"),
        Column("valid_to", _T.DATE, description="Last day under the plan; empty: no end."),
        *VERSION,
    ),
    description="Who is paid by which plan, and when",
    grain="user and first day",
    rules=(RowRule("valid_to", "valid_to >= valid_from", "valid_to is before valid_from"),),
)

OPPORTUNITY_SPLITS = Entity(
    "opportunity_splits",
    (
        key("opportunity_id"),
        key("user_id", description="user_id of who has the share.", names_user=True),
        required("share", _T.FRACTION, description="Part of the opportunity's amount, above 0, at most 1."),
        *VERSION,
    ),
    description="Shares of opportunities by user",
    grain="opportunity and user",
    rules=(RowRule("share", "share > 0 AND share <= 1", "share is not above 0 and at most 1"),),
)

SPIFFS = Entity(
    "spiffs",
    (
        key("spiff_id"),
        Column("name"),
        Column("product", description="Product of the deals that it pays for; empty: all."),
        Column("type", description="Type of the deals that it pays for; empty: all."),
        required("amount", _T.AMOUNT, description="What each deal pays."),
        CURRENCY,
        required("valid_from", _T.DATE, description="First day, inclusive."),
        required("valid_to", _T.DATE, description="Last day, inclusive."),
        *VERSION,
    ),
    description="Amounts paid for each deal of a kind within some days",
    grain="spiff",
    rules=(
        RowRule("valid_to", "valid_to >= valid_from", "valid_to is before valid_from"),
        RowRule("amount", "amount >= 0", "amount is negative"),
        CURRENCY_CODE,
    ),
)

CANCELLATIONS = Entity(
    "cancellations",
    (
        key("opportunity_id"),
        key("cancelled_on", _T.DATE),
        Column("amount", _T.AMOUNT, description="What is cancelled, in the opportunity's currency; empty: all of it."),
        *VERSION,
    ),
    description="Won deals that were cancelled, in whole or in part",
    grain="opportunity and day",
    rules=(RowRule("amount", "amount >= 0", "amount is negative"),),
)
