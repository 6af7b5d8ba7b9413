"""The landing gate: what must hold of the data that arrived in schema `raw`, before anything is built on it.

Belongs here: volume, quarantine, ranges, freshness and referential coverage of raw tables. Does not belong
here: reading a value as its type and row rules (the landing contract), and rules about models (dbt tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.checks import (
    Check,
    Description,
    Gate,
    as_of,
    date_literal,
    date_setting,
    limit_value,
    timestamp_literal,
)

if TYPE_CHECKING:
    from expectations.results import GateResult

SUITE = "landing"

ENTITIES = (
    "users",
    "pipeline_stages",
    "accounts",
    "opportunities",
    "opportunity_history",
    "leads",
    "calls",
    "meetings",
    "quotas",
    "exchange_rates",
)
REQUIRED_ENTITIES = ("users", "pipeline_stages", "opportunities")
# The moments that say when something last happened in an entity.
EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "opportunities": ("created_at", "updated_at"),
    "opportunity_history": ("changed_at",),
    "calls": ("started_at",),
    "leads": ("created_at", "updated_at"),
    "meetings": ("starts_at",),
    "exchange_rates": ("rate_date",),
}
# Entities whose events lie in the past when they are recorded; meetings and rates may be planned ahead.
PAST_EVENTS = ("opportunities", "opportunity_history", "calls", "leads")
# Entity, its column, and the entity that the column refers to.
REFERENCES = (
    ("opportunities", "owner_id", "users"),
    ("calls", "user_id", "users"),
    ("quotas", "user_id", "users"),
    ("opportunity_history", "opportunity_id", "opportunities"),
    ("calls", "opportunity_id", "opportunities"),
)
REFERRED_KEYS = {"users": "user_id", "opportunities": "opportunity_id"}


def _coverage_query(entity: str, column: str, referred: str) -> str:
    """Rows that give a reference, and those whose reference is known; retired records do not count."""
    live = "true" if entity == "opportunity_history" else "NOT coalesce(is_deleted, false)"
    return f"""
        SELECT
            '{entity}' AS entity,
            '{column}' AS reference,
            count(*) AS given_rows,
            count_if(is_known) AS known_rows
        FROM (
            SELECT {column} IN (SELECT {REFERRED_KEYS[referred]} FROM raw.landing__{referred}) AS is_known
            FROM raw.landing__{entity}
            WHERE {column} IS NOT NULL AND {live}
        )
    """


QUERIES = {
    # The newest load of a file is its current content.
    "current_files": """
        SELECT * FROM raw.landing_files
        QUALIFY row_number() OVER (PARTITION BY entity, file ORDER BY loaded_at DESC) = 1
    """,
    # Files of one load share their loaded_at. Mean rows per file, not sums: a folder that got one more file
    # is compared with files of its kind.
    "volumes": """
        SELECT
            entity,
            avg(rows_read) FILTER (WHERE load_rank = 1)
                / nullif(avg(rows_read) FILTER (WHERE load_rank BETWEEN 2 AND 6), 0) AS volume_ratio
        FROM (
            SELECT *, dense_rank() OVER (PARTITION BY entity ORDER BY loaded_at DESC) AS load_rank
            FROM raw.landing_files
        )
        GROUP BY entity
    """,
    "coverage": " UNION ALL ".join(_coverage_query(*reference) for reference in REFERENCES),
}


def newest_event(entity: str, moment: str = "settings.as_of") -> str:
    """A DuckDB aggregate over an entity's raw table: its last event up to `moment` (SQL), naive UTC."""
    moments = [
        f"max(CAST({column} AS TIMESTAMP)) FILTER (WHERE {column} <= {moment})" for column in EVENT_COLUMNS[entity]
    ]
    return f"greatest({', '.join(moments)})"


def _arrival_checks() -> Iterator[Check]:
    yield Check(
        "raw.landing_files",
        "unbalanced_files",
        "error",
        "count_if(rows_read <> rows_loaded + rows_quarantined)",
        "In every file, rows read are rows loaded and rows quarantined.",
        "rows were lost or counted twice between a file and the raw tables. Compare the columns of "
        "raw.landing_files, and load the file again.",
        maximum=0,
    )
    for entity in ENTITIES:
        table = f"raw.landing__{entity}"
        yield Check(
            table,
            "quarantined_share",
            "error",
            f"sum(rows_quarantined) FILTER (WHERE entity = '{entity}')"
            f" / nullif(sum(rows_read) FILTER (WHERE entity = '{entity}'), 0)",
            "The share of quarantined rows in the current files is within max_quarantined_share.",
            "so many rows break the landing contract that figures would be wrong. The reasons are in "
            "raw.quarantine; correct the export and deliver the files again.",
            maximum="max_quarantined_share",
            source="current_files",
        )
        yield Check(
            table,
            "quarantined_rows",
            "warning",
            f"coalesce(sum(rows_quarantined) FILTER (WHERE entity = '{entity}'), 0)",
            "No row of the current files is in quarantine.",
            "these rows count in no figure. raw.quarantine gives file, line, column and reason.",
            maximum=0,
            source="current_files",
        )
        yield Check(
            table,
            "volume_ratio",
            "warning",
            f"max(volume_ratio) FILTER (WHERE entity = '{entity}')",
            "The rows per file of the newest load are like those of the five loads before it.",
            "the export may be cut short, or repeat itself. Compare rows_read in raw.landing_files.",
            minimum="min_volume_ratio",
            maximum="max_volume_ratio",
            source="volumes",
        )
    for entity in REQUIRED_ENTITIES:
        yield Check(
            f"raw.landing__{entity}",
            "row_count",
            "warning",
            "count(*)",
            "There is at least one row.",
            "the file was there but held nothing. That is right only for a company that has just begun.",
            minimum=1,
        )


def _event_checks() -> Iterator[Check]:
    for entity, columns in EVENT_COLUMNS.items():
        table = f"raw.landing__{entity}"
        names = " or ".join(columns)
        yield Check(
            table,
            "newest_event_age_hours",
            "warning",
            f"date_diff('second', {newest_event(entity)}, any_value(settings.as_of)) / 3600",
            f"The newest {names} is not older than freshness_limit_hours at the as-of moment.",
            "the source system or its export has stopped. Ask for newer files.",
            maximum=f"freshness_limit_hours.{entity}",
        )
        if entity == "exchange_rates":
            continue  # Old rates are no fault.
        before = " OR ".join(f"{column} < settings.earliest_plausible_date" for column in columns)
        yield Check(
            table,
            "implausibly_old_rows",
            "warning",
            f"count_if({before})",
            f"No {names} is before earliest_plausible_date.",
            "dates were entered or exported wrongly (a default date, a year of two digits).",
            maximum=0,
        )
    for entity in PAST_EVENTS:
        after = " OR ".join(f"{column} > settings.latest_possible_at" for column in EVENT_COLUMNS[entity])
        yield Check(
            f"raw.landing__{entity}",
            "events_in_the_future",
            "warning",
            f"count_if({after})",
            "No event is more than a day later than the newest load.",
            "clocks or time zones of the source are wrong; such rows count only from their moment on.",
            maximum=0,
        )


def _range_checks() -> Iterator[Check]:
    for entity in ("opportunities", "opportunity_history", "quotas"):
        yield Check(
            f"raw.landing__{entity}",
            "largest_amount",
            "warning",
            "max(amount)",
            "No amount is above max_plausible_amount, in its own currency.",
            "an amount was probably mistyped or exported in another unit; it dominates every sum.",
            maximum="max_plausible_amount",
        )
    yield Check(
        "raw.landing__opportunity_history",
        "negative_amounts",
        "warning",
        "count_if(amount < 0)",
        "No amount is negative.",
        "credits in the history lower the pipeline, and can take amount ratios out of 0 to 1.",
        maximum=0,
    )
    for entity in ("opportunities", "opportunity_history"):
        yield Check(
            f"raw.landing__{entity}",
            "implausible_close_dates",
            "warning",
            "count_if(close_date < settings.earliest_plausible_date OR close_date > settings.latest_plausible_close)",
            "No close_date is before earliest_plausible_date or max_close_date_years after the as-of day.",
            "a mistyped year: the opportunity is due, or slips, in a period that nobody looks at.",
            maximum=0,
        )


def _reference_checks() -> Iterator[Check]:
    """Shares, not counts: a few unknown owners are common, and the models count them as the rules ask."""
    for entity, column, referred in REFERENCES:
        yield Check(
            f"raw.landing__{entity}",
            f"{column}_coverage",
            "warning",
            f"sum(known_rows) FILTER (WHERE entity = '{entity}' AND reference = '{column}')"
            f" / nullif(sum(given_rows) FILTER (WHERE entity = '{entity}' AND reference = '{column}'), 0)",
            f"The share of rows whose {column} is in {referred} is at least min_reference_coverage.",
            f"the extract of {referred} is probably incomplete, or the ids of two systems differ.",
            minimum="min_reference_coverage",
            source="coverage",
        )


CHECKS = (*_arrival_checks(), *_event_checks(), *_range_checks(), *_reference_checks())
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
    """Run the landing gate on the warehouse; `variables` are the dbt vars.

    `published_row_counts` are not used; both gates are called in one way. Writes
    `quality.expectation_result` and the data docs. Raises GateError where the gate cannot be run.
    """
    # Great Expectations takes two seconds to import, and definitions are loaded far oftener than gates run.
    from expectations.context import run_gate

    moment = as_of(variables)
    years = limit_value("max_close_date_years", variables) or 0
    settings = {
        "as_of": timestamp_literal(moment),
        "earliest_plausible_date": date_literal(date_setting("earliest_plausible_date", variables)),
        "latest_plausible_close": date_literal(moment.date() + timedelta(days=365.25 * years)),
        # The clocks of the sources may run a day ahead of ours.
        "latest_possible_at": f"(SELECT coalesce(max(loaded_at), {timestamp_literal(moment)})"
        " + INTERVAL 1 DAY FROM raw.landing_files)",
    }
    return run_gate(GATE, warehouse, data_docs, run_id, variables, settings)
