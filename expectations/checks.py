"""The words in which a gate is written: a check, its limits, and the one query that measures all of them.

Belongs here: what a check is and how checks become SQL and limits. Does not belong here: the checks
themselves (one module per gate), Great Expectations (`expectations.context`, slow to import) and results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning"]
Limit = float | str | None


class GateError(RuntimeError):
    """A gate cannot be run; the message is one line that says why and what to do."""


class Description(NamedTuple):
    """A check as it is known without any data."""

    suite: str
    table: str
    expectation: str
    severity: Severity
    description: str


@dataclass(frozen=True)
class Check:
    """One number measured on a table, and the range in which it must be.

    `measure` is a DuckDB aggregate over `source` (by default the table itself) joined with the one row of
    `settings`; a null measure means that there is nothing to judge, and holds. A limit is inclusive: a
    number, or the name of a setting (`name`, or `name.key` for one that may lack the key and then sets no
    limit). `name` is unique in the table, and made of letters, digits and underscores. `meaning` says what a
    failure means and what to do.
    """

    table: str
    name: str
    severity: Severity
    measure: str
    description: str
    meaning: str
    minimum: Limit = None
    maximum: Limit = None
    source: str = ""
    example: str = ""

    @property
    def column(self) -> str:
        """The column of the gate's summary that holds the measure."""
        return f"{self.table.partition('.')[2]}.{self.name}"


@dataclass(frozen=True)
class Gate:
    """A suite of checks with the named queries (CTEs) that their sources and measures use."""

    suite: str
    checks: Sequence[Check]
    queries: Mapping[str, str]

    def describe(self) -> list[Description]:
        return [
            Description(self.suite, check.table, check.name, check.severity, check.description) for check in self.checks
        ]

    def summary_sql(self, settings: Mapping[str, str]) -> str:
        """One row with a DOUBLE column for each check. `settings` are names with their SQL literals.

        Every source is scanned once, however many checks measure it: at ten million calls a scan for each
        expectation would take minutes.
        """
        measures: dict[str, list[str]] = {}
        for check in self.checks:
            column = f'CAST({check.measure} AS DOUBLE) AS "{check.column}"'
            measures.setdefault(check.source or check.table, []).append(column)
        constants = ", ".join(f"{literal} AS {name}" for name, literal in settings.items())
        queries = {"settings": f"SELECT {constants}", **self.queries}
        scans = {
            f"scan_{number}": f"SELECT {', '.join(columns)} FROM {source} CROSS JOIN settings"
            for number, (source, columns) in enumerate(measures.items(), start=1)
        }
        # MATERIALIZED keeps DuckDB from running a query again for each measure that looks at it.
        steps = [f"{name} AS MATERIALIZED ({query})" for name, query in {**queries, **scans}.items()]
        summary = f"WITH {', '.join(steps)} SELECT * FROM {' CROSS JOIN '.join(scans)}"
        # Great Expectations takes only queries that begin with SELECT.
        return f"SELECT * FROM ({summary})"

    def example_sql(self, check: Check) -> str:
        """The query of a check's example; its one text is null, or missing, where the data show nothing more."""
        steps = [f"{name} AS ({query})" for name, query in self.queries.items()]
        return f"WITH {', '.join(steps)} {check.example}" if steps else check.example


def limit_value(limit: Limit, variables: Mapping[str, Any]) -> float | None:
    """The number that a limit stands for; None where there is none. Raises GateError for a bad setting."""
    if limit is None or isinstance(limit, int | float):
        return limit
    name, _, key = limit.partition(".")
    if name not in variables:
        raise GateError(f"the setting {name} is missing; its default belongs in dbt_project.yml")
    value = variables[name]
    if key:
        if not isinstance(value, Mapping):
            raise GateError(f"the setting {name} is {value!r}; it must be an object of numbers")
        value = value.get(key)
        if value is None:
            return None
    return _number(limit, value)


def as_of(variables: Mapping[str, Any]) -> datetime:
    """The as-of moment, in UTC; now where the setting is null. Raises GateError if it cannot be read."""
    value = variables.get("as_of")
    if value is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise GateError(f"as_of is {value!r}, not an ISO 8601 moment such as 2025-04-30T23:59:59Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def date_setting(name: str, variables: Mapping[str, Any]) -> date:
    """A setting that is an ISO 8601 date. Raises GateError if it cannot be read."""
    try:
        return date.fromisoformat(str(variables[name]))
    except (KeyError, ValueError):
        raise GateError(f"the setting {name} must be an ISO 8601 date such as 1990-01-01") from None


def timestamp_literal(moment: datetime) -> str:
    """A moment as the naive UTC timestamp that the warehouse stores."""
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def date_literal(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GateError(f"the setting {name} is {value!r}; it must be a number")
    return float(value)
