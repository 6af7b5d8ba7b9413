"""`repline explain`: a figure, what it means, and the rows that it is made of, on the terminal.

Belongs here: how an explanation looks. Does not belong here: finding it (`pipelines.asking`).
"""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console

from pipelines.asking.catalogue import read_catalogue
from pipelines.asking.explaining import REP_NAME, VALUE, Explanation, explain
from pipelines.asking.people import find_who
from pipelines.asking.periods import period_named
from pipelines.asking.published import open_published
from pipelines.reports.tables import NOTHING, print_line, print_table
from pipelines.settings import Settings

_DIGITS = {"count": 0, "money": 2, "money_per_day": 2, "seconds": 0, "days": 1}


def show_explanation(
    settings: Settings,
    console: Console,
    metric: str,
    period: str,
    *,
    rep: str | None = None,
    team: str | None = None,
    limit: int | None = None,
) -> None:
    """Print what a figure of a rep, a team, or else the company is made of, at most `limit` rows of each part.

    Raises AskingError for what is not there, PublicationError where the published version cannot be read.
    """
    with open_published(settings) as published:
        catalogue = read_catalogue(published)
        asked = catalogue.named(metric)
        who = find_who(published, rep, team)
        _show(console, explain(published, catalogue, asked, period_named(published, period), who, limit=limit))


def _show(console: Console, explained: Explanation) -> None:
    metric, period = explained.metric, explained.period
    figure = _text(explained.figure, metric.unit)
    print_line(
        console,
        f"{metric.name} of {explained.who.name}, {period.name} ({period.start} to {period.end}): {figure}",
        "bold",
    )
    print_line(console, metric.meaning)
    print_line(console, f"= {metric.formula}")
    if explained.reason:
        print_line(console, f"Not listed row by row: {explained.reason}.")
    if explained.parts:
        for part in explained.parts:
            print_line(console, "")
            _show(console, part)
    elif not explained.reason:
        _show_rows(console, explained)


def _show_rows(console: Console, explained: Explanation) -> None:
    unit = explained.metric.unit
    made_of = explained.metric.rows
    names = list(explained.rows[0]) if explained.rows else []
    # Who and what fit into a line; the other columns are in the table itself.
    wanted = {"name", REP_NAME, made_of.day if made_of else None}
    shown = [name for number, name in enumerate(names) if number == 0 or name in wanted]
    if explained.who.kind == "rep" and REP_NAME in shown:
        shown.remove(REP_NAME)
    lines = [
        [*(NOTHING if row[name] is None else str(row[name]) for name in shown), _text(row[VALUE], unit)]
        for row in explained.rows
    ]
    number = f"{explained.row_count:,} {'row' if explained.row_count == 1 else 'rows'}"
    left_out = explained.row_count - len(explained.rows)
    if shown:
        print_line(console, "")
        how = "mean" if made_of and made_of.total == "mean" else "total"
        lines.append([f"{how} of {number}", *[""] * (len(shown) - 1), _text(explained.total, unit)])
        print_table(console, [*shown, VALUE], lines, right=[VALUE], emphasised=[len(lines) - 1])
    if left_out:
        print_line(console, f"{left_out:,} more rows are in the total and not shown; --limit 0 shows all.")
    if not explained.row_count:
        print_line(console, "There are no such rows.")


def _text(value: float | Decimal | None, unit: str) -> str:
    if value is None:
        return NOTHING
    if unit == "fraction":
        return f"{value * 100:,.1f} %"
    return f"{value:,.{_DIGITS[unit]}f}"
