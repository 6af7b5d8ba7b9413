"""The marts gate: what must hold of the tables in schema `marts`, before they are published.

Belongs here: how what is expected of a column is measured, completeness of periods, row counts against the last
published version, the share of rows that the models reject, and the warnings that they count. Does not belong
here: which column has to hold what (its description in the dbt project says so), and keys, relations, accepted
values and reconciliations between models (dbt tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from expectations.checks import (
    Check,
    Gate,
    GateError,
    Severity,
    as_of,
    date_literal,
    timestamp_literal,
)
from expectations.entities import ENTITIES
from expectations.gate import RunnableGate

SUITE = "marts"

# What can be expected of a column.
BETWEEN_0_AND_1 = "between_0_and_1"
NOT_NEGATIVE = "not_negative"
NOT_AFTER_AS_OF = "not_after_as_of"


class ColumnRule(NamedTuple):
    """What is expected of a column of a mart.

    `kind` is one of the three above. A ratio of counts can leave 0 to 1 only through a wrong model: an error. One
    of amounts can do so through a negative amount in the history, which the landing contract allows: a warning.
    `data_type` says whether a column is compared with the as-of moment (`timestamp`) or the as-of day (`date`).
    """

    table: str
    column: str
    data_type: str
    kind: str
    severity: Severity


QUERIES = {
    "scorecard_periods": "SELECT DISTINCT period_type, period_start, period_end FROM marts.kpi_rep_scorecard",
    # The rules ask for a row for each user and month of employment up to the as-of day. Months in which
    # nobody was employed may lack, so they are not expected here.
    "expected_months": """
        SELECT
            month,
            month IN (SELECT period_start FROM scorecard_periods WHERE period_type = 'month') AS is_there
        FROM (
            SELECT CAST(moment AS DATE) AS month
            FROM (
                -- Spark makes no series that ends before it begins.
                SELECT unnest(generate_series(
                    first_month, greatest(first_month, settings.as_of_day), INTERVAL 1 MONTH
                )) AS moment
                FROM (
                    -- Quarters and years begin before the first event; months do not.
                    SELECT CAST(date_trunc('month', coalesce(
                        min(period_start) FILTER (WHERE period_type = 'month'), min(period_start)
                    )) AS DATE) AS first_month
                    FROM scorecard_periods
                ), settings
            )
        )
        WHERE month <= (SELECT as_of_day FROM settings) AND EXISTS (
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


def _column_check(rule: ColumnRule) -> Check:
    table, column, data_type, kind, severity = rule
    is_wrong = "the model is wrong." if severity == "error" else "look for negative amounts in the history."
    if kind == BETWEEN_0_AND_1:
        return Check(
            f"marts.{table}",
            f"{column}_outside_0_to_1",
            severity,
            f"count_if({column} NOT BETWEEN 0 AND 1)",
            f"Every {column} is between 0 and 1.",
            f"a part is greater than its whole: {is_wrong}",
            maximum=0,
        )
    if kind == NOT_NEGATIVE:
        return Check(
            f"marts.{table}",
            f"negative_{column}",
            severity,
            f"count_if({column} < 0)",
            f"No {column} is negative.",
            is_wrong,
            maximum=0,
        )
    limits = {"timestamp": "as_of", "date": "as_of_day"}
    if kind != NOT_AFTER_AS_OF or data_type not in limits:
        raise ValueError(f"the marts gate cannot hold {table}.{column}, a {data_type}, to {kind!r}")
    return Check(
        f"marts.{table}",
        f"{column}_after_as_of",
        severity,
        f"count_if({column} > settings.{limits[data_type]})",
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


def _volume_checks(facts: tuple[str, ...]) -> Iterator[Check]:
    limits: tuple[tuple[str, Severity, str], ...] = (
        ("row_drop_share", "error", "max_row_drop_share"),
        ("notable_row_drop_share", "warning", "warn_row_drop_share"),
    )
    for table in facts:
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


def _data_quality_checks(faults: tuple[str, ...], no_faults: tuple[str, ...]) -> Iterator[Check]:
    table = "marts.data_quality_warnings"
    for rule in faults:
        yield Check(
            table,
            rule,
            "warning",
            f"sum(row_count) FILTER (WHERE rule = '{rule}')",
            f"The models count no row under the rule {rule}.",
            "the rule's description in the table says how such rows are counted; correct them in the source.",
            maximum=0,
        )
    names = ", ".join(f"'{rule}'" for rule in (*faults, *no_faults))
    yield Check(
        table,
        "other_rules",
        "warning",
        f"sum(row_count) FILTER (WHERE rule NOT IN ({names}))" if names else "sum(row_count)",
        "The models count no row under any other rule.",
        "the table names the rule, and says how such rows are counted; correct them in the source.",
        maximum=0,
    )


@dataclass(frozen=True)
class MartsGate(RunnableGate):
    """The gate for the marts as the dbt project declares them.

    `facts` are the tables whose rows are compared with the last published version. `faults` are the rules of
    `data_quality_warnings` that somebody has to look after; `no_faults` are counted and need nobody.
    """

    facts: tuple[str, ...]
    columns: tuple[ColumnRule, ...]
    faults: tuple[str, ...]
    no_faults: tuple[str, ...]
    SUITE = SUITE

    @property
    def gate(self) -> Gate:
        checks = (
            *(_column_check(rule) for rule in self.columns),
            *_completeness_checks(),
            *_volume_checks(self.facts),
            *_rejection_checks(),
            *_data_quality_checks(self.faults, self.no_faults),
        )
        return Gate(SUITE, checks, QUERIES)

    def literals(self, variables: Mapping[str, Any], published_row_counts: Mapping[str, int]) -> dict[str, str]:
        moment = as_of(variables)
        name = str(variables.get("reporting_timezone", "UTC"))
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise GateError(f"reporting_timezone is {name!r}, not an IANA name such as Europe/Lisbon") from None
        return {
            "as_of": timestamp_literal(moment),
            "as_of_day": date_literal(moment.astimezone(zone).date()),
            # A table that was empty cannot shrink.
            **{f"published_{table}": str(published_row_counts.get(table) or "NULL::BIGINT") for table in self.facts},
        }
