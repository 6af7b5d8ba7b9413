"""A metric for whom and when: from the scorecards, or added up from its rows where these do not have the answer.

Belongs here: figures. Does not belong here: the rows behind a figure (`pipelines.asking.explaining`), and what may be
told (`pipelines.asking.scope`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ingestion.text import literal, quoted
from pipelines.asking.catalogue import Catalogue, Metric, Rows
from pipelines.asking.people import COMPANY, Who, all_reps
from pipelines.asking.periods import Period
from pipelines.asking.published import AskingError, Published, Row, table_name
from pipelines.asking.scope import EVERYBODY, FEWEST_REPS, MEDIAN, Scope

Figure = int | float | Decimal | None
# The scorecards, by whom they are of, with the column that names it. All have the same figures.
SCORECARDS: Mapping[str, tuple[str, str | None]] = {
    "rep": ("kpi_rep_scorecard", "user_id"),
    "team": ("kpi_team_scorecard", "team"),
    "manager": ("kpi_manager_scorecard", "manager_id"),
    "company": ("kpi_company_scorecard", None),
}
_SCORECARD_TABLES = {table for table, _ in SCORECARDS.values()}
# What tables by the month call it.
_MONTH_COLUMNS = ("month", "cohort_month")
_PEOPLE = ("user_id", "owner_id", "manager_id")


@dataclass(frozen=True)
class Answer:
    """`rows` have period, what names them, and value; `is_cut` says that there are more."""

    metric: Metric
    by: str
    rows: list[Row]
    is_cut: bool


@dataclass(frozen=True)
class _Question:
    """What `ask` is asked, with `by` settled, about whom the scope lets it be."""

    metric: Metric
    periods: Sequence[Period]
    by: str
    who: Who | None
    filters: Mapping[str, str | list[str]]


def ask(
    published: Published,
    catalogue: Catalogue,
    metric: Metric,
    periods: Sequence[Period],
    *,
    by: str | None = None,
    who: Who | None = None,
    filters: Mapping[str, str | list[str]] | None = None,
    limit: int,
    scope: Scope = EVERYBODY,
) -> Answer:
    """The metric in each period, for `who`, by `by`: rep, team, manager, company, rep_median, or a column of its rows.

    `filters` keep rows by their columns. Raises AskingError where that cannot be answered.
    """
    filters = dict(filters or {})
    is_of_company = by == "company" or _is_of_company(published, metric)
    if by == MEDIAN and (who or filters):
        raise AskingError(f"by {MEDIAN} is over all reps: it takes nobody and no filters")
    if by != MEDIAN and not (is_of_company and who in (None, COMPANY)):
        who = scope.of(who)
    by = by or (who.kind if who else "company")
    question = _Question(metric, periods, by, who, filters)
    is_in_mart = _is_in_mart(published, question)
    if scope.rep and (by in ("team", "manager") or (is_of_company and not is_in_mart)):
        raise scope.refusal()
    if scope.rep and is_of_company:
        question = replace(question, periods=_large_enough(published, periods))
    if is_in_mart:
        rows = _from_mart(published, question, limit + 1)
    else:
        rows = _from_rows(published, catalogue, question, limit + 1)
    rows = rows if scope.rep else _with_names(published, rows)
    return Answer(metric, by, rows[:limit], len(rows) > limit)


def figure_of(published: Published, metric: Metric, period: Period, who: Who) -> Figure:
    """The figure as the marts have it; None where they have none. Raises AskingError where they cannot have it."""
    if not _knows(metric, [period]):
        raise _by_month_only(metric)
    if metric.table in _SCORECARD_TABLES:
        if who.kind not in metric.grains:
            raise AskingError(f"{metric.name} is known by {', '.join(metric.grains)}, not for {who.name}")
        table, member = SCORECARDS[who.kind]
    else:
        table, member = metric.table, _member(published, metric.table)
        if who.kind != ("rep" if member else "company") or _labels(published, metric):
            raise AskingError(f"{metric.name} is not known for {who.name}; it stands in {metric.table}")
    found = _mart_rows(published, metric, table, [period], {member: who.key} if member else {}, 1)
    return found[0]["value"] if found else None


def total(
    published: Published,
    rows: Rows,
    period: Period,
    who: Who,
    *,
    by: str | None = None,
    filters: Mapping[str, str | list[str]] | None = None,
) -> dict[Any, Figure]:
    """What the rows that count for `who` in the period come to, by the values of `by`, or under None without it."""
    which = counted(published, rows, period, who, filters or {})
    value = f"sum({rows.value})" + (" / count(*)" if rows.total == "mean" else "")
    query = (
        f"SELECT {_group(published, rows, by)} AS label, {value} AS value FROM {which.source} WHERE {which.condition}"
        " GROUP BY label"
    )
    found = published.rows(query, which.parameters)
    nothing = 0 if rows.total == "sum" else None
    # A group of rows without a value comes to nothing, as a period without a row does.
    return {row["label"]: nothing if row["value"] is None else row["value"] for row in found} or (
        {} if by else {None: nothing}
    )


@dataclass(frozen=True)
class Counted:
    """Which rows count: what follows FROM and WHERE in a query of them, and what is bound there.

    The rows are `made_of`, the version of their rep on the day that counts is `version`.
    """

    source: str
    condition: str
    parameters: list[Any]


def counted(
    published: Published, rows: Rows, period: Period, who: Who, filters: Mapping[str, str | list[str]]
) -> Counted:
    """The rows that count for `who` in the period. Raises AskingError where they are not known."""
    if rows.day is None and not period.start <= published.as_of_day <= period.end:
        raise AskingError(
            f"the rows are known as they stand on {published.as_of_day} alone; ask for a period with that day in it"
        )
    day = f"made_of.{quoted(rows.day)}" if rows.day else f"DATE {literal(str(published.as_of_day))}"
    rep = f"made_of.{quoted(rows.rep)}"
    conditions: list[str] = [f"({rows.filter})"] if rows.filter else []
    parameters: list[Any] = []
    if rows.day:
        # Days before the first event count nowhere; what is of a whole month does.
        first = period.start if rows.day in _MONTH_COLUMNS else max(period.start, published.first_day)
        conditions.append(f"{day} BETWEEN ? AND ?")
        parameters += [first, period.end]
    if who.kind in ("rep", "team"):
        conditions.append(f"{rep} = ?" if who.kind == "rep" else "version.team = ?")
        parameters.append(who.key)
    elif who.kind == "manager":
        raise AskingError("the rows behind a manager's figure are not listed; ask for a rep, a team or the company")
    for column, wanted in filters.items():
        name = _filter_column(published, rows, column)
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        conditions.append(_is_one_of(name, values))
        parameters += values
    source = (
        f"{table_name(rows.table)} AS made_of LEFT JOIN marts.dim_rep_version AS version"
        f" ON {rep} = version.user_id AND {day} BETWEEN version.valid_from AND version.valid_to"
    )
    return Counted(source, " AND ".join(conditions) or "true", parameters)


def value_of_formula(published: Published, metric: Metric, parts: Iterable[Mapping[str, Figure]]) -> list[Figure]:
    """What the formula of a metric gives for the figures of its parts; None where there is nothing to divide by."""
    columns = ", ".join(f"CAST(? AS DOUBLE) AS {quoted(part)}" for part in metric.parts)
    found = []
    for figures in parts:
        [row] = published.rows(
            f"SELECT {metric.formula} AS value FROM (SELECT {columns})", [figures[part] for part in metric.parts]
        )
        value = row["value"]
        found.append(value if value is not None and math.isfinite(value) else None)
    return found


def dimensions(published: Published, rows: Rows) -> list[str]:
    """The columns of its rows that a metric can be asked by: those with words or yes and no, and who it counts for."""
    columns = published.columns(rows.table).items()
    return [name for name, type_ in columns if type_ in ("VARCHAR", "BOOLEAN") and not _names_somebody(name)]


def _knows(metric: Metric, periods: Sequence[Period]) -> bool:
    """Whether the mart of a metric has such periods; all but scorecards have months alone."""
    return metric.table in _SCORECARD_TABLES or all(period.type == "month" for period in periods)


def _by_month_only(metric: Metric) -> AskingError:
    return AskingError(f"{metric.name} is known by the month only; ask for a month, such as 2025-10")


def _is_of_company(published: Published, metric: Metric) -> bool:
    return metric.table not in _SCORECARD_TABLES and _member(published, metric.table) is None


def _is_in_mart(published: Published, question: _Question) -> bool:
    metric, by, who, filters = question.metric, question.by, question.who, question.filters
    if not _knows(metric, question.periods):
        return False
    if metric.table not in _SCORECARD_TABLES:
        own = {"company" if _is_of_company(published, metric) else "rep", MEDIAN, *_labels(published, metric)}
        return by in own and set(filters) <= set(_labels(published, metric))
    return not filters and (by == MEDIAN or by in metric.grains) and (who is None or who.kind in (by, "company"))


def _from_mart(published: Published, question: _Question, limit: int) -> list[Row]:
    metric, by, who = question.metric, question.by, question.who
    if metric.table in _SCORECARD_TABLES:
        table, member = SCORECARDS["rep" if by == MEDIAN else by]
    else:
        table, member = metric.table, _member(published, metric.table)
    if by == MEDIAN:
        if member != "user_id":
            raise AskingError(f"{metric.name} is not known by rep, so there is no median of the reps")
        return _medians(published, metric, table, question.periods)
    wanted: dict[str, Any] = dict(question.filters)
    if member and who and who.kind != "company":
        wanted[member] = who.key
    return _mart_rows(published, metric, table, question.periods, wanted, limit)


def _mart_rows(
    published: Published,
    metric: Metric,
    table: str,
    periods: Sequence[Period],
    wanted: Mapping[str, Any],
    limit: int,
) -> list[Row]:
    """The rows of a mart by period: its columns of words, and the figure as `value`."""
    labels = [name for name, type_ in published.columns(table).items() if type_ == "VARCHAR" and name != "period_type"]
    order = "ASC" if metric.better == "lower" else "DESC"
    found: list[Row] = []
    for period in periods:
        condition, parameters = _in_period(published, table, period)
        conditions = [condition]
        for column, value in wanted.items():
            values = value if isinstance(value, list) else [value]
            conditions.append(_is_one_of(quoted(column), values))
            parameters += values
        names = "".join(f"{quoted(label)}, " for label in labels)
        query = (
            f"SELECT {names}{quoted(metric.column)} AS value FROM {table_name(table)} WHERE {' AND '.join(conditions)}"
            f" ORDER BY value {order} NULLS LAST{''.join(f', {quoted(label)}' for label in labels)}"
        )
        found += [{"period": period.name, **row} for row in published.rows(query, parameters, limit - len(found))]
    return found


def _medians(published: Published, metric: Metric, table: str, periods: Sequence[Period]) -> list[Row]:
    found = []
    for period in periods:
        condition, parameters = _in_period(published, table, period)
        query = (
            f"SELECT median({quoted(metric.column)}) AS value, count({quoted(metric.column)}) AS rep_count"
            f" FROM {table_name(table)} WHERE {condition}"
        )
        [row] = published.rows(query, parameters)
        if row["rep_count"] >= FEWEST_REPS:
            found.append({"period": period.name, **row})
    return found


def _large_enough(published: Published, periods: Sequence[Period]) -> list[Period]:
    """The periods in which enough reps are employed for a figure of the company to tell nothing of one."""
    query = "SELECT rep_count FROM marts.kpi_company_scorecard WHERE period_type = ? AND period_start = ?"
    counts = [(period, published.rows(query, [period.type, period.start])) for period in periods]
    return [period for period, found in counts if found and found[0]["rep_count"] >= FEWEST_REPS]


def _from_rows(published: Published, catalogue: Catalogue, question: _Question, limit: int) -> list[Row]:
    metric, by, who = question.metric, question.by, question.who
    if not catalogue.has_rows(metric):
        if not _knows(metric, question.periods):
            raise _by_month_only(metric)
        raise AskingError(
            f"{metric.name} is known by {', '.join(metric.grains)} alone: not all rows that it is made of are published"
        )
    label = "user_id" if by == "rep" else by
    group = None if by == "company" or (who and by == who.kind) else by
    found: list[Row] = []
    for period in question.periods:
        totals = _totals(published, catalogue, metric, period, who or COMPANY, group, question.filters)
        order = sorted(totals.items(), key=lambda each: (each[1] is None, _signed(metric, each[1]), str(each[0])))
        named = who.key if who and group is None else None
        for key, value in order[: limit - len(found)]:
            shown = {label: key if group else named} if group or named else {}
            found.append({"period": period.name, **shown, "value": value})
    return found


def _totals(
    published: Published,
    catalogue: Catalogue,
    metric: Metric,
    period: Period,
    who: Who,
    by: str | None,
    filters: Mapping[str, str | list[str]],
) -> dict[Any, Figure]:
    if metric.rows:
        return total(published, metric.rows, period, who, by=by, filters=filters)
    parts = {name: _totals(published, catalogue, catalogue[name], period, who, by, filters) for name in metric.parts}
    keys = list(dict.fromkeys(key for part in parts.values() for key in part))
    figures = [{name: part.get(key, 0) for name, part in parts.items()} for key in keys]
    return dict(zip(keys, value_of_formula(published, metric, figures), strict=True))


def _signed(metric: Metric, value: Figure) -> float:
    return 0.0 if value is None else float(value) * (1 if metric.better == "lower" else -1)


def _group(published: Published, rows: Rows, by: str | None) -> str:
    if by is None:
        return "NULL"
    return {"rep": f"made_of.{quoted(rows.rep)}", "team": "version.team"}.get(by) or _filter_column(published, rows, by)


def _filter_column(published: Published, rows: Rows, column: str) -> str:
    """The column of the rows, or of their rep on the day that counts, as SQL. Raises AskingError for another."""
    if column in ("team", "territory", "role"):
        return f"version.{quoted(column)}"
    known = dimensions(published, rows)
    if column not in known:
        raise AskingError(f"{rows.table} has no {column!r} to ask by; it has: {', '.join([*known, 'team', 'role'])}")
    return f"made_of.{quoted(column)}"


def _is_one_of(column: str, values: Sequence[Any]) -> str:
    """The condition that a column is one of the values, in whatever case; they are bound."""
    return f"lower(CAST({column} AS VARCHAR)) IN ({', '.join('lower(?)' for _ in values) or 'NULL'})"


def _labels(published: Published, metric: Metric) -> list[str]:
    """What the rows of a table that is no scorecard are by, besides a rep and a month."""
    if metric.table in _SCORECARD_TABLES:
        return []
    columns = published.columns(metric.table).items()
    return [name for name, type_ in columns if type_ == "VARCHAR" and not _names_somebody(name)]


def _member(published: Published, table: str) -> str | None:
    return next((name for name in published.columns(table) if name in _PEOPLE), None)


def _in_period(published: Published, table: str, period: Period) -> tuple[str, list[Any]]:
    """The condition that a row of a mart is of the period, and what is bound there."""
    columns = published.columns(table)
    if "period_type" in columns:
        return "period_type = ? AND period_start = ?", [period.type, period.start]
    return f"{quoted(next(name for name in _MONTH_COLUMNS if name in columns))} = ?", [period.start]


def _names_somebody(column: str) -> bool:
    return column.endswith(_PEOPLE)


def _with_names(published: Published, rows: list[Row]) -> list[Row]:
    """The rows, with the `name` of whom they are of."""
    column = next((name for name in _PEOPLE if rows and name in rows[0]), None)
    if column is None:
        return rows
    names = {rep["user_id"]: rep["full_name"] for rep in all_reps(published)}
    return [{**row, "name": names.get(row[column])} for row in rows]
