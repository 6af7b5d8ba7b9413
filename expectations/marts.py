"""The marts gate: what must hold of the tables in schema `marts`, before they are published.

Belongs here: ranges of ratios, completeness of periods, no future dates, row counts against the last
published version, the share of rows that the models reject, and the warnings that they count. Does not
belong here: keys, relations, accepted values and reconciliations between models (dbt tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from expectations.checks import (
    Check,
    Description,
    Gate,
    GateError,
    Severity,
    as_of,
    date_literal,
    timestamp_literal,
)
from expectations.landing import ENTITIES

if TYPE_CHECKING:
    from expectations.results import GateResult

SUITE = "marts"

# Facts whose rows are compared with the last published version, by table name.
FACTS = ("fct_opportunity", "fct_opportunity_stage", "fct_call", "fct_rep_day", "fct_quota_month")
# Table, column, severity. A ratio of counts can leave 0 to 1 only through a wrong model. One of amounts can
# do so through a negative amount in the history, which the landing contract allows: that is only reported.
RATIOS: tuple[tuple[str, str, Severity], ...] = (
    ("kpi_rep_scorecard", "win_rate", "error"),
    ("kpi_rep_scorecard", "win_rate_amount", "warning"),
    ("kpi_rep_scorecard", "connect_rate", "error"),
    ("kpi_stage_funnel", "conversion_rate", "error"),
    ("kpi_slippage", "slippage_rate", "warning"),
)
NOT_NEGATIVE: tuple[tuple[str, str, Severity], ...] = (
    ("kpi_rep_scorecard", "attainment", "warning"),
    ("kpi_rep_scorecard", "avg_cycle_days", "error"),
    ("kpi_rep_scorecard", "talk_seconds", "error"),
    ("kpi_stage_funnel", "median_days_to_advance", "error"),
    ("fct_opportunity_stage", "days_in_stage", "error"),
)
# Columns that may not lie after the as-of moment (timestamps) or the as-of day (dates).
MOMENTS = (
    ("fct_opportunity", ("created_at", "closed_at")),
    ("fct_opportunity_stage", ("entered_at", "exited_at")),
    ("fct_call", ("started_at",)),
)
DAYS = (
    ("fct_opportunity", ("closed_on",)),
    ("fct_rep_day", ("date_day",)),
    ("kpi_rep_scorecard", ("period_start",)),
    ("kpi_stage_funnel", ("cohort_month",)),
    ("kpi_pipeline_waterfall", ("month",)),
    ("kpi_slippage", ("period_start",)),
)
# What the models count because the contract or the KPI rules call it a warning.
DATA_QUALITY_RULES = (
    "unknown_rep",
    "unknown_opportunity",
    "unknown_stage",
    "opportunity_without_state",
    "no_stage_history",
    "assumed_state_change",
    "won_before_created",
    "amount_without_rate",
    "suspect_long_call",
    "rejected_row",
)
# What the models count and nobody has to correct.
NO_FAULTS = ("call_left_out",)

QUERIES = {
    "scorecard_periods": "SELECT DISTINCT period_type, period_start, period_end FROM marts.kpi_rep_scorecard",
    # The rules ask for a row for each user and month of employment up to the as-of day. Months in which
    # nobody was employed may lack, so they are not expected here.
    "expected_months": """
        SELECT
            month,
            month IN (SELECT period_start FROM scorecard_periods WHERE period_type = 'month') AS is_there
        FROM (
            SELECT CAST(unnest(generate_series(
                date_trunc('month', first_day), settings.as_of_day, INTERVAL 1 MONTH
            )) AS DATE) AS month
            FROM (
                -- Quarters and years begin before the first event; months do not.
                SELECT coalesce(
                    min(period_start) FILTER (WHERE period_type = 'month'), min(period_start)
                ) AS first_day
                FROM scorecard_periods
            ), settings
        )
        WHERE EXISTS (
            SELECT 1 FROM intermediate.int_users_unioned
            WHERE NOT is_deleted
                AND coalesce(hired_on, DATE '0001-01-01') <= last_day(month)
                AND coalesce(left_on, DATE '9999-12-31') >= month
        )
    """,
    "longer_periods": """
        SELECT
            NOT EXISTS (
                SELECT 1 FROM scorecard_periods AS quarters
                WHERE quarters.period_type = 'quarter'
                    AND months.period_start BETWEEN quarters.period_start AND quarters.period_end
            ) AS lacks_quarter,
            NOT EXISTS (
                SELECT 1 FROM scorecard_periods AS years
                WHERE years.period_type = 'year'
                    AND months.period_start BETWEEN years.period_start AND years.period_end
            ) AS lacks_year
        FROM scorecard_periods AS months
        WHERE months.period_type = 'month'
    """,
    # A month that ends with open pipeline is followed by one that opens with it.
    "waterfall_months": """
        SELECT CAST(month + INTERVAL 1 MONTH AS DATE) AS next_month
        FROM marts.kpi_pipeline_waterfall
        GROUP BY month
        HAVING count_if(closing <> 0) > 0
    """,
    "arrived": """
        SELECT count(*) AS opportunity_count
        FROM intermediate.int_opportunities_unioned, settings
        WHERE NOT is_deleted AND created_at <= settings.as_of
    """,
}


def _range_checks() -> Iterator[Check]:
    for table, column, severity in RATIOS:
        yield Check(
            f"marts.{table}",
            f"{column}_outside_0_to_1",
            severity,
            f"count_if({column} NOT BETWEEN 0 AND 1)",
            f"Every {column} is between 0 and 1.",
            "a part is greater than its whole: "
            + ("the model is wrong." if severity == "error" else "look for negative amounts in the history."),
            maximum=0,
        )
    for table, column, severity in NOT_NEGATIVE:
        yield Check(
            f"marts.{table}",
            f"negative_{column}",
            severity,
            f"count_if({column} < 0)",
            f"No {column} is negative.",
            "the model is wrong." if severity == "error" else "look for negative amounts in the history.",
            maximum=0,
        )


def _future_checks() -> Iterator[Check]:
    for table, columns, limit in [
        *((table, columns, "as_of") for table, columns in MOMENTS),
        *((table, columns, "as_of_day") for table, columns in DAYS),
    ]:
        for column in columns:
            yield Check(
                f"marts.{table}",
                f"{column}_after_as_of",
                "error",
                f"count_if({column} > settings.{limit})",
                f"No {column} is after the as-of moment.",
                "what has not happened yet is counted, so the build cannot be repeated. The model is wrong.",
                maximum=0,
            )


def _completeness_checks() -> Iterator[Check]:
    yield Check(
        "marts.kpi_rep_scorecard",
        "missing_months",
        "error",
        "count_if(NOT is_there)",
        "Every month with an employed rep, from the first period to that of the as-of day, has rows.",
        "a chart over months would have a hole, or end early. The model is wrong, or of another as-of.",
        maximum=0,
        source="expected_months",
    )
    for period in ("quarter", "year"):
        yield Check(
            "marts.kpi_rep_scorecard",
            f"months_without_{period}",
            "error",
            f"count_if(lacks_{period})",
            f"Every month of the scorecard lies in a {period} of the scorecard.",
            f"the figures of a {period} are missing. The model is wrong.",
            maximum=0,
            source="longer_periods",
        )
    yield Check(
        "marts.kpi_pipeline_waterfall",
        "missing_months",
        "error",
        "count_if(next_month <= settings.as_of_day"
        " AND next_month NOT IN (SELECT month FROM marts.kpi_pipeline_waterfall))",
        "Every month that ends with open pipeline is followed by the next one, up to that of the as-of day.",
        "open pipeline vanishes between two months. The model is wrong.",
        maximum=0,
        source="waterfall_months",
    )
    yield Check(
        "marts.fct_opportunity",
        "rows_for_arrived_opportunities",
        "error",
        "CASE WHEN any_value(opportunity_count) > 0 THEN (SELECT count(*) FROM marts.fct_opportunity) END",
        "The table is not empty where a source has opportunities up to the as-of moment.",
        "all opportunities were lost on the way. The model is wrong.",
        minimum=1,
        source="arrived",
    )


def _volume_checks() -> Iterator[Check]:
    limits: tuple[tuple[str, Severity, str], ...] = (
        ("row_drop_share", "error", "max_row_drop_share"),
        ("notable_row_drop_share", "warning", "warn_row_drop_share"),
    )
    for table in FACTS:
        for name, severity, limit in limits:
            yield Check(
                f"marts.{table}",
                name,
                severity,
                # Not any_value(): over an empty table that is null, and all rows gone would pass.
                f"1 - count(*) / (SELECT published_{table} FROM settings)",
                f"The share of the last published rows that is gone is within {limit}.",
                "records were lost or retired in bulk. If that is meant, raise the limit for one run with "
                "REPLINE_VARS; otherwise deliver complete files.",
                maximum=limit,
            )


def _rejection_checks() -> Iterator[Check]:
    for entity in ENTITIES:
        yield Check(
            "marts.data_quality_warnings",
            f"rejected_share_{entity}",
            "error",
            # The worst source's: a small one with nothing but bad rows would not show beside a large one.
            f"max(rejected_count / nullif(row_count, 0)) FILTER (WHERE entity = '{entity}')",
            f"The share of rejected rows in the {entity} of each API is within max_quarantined_share.",
            "so many rows cannot be read or break the landing contract that figures would be wrong. The reasons "
            "are in intermediate.int_rejected_rows; correct the records in their system.",
            maximum="max_quarantined_share",
            source="intermediate.int_judged_row_counts",
        )


def _data_quality_checks() -> Iterator[Check]:
    table = "marts.data_quality_warnings"
    for rule in DATA_QUALITY_RULES:
        yield Check(
            table,
            rule,
            "warning",
            f"sum(row_count) FILTER (WHERE rule = '{rule}')",
            f"The models count no row under the rule {rule}.",
            "the rule's description in the table says how such rows are counted; correct them in the source.",
            maximum=0,
        )
    names = ", ".join(f"'{rule}'" for rule in (*DATA_QUALITY_RULES, *NO_FAULTS))
    yield Check(
        table,
        "other_rules",
        "warning",
        f"sum(row_count) FILTER (WHERE rule NOT IN ({names}))",
        "The models count no row under any other rule.",
        "the table names the rule, and says how such rows are counted; correct them in the source.",
        maximum=0,
    )


CHECKS = (
    *_range_checks(),
    *_future_checks(),
    *_completeness_checks(),
    *_volume_checks(),
    *_rejection_checks(),
    *_data_quality_checks(),
)
GATE = Gate(SUITE, CHECKS, QUERIES)


def describe() -> list[Description]:
    """The gate's checks, known without data and without importing Great Expectations."""
    return GATE.describe()


def run(
    warehouse: Path,
    data_docs: Path,
    run_id: str,
    variables: Mapping[str, Any],
    published_row_counts: Mapping[str, int] | None = None,
) -> GateResult:
    """Run the marts gate on the warehouse; `variables` are the dbt vars.

    `published_row_counts` are the rows of the last published version by table name; without them (a first
    publication, or a version of a later as-of, which may well have more rows) the row counts are not judged.
    Writes `quality.expectation_result` and the data docs. Raises GateError where the gate cannot be run.
    """
    # Great Expectations takes two seconds to import, and definitions are loaded far oftener than gates run.
    from expectations.context import run_gate

    moment = as_of(variables)
    name = str(variables.get("reporting_timezone", "UTC"))
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise GateError(f"reporting_timezone is {name!r}, not an IANA name such as Europe/Lisbon") from None
    counts = published_row_counts or {}
    settings = {
        "as_of": timestamp_literal(moment),
        "as_of_day": date_literal(moment.astimezone(zone).date()),
        # A table that was empty cannot shrink.
        **{f"published_{table}": str(counts.get(table) or "NULL::BIGINT") for table in FACTS},
    }
    return run_gate(GATE, warehouse, data_docs, run_id, variables, settings)
