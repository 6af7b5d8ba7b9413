"""A figure down to the rows that it is made of, which come to the same.

Belongs here: finding these rows by what the catalogue says. Does not belong here: figures
(`pipelines.asking.questions`), and how they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.text import quoted
from pipelines.asking.catalogue import Catalogue, Metric, Rows
from pipelines.asking.people import COMPANY, Who
from pipelines.asking.periods import Period
from pipelines.asking.published import AskingError, Published, Row
from pipelines.asking.questions import Counted, Figure, counted, dimensions, figure_of, total, value_of_formula
from pipelines.asking.scope import EVERYBODY, Scope

# The columns of an explanation's rows beside those of their table.
REP, REP_NAME, VALUE = "user_id", "rep", "value"


@dataclass(frozen=True)
class Explanation:
    """A metric of somebody in a period: the figure that the marts have, and what it is made of.

    `rows` have the first column of their table, which names them, its columns of words that say something, who they
    count for, the day and the `value`, greatest first; `row_count` says how many there are, of which `rows` may be the
    first ones. `total` is what all of them come to, and equals `figure`. A ratio has `parts` instead. Where there is
    neither, `reason` says why.
    """

    metric: Metric
    who: Who
    period: Period
    figure: Figure
    total: Figure = None
    rows: tuple[Row, ...] = ()
    row_count: int = 0
    parts: tuple[Explanation, ...] = ()
    reason: str = ""


def explain(
    published: Published,
    catalogue: Catalogue,
    metric: Metric,
    period: Period,
    who: Who | None = None,
    *,
    limit: int | None = None,
    scope: Scope = EVERYBODY,
) -> Explanation:
    """Explain a figure by at most `limit` rows of each part. Raises AskingError where it cannot be asked for."""
    who = scope.of(who) or COMPANY
    figure = figure_of(published, metric, period, who)
    if metric.parts:
        parts = tuple(
            explain(published, catalogue, catalogue[part], period, who, limit=limit, scope=scope)
            for part in metric.parts
        )
        if any(part.total is None and part.reason for part in parts):
            lacking = ", ".join(part.metric.name for part in parts if part.reason)
            return Explanation(metric, who, period, figure, parts=parts, reason=f"not all rows of {lacking} are known")
        [value] = value_of_formula(published, metric, [{part.metric.name: part.total for part in parts}])
        return Explanation(metric, who, period, figure, value, parts=parts)
    if metric.rows is None:
        reason = f"no published table has its rows one by one; {metric.table} has it, as {metric.formula}"
        return Explanation(metric, who, period, figure, reason=reason)
    try:
        which = counted(published, metric.rows, period, who, {})
    except AskingError as error:
        return Explanation(metric, who, period, figure, reason=str(error))
    [value] = total(published, metric.rows, period, who).values()
    rows = _rows(published, metric.rows, which, limit)
    number = len(rows)
    if number == limit:
        query = f"SELECT count(*) AS number FROM {which.source} WHERE {which.condition}"
        number = published.rows(query, which.parameters)[0]["number"]
    return Explanation(metric, who, period, figure, value, rows=rows, row_count=number)


def _rows(published: Published, made_of: Rows, which: Counted, limit: int | None) -> tuple[Row, ...]:
    """The rows with those of their columns that say something of any of them."""
    key = next(iter(published.columns(made_of.table)))
    words = [name for name in dimensions(published, made_of) if name != key]
    shown = [f"made_of.{quoted(name)}" for name in (key, *words, *([made_of.day] if made_of.day else []))]
    query = (
        f"SELECT {', '.join(shown)}, made_of.{quoted(made_of.rep)} AS {REP}, rep.full_name AS {REP_NAME},"
        f" {made_of.value} AS {VALUE} FROM {which.source} LEFT JOIN marts.dim_rep AS rep"
        f" ON made_of.{quoted(made_of.rep)} = rep.user_id WHERE {which.condition}"
        f" ORDER BY {VALUE} DESC NULLS LAST, {shown[-1]}, {shown[0]}"
    )
    rows = published.rows(query, which.parameters, limit)
    telling = [
        name for name in (rows[0] if rows else {}) if name == VALUE or any(row[name] is not None for row in rows)
    ]
    return tuple({name: row[name] for name in telling} for row in rows)
