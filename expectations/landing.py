"""The landing gate: what must hold of the data that arrived in schema `raw`, before anything is built on it.

Belongs here: volume, quarantine, ranges, freshness and referential coverage of raw tables. Does not belong
here: reading a value as its type and row rules (the landing contract), and rules about models (dbt tests). What an
API's table holds is judged only as far as every system is alike: its columns get their meaning in dbt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from expectations.checks import (
    Check,
    Gate,
    as_of,
    date_literal,
    date_setting,
    limit_value,
    timestamp_literal,
)
from expectations.entities import ENTITIES, REQUIRED_ENTITIES
from expectations.gate import RunnableGate

SUITE = "landing"

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
# Of a value that an error shows: enough to see how it is written.
_SHOWN_CHARACTERS = 40
# What raw.landing_files says for the contents of a file that is no longer there.
REMOVED = "removed"
REFERRED_KEYS = {"users": "user_id", "opportunities": "opportunity_id"}


@dataclass(frozen=True)
class ContractSource:
    """A source whose raw tables `raw.<name>__<entity>` are in the landing contract.

    One that is not `is_complete` stands beside another that has the required entities.
    """

    name: str
    is_complete: bool = True

    def table(self, entity: str) -> str:
        return f"raw.{self.name}__{entity}"


@dataclass(frozen=True)
class ApiArrival:
    """The raw table of an API source.

    `key` are its key columns, `cursor` the column of the last change, if it has one, `entity` that of the landing
    contract whose freshness limit holds.
    """

    source: str
    table: str
    key: tuple[str, ...]
    cursor: str = ""
    entity: str = ""


Arrival = ContractSource | ApiArrival
LANDING = ContractSource("landing")


def _coverage_query(source: ContractSource, entity: str, column: str, referred: str) -> str:
    """Rows that give a reference, and those whose reference is known; retired records do not count.

    Where the source has no record of the referred kind, its ids are those of another source.
    """
    live = "true" if entity == "opportunity_history" else "NOT coalesce(is_deleted, false)"
    known = f"SELECT {REFERRED_KEYS[referred]} FROM {source.table(referred)}"
    return f"""
        SELECT
            '{source.name}' AS source,
            '{entity}' AS entity,
            '{column}' AS reference,
            count(*) AS given_rows,
            count_if(is_known) AS known_rows
        FROM (
            SELECT {column} IN ({known}) AS is_known
            FROM {source.table(entity)}
            WHERE {column} IS NOT NULL AND {live} AND EXISTS ({known})
        )
    """


QUERIES = {
    # The newest load of a file is its current content.
    "current_files": """
        SELECT * FROM raw.landing_files
        QUALIFY row_number() OVER (PARTITION BY source, entity, file ORDER BY loaded_at DESC) = 1
    """,
    # Files of one load share their loaded_at. Mean rows per file, not sums: a folder that got one more file
    # is compared with files of its kind. A file that was taken out has no rows for that reason, not because its export
    # was cut short; one that arrives empty counts.
    "volumes": f"""
        SELECT
            source,
            entity,
            avg(rows_read) FILTER (WHERE load_rank = 1)
                / nullif(avg(rows_read) FILTER (WHERE load_rank BETWEEN 2 AND 6), 0) AS volume_ratio
        FROM (
            SELECT *, dense_rank() OVER (PARTITION BY source, entity ORDER BY loaded_at DESC) AS load_rank
            FROM raw.landing_files
            WHERE file_hash <> '{REMOVED}'
        )
        GROUP BY source, entity
    """,
}


def newest_event(columns: Sequence[str], moment: str = "settings.as_of") -> str:
    """A DuckDB aggregate over a raw table: the last event in the columns up to `moment` (SQL), naive UTC."""
    moments = [f"max(CAST({column} AS TIMESTAMP)) FILTER (WHERE {column} <= {moment})" for column in columns]
    return f"greatest({', '.join(moments)})" if len(moments) > 1 else moments[0]


def _age_check(table: str, columns: Sequence[str], entity: str) -> Check:
    # In whole seconds, of whose parts DuckDB counts the beginnings and Spark the ends.
    moments = [f"date_trunc('second', {moment})" for moment in (newest_event(columns), "max(settings.as_of)")]
    return Check(
        table,
        "newest_event_age_hours",
        "warning",
        f"date_diff('second', {', '.join(moments)}) / 3600",
        f"The newest {' or '.join(columns)} is not older than freshness_limit_hours at the as-of moment.",
        "the source system or its export has stopped. Ask for newer files, or look whether the system is reached.",
        maximum=f"freshness_limit_hours.{entity}",
    )


_UNBALANCED_FILES = Check(
    "raw.landing_files",
    "unbalanced_files",
    "error",
    "count_if(rows_read <> rows_loaded + rows_quarantined)",
    "In every file, rows read are rows loaded and rows quarantined.",
    "rows were lost or counted twice between a file and the raw tables. Compare the columns of "
    "raw.landing_files, and load the file again.",
    maximum=0,
)


def _most_frequent_reason(source: ContractSource, entity: str) -> str:
    """What is wrong with most of the rows in quarantine, with one of the values.

    It is kept with the runs, where no name of a person may be: only dates, numbers and the like are shown.
    """
    shown = f"min_by(left(value, {_SHOWN_CHARACTERS}), line) FILTER (WHERE value SIMILAR TO '[^@]*[0-9][^@]*')"
    return f"""
        SELECT
            concat(
                'Most often (', count(*), ' of ', sum(count(*)) OVER (), ' quarantined rows): ',
                column_name || coalesce(' is ''' || {shown} || '''', '') || ', ',
                reason, ' (', min_by(file, line), ', line ', min(line), ').'
            )
        FROM raw.quarantine JOIN current_files USING (source, entity, file, file_hash)
        WHERE source = '{source.name}' AND entity = '{entity}'
        GROUP BY column_name, reason
        ORDER BY count(*) DESC, column_name, reason
        LIMIT 1
    """


def _arrival_checks(source: ContractSource) -> Iterator[Check]:
    for entity in ENTITIES:
        table = source.table(entity)
        of_entity = f"source = '{source.name}' AND entity = '{entity}'"
        yield Check(
            table,
            "quarantined_share",
            "error",
            f"sum(rows_quarantined) FILTER (WHERE {of_entity}) / nullif(sum(rows_read) FILTER (WHERE {of_entity}), 0)",
            "The share of quarantined rows in the current files is within max_quarantined_share.",
            "so many rows do not load that figures would be wrong. raw.quarantine has all of them with their reasons. "
            "Where a reason names a line of the mapping, correct how the column is read there; else correct the "
            "export and deliver the files again.",
            maximum="max_quarantined_share",
            source="current_files",
            example=_most_frequent_reason(source, entity),
        )
        yield Check(
            table,
            "quarantined_rows",
            "warning",
            f"coalesce(sum(rows_quarantined) FILTER (WHERE {of_entity}), 0)",
            "No row of the current files is in quarantine.",
            "these rows count in no figure. raw.quarantine gives file, line, column and reason.",
            maximum=0,
            source="current_files",
            example=_most_frequent_reason(source, entity),
        )
        yield Check(
            table,
            "volume_ratio",
            "warning",
            f"max(volume_ratio) FILTER (WHERE {of_entity})",
            "The rows per file of the newest load are like those of the five loads before it.",
            "the export may be cut short, or repeat itself. Compare rows_read in raw.landing_files.",
            minimum="min_volume_ratio",
            maximum="max_volume_ratio",
            source="volumes",
        )
    for entity in REQUIRED_ENTITIES if source.is_complete else ():
        yield Check(
            source.table(entity),
            "row_count",
            "warning",
            "count(*)",
            "There is at least one row.",
            "the file was there but held nothing. That is right only for a company that has just begun.",
            minimum=1,
        )


def _event_checks(source: ContractSource) -> Iterator[Check]:
    for entity, columns in EVENT_COLUMNS.items():
        table = source.table(entity)
        names = " or ".join(columns)
        yield _age_check(table, columns, entity)
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
            source.table(entity),
            "events_in_the_future",
            "warning",
            f"count_if({after})",
            "No event is more than a day later than the newest load.",
            "clocks or time zones of the source are wrong; such rows count only from their moment on.",
            maximum=0,
        )


def _range_checks(source: ContractSource) -> Iterator[Check]:
    for entity in ("opportunities", "opportunity_history", "quotas"):
        yield Check(
            source.table(entity),
            "largest_amount",
            "warning",
            "max(amount)",
            "No amount is above max_plausible_amount, in its own currency.",
            "an amount was probably mistyped or exported in another unit; it dominates every sum.",
            maximum="max_plausible_amount",
        )
    yield Check(
        source.table("opportunity_history"),
        "negative_amounts",
        "warning",
        "count_if(amount < 0)",
        "No amount is negative.",
        "credits in the history lower the pipeline, and can take amount ratios out of 0 to 1.",
        maximum=0,
    )
    for entity in ("opportunities", "opportunity_history"):
        yield Check(
            source.table(entity),
            "implausible_close_dates",
            "warning",
            "count_if(close_date < settings.earliest_plausible_date OR close_date > settings.latest_plausible_close)",
            "No close_date is before earliest_plausible_date or max_close_date_years after the as-of day.",
            "a mistyped year: the opportunity is due, or slips, in a period that nobody looks at.",
            maximum=0,
        )


def _reference_checks(source: ContractSource) -> Iterator[Check]:
    """Shares, not counts: a few unknown owners are common, and the models count them as the rules ask."""
    for entity, column, referred in REFERENCES:
        of_reference = f"source = '{source.name}' AND entity = '{entity}' AND reference = '{column}'"
        yield Check(
            source.table(entity),
            f"{column}_coverage",
            "warning",
            f"sum(known_rows) FILTER (WHERE {of_reference}) / nullif(sum(given_rows) FILTER (WHERE {of_reference}), 0)",
            f"The share of rows whose {column} is in {referred} is at least min_reference_coverage.",
            f"the extract of {referred} is probably incomplete, or the ids of two systems differ.",
            minimum="min_reference_coverage",
            source="coverage",
        )


def _api_checks(table: ApiArrival) -> Iterator[Check]:
    without_key = " OR ".join(f"{column} IS NULL" for column in table.key)
    yield Check(
        table.table,
        "rows_without_key",
        "error",
        f"count_if({without_key})",
        f"Every row has its key ({', '.join(table.key)}).",
        "the system sent records without an id, so they cannot be told apart. Ask the system's vendor.",
        maximum=0,
    )
    if table.entity in REQUIRED_ENTITIES:
        yield Check(
            table.table,
            "row_count",
            "warning",
            "count(*)",
            "There is at least one row.",
            "the system has no such record, or shows none to the user whose key Repline has. Look at its rights.",
            minimum=1,
        )
    if table.cursor and table.entity:
        yield _age_check(table.table, [table.cursor], table.entity)


@dataclass(frozen=True)
class LandingGate(RunnableGate):
    """The gate for what the switched-on sources bring."""

    arrivals: tuple[Arrival, ...] = (LANDING,)
    SUITE = SUITE

    @property
    def gate(self) -> Gate:
        in_contract = [each for each in self.arrivals if isinstance(each, ContractSource)]
        checks: list[Check] = [_UNBALANCED_FILES] if in_contract else []
        for source in in_contract:
            checks += _arrival_checks(source)
            checks += _event_checks(source)
            checks += _range_checks(source)
            checks += _reference_checks(source)
        for each in self.arrivals:
            if isinstance(each, ApiArrival):
                checks += _api_checks(each)
        coverage = [_coverage_query(source, *reference) for source in in_contract for reference in REFERENCES]
        queries = {**QUERIES, "coverage": " UNION ALL ".join(coverage)} if in_contract else {}
        return Gate(SUITE, checks, queries)

    def literals(self, variables: Mapping[str, Any], published_row_counts: Mapping[str, int]) -> dict[str, str]:
        moment = as_of(variables)
        years = limit_value("max_close_date_years", variables) or 0
        settings = {
            "as_of": timestamp_literal(moment),
            "earliest_plausible_date": date_literal(date_setting("earliest_plausible_date", variables)),
            "latest_plausible_close": date_literal(moment.date() + timedelta(days=365.25 * years)),
        }
        if any(isinstance(each, ContractSource) for each in self.arrivals):
            # The clocks of the sources may run a day ahead of ours.
            newest_load = f"coalesce(max(loaded_at), {timestamp_literal(moment)})"
            settings["latest_possible_at"] = f"(SELECT {newest_load} + INTERVAL 1 DAY FROM raw.landing_files)"
        return settings
