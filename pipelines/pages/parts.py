"""What several pages have in common: the scorecard, the chart of months, finding a period's row.

Belongs here: parts of pages. Does not belong here: whole pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pipelines.pages.model import DEFINITIONS, Chart, Link, Table
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import NOTHING, Shown, Words

# The periods of a scorecard's columns: their type, and which of the periods shown.
_PERIODS = (("month", "month"), ("quarter", "quarter"), ("quarter", "last_quarter"), ("year", "year"))


def period_row(rows: Iterable[Row], kind: str, start: date) -> Row | None:
    """The row of a period, None where there is none."""
    return next((row for row in rows if row["period_type"] == kind and row["period_start"] == start), None)


def tone(value: float | None, wanted: float | None) -> str:
    """Whether a value, of which more is better, is as wanted."""
    if value is None or wanted is None:
        return ""
    return "good" if value >= wanted else "bad"


def definition(kpi: str, words: Words) -> Link:
    """A KPI's name, with a link to what it means."""
    return Link(words.kpi(kpi), f"{DEFINITIONS}#{kpi}")


def scorecard(rows: Sequence[Row], answers: Answers, words: Words) -> Table:
    """All KPIs that the rows have, beside each other for the periods that pages show."""
    periods = [(kind, answers.periods[name]) for kind, name in _PERIODS]
    shown = [(kind, start, period_row(rows, kind, start)) for kind, start in periods]
    kpis = [row["kpi"] for row in answers.rows["catalogue"] if rows and row["column_name"] in rows[0]]

    def cells(kpi: str) -> tuple[Shown, ...]:
        return tuple(NOTHING if row is None else words.figure(row, kpi) for _, _, row in shown)

    return Table(
        "",
        (words.say("kpi"), *(words.period(kind, start) for kind, start, _ in shown)),
        [(definition(kpi, words), *cells(kpi)) for kpi in kpis],
        tuple(range(1, 1 + len(shown))),
    )


def months_chart(title: Shown, rows: Sequence[Row], words: Words, kind: str) -> Chart:
    """What was won month by month beside the quota, from rows in the order of time."""
    columns = ("won_amount", "quota_amount", "attainment")
    table = Table(
        words.say("table_behind"),
        (words.say("month"), *map(words.kpi, columns)),
        [(words.month(row["period_start"]), *(words.figure(row, column) for column in columns)) for row in rows],
        (1, 2, 3),
        folded=True,
    )
    values = [
        {
            "month": words.month(row["period_start"]),
            "won": float(row["won_amount"]),
            "quota": None if row["quota_amount"] is None else float(row["quota_amount"]),
            "text": " · ".join(
                f"{words.kpi(column)} {words.figure(row, column)}" for column in columns if row[column] is not None
            ),
        }
        for row in rows
    ]
    labels = {"won": words.kpi("won_amount"), "quota": words.kpi("quota_amount")}
    return Chart(title, kind, {"values": values, "labels": labels}, table)
