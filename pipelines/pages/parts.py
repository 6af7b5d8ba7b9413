"""What several pages have in common: tiles of a quarter, the scorecard, the chart of months, a period's row.

Belongs here: parts of pages. Does not belong here: whole pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pipelines.pages.deals import Behind
from pipelines.pages.model import DEFINITIONS, Cell, Chart, Link, Meter, Table, Tile
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import NOTHING, Words

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


def definition(kpi: str, words: Words) -> str | Link:
    """A KPI's name, with a link to what it means; a goal may be on something that is no KPI."""
    return Link(words.kpi(kpi), f"{DEFINITIONS}#{kpi}") if kpi in words.units else words.kpi(kpi)


def attainment_tile(label: str | Link, now: Row, pace: Row | None, words: Words) -> Tile:
    """The attainment of a quarter, beside what is usual by now (`expected_rate` of `pace`)."""
    usual = None if pace is None else pace["expected_rate"]
    return Tile(
        label,
        words.figure(now, "attainment"),
        "" if pace is None else words.say("usual_by_now", usual=words.figure(pace, "expected_rate")),
        None if now["attainment"] is None else Meter(now["attainment"], usual),
        tone(now["attainment"], usual),
    )


def pace_tile(kpi: str, pace: Row, words: Words, href: str = "") -> Tile:
    """A figure of the pace to quota, beside what is still due, the deals of which stand at `href`."""
    due = words.say("due_still", due=words.figure(pace, "due_amount", short=True))
    return Tile(Link(words.kpi(kpi), href) if href else words.kpi(kpi), words.figure(pace, kpi, short=True), due)


def deals_tile(label: str | Link, now: Row, amount: str, count: str, words: Words) -> Tile:
    """What deals come to, and how many they are."""
    deals = words.say("deals_count", count=words.figure(now, count))
    return Tile(label, words.figure(now, amount, short=True), deals)


def scorecard(rows: Sequence[Row], answers: Answers, words: Words, behind: Behind) -> Table:
    """All KPIs that the rows have, beside each other for the periods that pages show."""
    periods = [(kind, answers.periods[name]) for kind, name in _PERIODS]
    shown = [(kind, start, period_row(rows, kind, start)) for kind, start in periods]
    kpis = [row["kpi"] for row in answers.rows["catalogue"] if rows and row["column_name"] in rows[0]]

    def cells(kpi: str) -> tuple[Cell, ...]:
        return tuple(NOTHING if row is None else behind.figure(row, kpi, words) for _, _, row in shown)

    return Table(
        "",
        (words.say("kpi"), *(words.period(kind, start) for kind, start, _ in shown)),
        [(definition(kpi, words), *cells(kpi)) for kpi in kpis],
        tuple(range(1, 1 + len(shown))),
    )


def months_chart(rows: Sequence[Row], now: Row, quarter: str, words: Words, kind: str, behind: Behind) -> Chart:
    """What was won month by month beside the quota, from rows in the order of time; `now` is the quarter's row."""
    title = words.say(
        "months_title_no_quota" if now["attainment"] is None else "months_title",
        won=words.figure(now, "won_amount", short=True),
        attainment=words.figure(now, "attainment"),
        quarter=quarter,
    )
    columns = ("won_amount", "quota_amount", "attainment")
    table = Table(
        words.say("table_behind"),
        (words.say("month"), *map(words.kpi, columns)),
        [
            (words.month(row["period_start"]), *(behind.figure(row, column, words) for column in columns))
            for row in rows
        ],
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
