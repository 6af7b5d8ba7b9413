"""The deals behind the figures of a quarter: of the company, of a team, of a rep.

Belongs here: which deals are shown and what of them. Does not belong here: which deals count in which figure
(`pipelines/pages/queries/deals.sql`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.pages.model import COMPANY, DEALS, Cell, Link, Page, Section, Table, rep_file, team_deals_file, team_file
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import NOTHING, Shown, Words

# The figures that have deals behind them, with the column that they add up, and the day that is of interest.
BEHIND = {
    "won": ("won_amount", "closed_on"),
    "lost": ("lost_amount", "closed_on"),
    "open": ("open_amount", "close_date"),
    "created": ("created_amount", "first_state_on"),
}
# A table beyond this is no reading matter; the greatest are shown, and it says that there are more.
MAX_DEALS = 500


def company_deals_page(answers: Answers, words: Words) -> Page:
    path = [Link(words.say("company"), COMPANY)]
    return _page(DEALS, words.say("deals"), answers.rows["deals"], answers, words, path)


def team_deals_pages(answers: Answers, teams: Sequence[str], words: Words) -> list[Page]:
    of_teams: dict[str, list[Row]] = {team: [] for team in teams}
    for row in answers.rows["deals"]:
        of_teams.setdefault(row["team"], []).append(row)
    return [
        _page(
            team_deals_file(team),
            words.say("deals_of", name=words.named("names", team)),
            of_teams[team],
            answers,
            words,
            [Link(words.say("company"), COMPANY), Link(words.named("names", team), team_file(team))],
        )
        for team in teams
    ]


def deals_table(
    behind: str,
    rows: Sequence[Row],
    words: Words,
    title: Shown,
    *,
    with_rep: bool,
    folded: bool = False,
    anchor: str = "",
) -> Table:
    """The deals of one kind of figure, the greatest first."""
    amount, day = BEHIND[behind]
    count = words.number(len(rows))
    name = "deals_caption" if len(rows) <= MAX_DEALS else "deals_caption_cut"
    headings: list[Shown] = [words.say("deal"), words.say("account")]
    headings += [words.say("rep")] if with_rep else []
    headings += [words.say("stage"), words.kpi(day), words.kpi(amount)]
    headings += [words.kpi("cycle_days")] if behind == "won" else [words.say("loss_reason")] if behind == "lost" else []

    def line(row: Row) -> tuple[Cell, ...]:
        cells: list[Cell] = [row["name"], row["account_name"] or NOTHING]
        if with_rep:
            is_known = row["user_id"] not in (None, "unassigned")
            cells.append(Link(row["full_name"], rep_file(row["user_id"])) if is_known else NOTHING)
        cells += [row["stage"], words.figure(row, day), words.figure(row, amount)]
        if behind == "won":
            cells.append(words.figure(row, "cycle_days", "count"))
        elif behind == "lost":
            cells.append(row["loss_reason"] or NOTHING)
        return tuple(cells)

    numbers = [
        position for position, heading in enumerate(headings) if str(heading) in map(words.kpi, (amount, "cycle_days"))
    ]
    return Table(
        words.say(name, title=title, count=count, shown=words.number(MAX_DEALS)),
        tuple(headings),
        [line(row) for row in rows[:MAX_DEALS]],
        tuple(numbers),
        folded=folded,
        anchor=anchor,
    )


def _page(file: str, title: Shown, rows: Sequence[Row], answers: Answers, words: Words, path: list[Link]) -> Page:
    quarter = words.period("quarter", answers.periods["quarter"])
    sections = []
    for kind in BEHIND:
        of_kind = [row for row in rows if row["behind"] == kind]
        table = deals_table(kind, of_kind, words, words.say(f"deals_{kind}"), with_rep=True)
        sections.append(Section(kind, words.say(f"deals_{kind}"), [table]))
    return Page(file, title, words.say("deals_subtitle", quarter=quarter), sections, path)
