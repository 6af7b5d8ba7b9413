"""The deals behind figures: the tables of them, and where in them the deals of a figure stand.

Belongs here: what is shown of deals, and links to them. Does not belong here: which deals count in which figure; the
catalogue of KPIs says it, and `pipelines/pages/queries/deals.sql` takes it from there.

A table has each deal once. Heads over its years, quarters and months say what the deals in them come to, and a figure
links to the head of its period. Of deals open now these are the periods in which they are due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from pipelines.pages.model import (
    COMPANY,
    DEALS,
    Cell,
    Deferred,
    Head,
    Link,
    Page,
    Section,
    Table,
    marked,
    rep_file,
    team_deals_file,
    team_file,
)
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import NOTHING, Shown, Words

# The kinds of figures that have deals behind them, with the column that they add up, and the day that is of interest.
BEHIND = {
    "won": ("won_amount", "closed_on"),
    "lost": ("lost_amount", "closed_on"),
    "open": ("open_amount", "close_date"),
    "created": ("created_amount", "first_state_on"),
}
# A mean over those of a kind that have the column at all.
_OF_SOME = {"avg_cycle_days": "won"}
_PERIODS = ("year", "quarter", "month")
# The figures of a forecast by the categories of the deals that they add up. A wider one stands over those within it.
_FORECAST = {
    "forecast_amount": (1, ("won", "commit")),
    "won_amount": (2, ("won",)),
    "commit_amount": (2, ("commit",)),
    "best_case_amount": (1, ("best_case",)),
    "pipeline_amount": (1, ("pipeline",)),
}
_OUTCOMES = ("advanced_count", "lost_count", "open_count")
# What of a stage's figures is about other deals than all that reached it.
_OF_OUTCOME = {**{outcome: outcome for outcome in _OUTCOMES}, "median_days_to_advance": "advanced_count"}
# More of a month are no reading matter: the greatest are shown, and what the others come to. A rep's page has all but
# what would make it too large to open, those of many reps what stands out.
MAX_DEALS_OF_REP, MAX_DEALS = 200, 50


@dataclass(frozen=True)
class Behind:
    """Where the deals of the company, a team or a rep stand. `file` is empty on the page that has them itself."""

    file: str
    places: frozenset[str]
    kinds: Mapping[str, tuple[str, ...]]
    periods: Mapping[str, date]

    def href(self, kpi: str, period_type: str, start: date) -> str:
        """The place of the deals behind a KPI of a period; empty where there are none to show."""
        for kind in self.kinds.get(kpi, ()):
            # They are known as they stand at the as-of moment alone.
            is_now = self.periods.get(period_type) == start
            place = _place(kind, period_type, start) if kind != "open" else kind if is_now else ""
            if place in self.places:
                return f"{self.file}#{place}"
        return ""

    def due(self, period_type: str, start: date) -> str:
        """The place of the open deals that are due in a period; empty where there are none."""
        place = _place("open", period_type, start)
        return f"{self.file}#{place}" if place in self.places else ""

    def figure(self, row: Row, kpi: str, words: Words) -> Cell:
        """A figure of a row of a period, with a link to the deals behind it."""
        return linked(words.figure(row, kpi), self.href(kpi, row["period_type"], row["period_start"]))


class Deals:
    """All deals of a version that are behind figures, and where they stand."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self._kinds = _kinds(answers.rows["catalogue"])
        self._reps = {row["user_id"] for row in answers.rows["rep_profile"]}
        # What stands in many lines is made once.
        self._once = cache(marked)
        self._named = cache(self._name)
        self._of_teams: dict[str, list[Row]] = defaultdict(list)
        stand: dict[tuple[str, str], set[tuple[Any, ...]]] = defaultdict(set)
        for row in answers.rows["deals"]:
            self._of_teams[row["team"]].append(row)
            at = (row["behind"], *[row[period] for period in _PERIODS])
            for whose in (("company", ""), ("team", row["team"]), ("rep", row["user_id"])):
                stand[whose].add(at)
        self._places = {
            whose: frozenset(place for kind, *starts in found for place in _places(kind, starts, answers.periods))
            for whose, found in stand.items()
        }

    def of_company(self) -> Behind:
        return self._behind(DEALS, ("company", ""))

    def of_team(self, team: str) -> Behind:
        return self._behind(team_deals_file(team), ("team", team))

    def of_rep(self, user_id: str, is_here: bool = False) -> Behind:
        """Those on the page of a rep; none where the rep has no page."""
        file = "" if is_here else rep_file(user_id)
        return self._behind(file, ("rep", user_id if user_id in self._reps else ""))

    def rep(self, row: Row) -> Cell:
        """The name of the rep of a row, with a link where there is a page."""
        return self._named(row["user_id"], row["full_name"])

    def _name(self, user_id: str | None, full_name: str) -> Cell:
        if user_id is None or user_id == "unassigned":
            return NOTHING
        return marked(linked(full_name, rep_file(user_id) if user_id in self._reps else ""))

    def company_page(self, words: Words) -> Page:
        sections = self._sections(self.answers.rows["deals"], words)
        if rows := self.answers.rows["forecast_deals"]:
            sections.append(self._forecast(rows, words))
        if rows := self.answers.rows["funnel_deals"]:
            sections.append(self._funnel(rows, words))
        return self._page(DEALS, words.say("deals"), sections, [Link(words.say("company"), COMPANY)], words)

    def team_page(self, team: str, words: Words) -> Page:
        name = words.named("names", team)
        path = [Link(words.say("company"), COMPANY), Link(name, team_file(team))]
        sections = self._sections(self._of_teams[team], words)
        return self._page(team_deals_file(team), words.say("deals_of", name=name), sections, path, words)

    def table(self, behind: str, rows: Sequence[Row], words: Words, *, with_rep: bool, anchor: str = "") -> Table:
        """The deals of one kind, by period, the greatest of each month first."""
        lines = _by_period(behind, rows, words, self.answers.periods, MAX_DEALS if with_rep else MAX_DEALS_OF_REP)
        return self.plain_table(
            behind,
            rows,
            words,
            words.say(f"deals_{behind}"),
            with_rep=with_rep,
            anchor=anchor,
            shown=lines.rows,
            heads=lines.heads,
        )

    def plain_table(
        self,
        behind: str,
        rows: Sequence[Row],
        words: Words,
        title: Shown,
        *,
        with_rep: bool = False,
        anchor: str = "",
        shown: Sequence[Row] | None = None,
        heads: Mapping[int, list[Head]] | None = None,
    ) -> Table:
        """Deals of one kind as they come; where others are `shown`, in their order with `heads`."""
        amount, day = BEHIND[behind]
        names: list[Shown] = [words.say("deal"), words.say("account"), *([words.say("rep")] if with_rep else [])]
        names.append(words.say("stage"))
        last: list[Shown] = []
        if behind == "won":
            last.append(words.kpi("cycle_days"))
        elif behind == "lost":
            last.append(words.say("loss_reason"))

        def line(row: Row) -> tuple[Cell, ...]:
            cells: list[Cell] = [row["name"], self._once(row["account_name"] or NOTHING)]
            if with_rep:
                cells.append(self.rep(row))
            cells += [self._once(row["stage"]), words.figure(row, day, "day"), words.figure(row, amount, "money")]
            if behind == "won":
                cells.append(words.figure(row, "cycle_days", "count"))
            elif behind == "lost":
                cells.append(self._once(row["loss_reason"] or NOTHING))
            return tuple(cells)

        def key(row: Row) -> tuple[Any, ...]:
            return row["line_hash"], row["user_id"] in self._reps

        return Table(
            words.say("deals_caption", title=title, count=words.number(len(rows))),
            (*names, words.kpi(day), words.kpi(amount), *last),
            Deferred(rows if shown is None else shown, line, key),
            (len(names) + 1, *([len(names) + 2] if behind == "won" else [])),
            anchor=anchor,
            heads=heads or {},
        )

    def _behind(self, file: str, whose: tuple[str, str]) -> Behind:
        return Behind(file, self._places.get(whose, frozenset()), self._kinds, self.answers.periods)

    def _sections(self, rows: Sequence[Row], words: Words) -> list[Section]:
        return [
            Section(kind, words.say(f"deals_{kind}"), [self.table(kind, of_kind, words, with_rep=True)])
            for kind, of_kind in by_kind(rows).items()
        ]

    def _forecast(self, rows: Sequence[Row], words: Words) -> Section:
        lines = _Lines()
        for column, (level, categories) in _FORECAST.items():
            of_figure = [row for row in rows if row["category"] in categories]
            if not of_figure:
                continue
            title = words.say("deals_in", period=words.kpi(column), count=words.number(len(of_figure)))
            lines.head(Head(level, title, _total(of_figure, "amount", words), forecast_place(column)))
            if len(categories) == 1:
                lines.add(of_figure, "amount", words)
        table = Table(
            "",
            (
                *(words.say(name) for name in ("deal", "account", "rep", "stage")),
                words.kpi("counted_on"),
                words.say("amount"),
            ),
            [
                (
                    row["name"],
                    row["account_name"] or NOTHING,
                    self.rep(row),
                    row["stage"],
                    words.figure(row, "counted_on"),
                    words.figure(row, "amount", "money"),
                )
                for row in lines.rows
            ],
            (5,),
            heads=lines.heads,
        )
        quarter = words.period("quarter", self.answers.periods["quarter"])
        title = words.say("deals_forecast", quarter=quarter, day=words.day(rows[0]["snapshot_on"]))
        return Section("forecast", title, [table])

    def _funnel(self, rows: Sequence[Row], words: Words) -> Section:
        tables = []
        for pipeline in dict.fromkeys(row["pipeline"] for row in rows):
            lines = _Lines()
            of_pipeline = [row for row in rows if row["pipeline"] == pipeline]
            for stage in dict.fromkeys(row["stage"] for row in of_pipeline):
                of_stage = [row for row in of_pipeline if row["stage"] == stage]
                title = words.say("deals_in", period=stage, count=words.number(len(of_stage)))
                lines.head(Head(1, title, anchor=_funnel_place(of_stage[0], "reached_count")))
                for outcome in _OUTCOMES:
                    of_outcome = [row for row in of_stage if row["outcome"] == outcome]
                    if of_outcome:
                        count = words.number(len(of_outcome))
                        title = words.say("deals_in", period=words.named("outcomes", outcome), count=count)
                        lines.head(Head(2, title, anchor=_funnel_place(of_outcome[0], outcome)))
                        lines.add(of_outcome, "", words)
            tables.append(
                Table(
                    words.say("deals_reached", pipeline=pipeline),
                    (
                        *(words.say(name) for name in ("deal", "account", "rep")),
                        words.kpi("reached_on"),
                        words.kpi("advanced_on"),
                    ),
                    [
                        (
                            row["name"],
                            row["account_name"] or NOTHING,
                            self.rep(row),
                            words.figure(row, "reached_on"),
                            words.figure(row, "advanced_on"),
                        )
                        for row in lines.rows
                    ],
                    heads=lines.heads,
                )
            )
        month = words.month(self.answers.periods["funnel_month"])
        return Section("funnel", words.say("deals_funnel", month=month), [*tables])

    def _page(self, file: str, title: Shown, sections: list[Section], path: list[Link], words: Words) -> Page:
        since = words.day(self.answers.periods["first_day"])
        return Page(file, title, words.say("deals_subtitle", since=since), sections, path)


class _Lines:
    """The rows of a table, with the heads over them; at `most` so many of those that are added at once."""

    def __init__(self, most: int = MAX_DEALS) -> None:
        self.most = most
        self.rows: list[Row] = []
        self.heads: dict[int, list[Head]] = defaultdict(list)

    def head(self, head: Head) -> None:
        self.heads[len(self.rows)].append(head)

    def add(self, rows: Sequence[Row], amount: str, words: Words) -> None:
        """The first of them, and what the others come to."""
        self.rows += rows[: self.most]
        if more := rows[self.most :]:
            title = words.say("deals_rest", count=words.number(len(more)))
            self.head(Head(_REST, title, _total(more, amount, words) if amount else ""))


# The level of what is no head of its own.
_REST = 4


def by_kind(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Deals by the kind of figures that they are behind; all kinds are there."""
    found: dict[str, list[Row]] = {kind: [] for kind in BEHIND}
    for row in rows:
        if row["behind"] in found:
            found[row["behind"]].append(row)
    return found


def forecast_place(column: str) -> str:
    """The place of the deals behind a figure of the forecast."""
    return f"forecast-{column}"


def forecast_places(rows: Iterable[Row]) -> frozenset[str]:
    """The columns of the forecast that have deals behind them."""
    categories = {row["category"] for row in rows}
    return frozenset(column for column, (_, of_figure) in _FORECAST.items() if categories & {*of_figure})


def funnel_places(rows: Iterable[Row]) -> dict[tuple[str, str, str], str]:
    """The place of the deals behind each figure of the funnel, by pipeline, stage and column."""
    found = {}
    for row in rows:
        stage = (row["pipeline"], row["stage"])
        for column in ("reached_count", "conversion_rate"):
            found[*stage, column] = _funnel_place(row, "reached_count")
        for column, outcome in _OF_OUTCOME.items():
            if outcome == row["outcome"]:
                found[*stage, column] = _funnel_place(row, outcome)
    return found


def linked(shown: Shown, href: str) -> Cell:
    """A text with its link; without one, where there is no place to link to, or nothing shown."""
    return Link(shown, href) if href and shown != NOTHING else shown


def _funnel_place(row: Row, figure: str) -> str:
    return f"funnel-{row['pipeline_key']}-{row['open_stage_number']}-{figure}"


def _place(kind: str, period_type: str, start: date) -> str:
    return f"{kind}-{period_type}-{start}"


def _kinds(catalogue: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """The kinds of deals that each KPI is made of: those of its parts where it has some, the last one first.

    A KPI some part of which has no published rows is not here.
    """
    by_name = {row["kpi"]: row for row in catalogue}

    def made_of(row: Row) -> tuple[Any, ...]:
        return tuple(row[column] for column in ("row_table", "row_filter", "row_rep", "row_day"))

    counts = {made_of(row): row["kpi"].removesuffix("_count") for row in catalogue if row["row_value"] == "1"}

    def leaves(kpi: str) -> list[str]:
        parts = by_name[kpi]["parts"] if kpi in by_name else None
        return [leaf for part in parts.split(",") for leaf in leaves(part)] if parts else [kpi]

    found = {}
    for kpi in by_name:
        rows = [by_name.get(leaf) for leaf in reversed(leaves(kpi))]
        if all(row is not None and row["row_table"] for row in rows):
            kinds = (counts.get(made_of(row)) for row in rows if row is not None)
            found[kpi] = tuple(dict.fromkeys(kind for kind in kinds if kind in BEHIND))
    return {**found, **{kpi: (kind,) for kpi, kind in _OF_SOME.items()}}


def _is_whole(kind: str, start: date, periods: Mapping[str, date]) -> bool:
    """Whether all deals of a period are here."""
    return kind == "open" or start >= periods["first_day"]


def _places(kind: str, starts: Sequence[date | None], periods: Mapping[str, date]) -> Iterator[str]:
    """The places of deals in the periods that start then, of `_PERIODS`."""
    yield kind
    for period, start in zip(_PERIODS, starts, strict=True):
        if start is not None and _is_whole(kind, start, periods):
            yield _place(kind, period, start)


def _by_period(behind: str, rows: Iterable[Row], words: Words, periods: Mapping[str, date], most: int) -> _Lines:
    """Rows by month, newest first; open ones by when they are due, the next first."""
    amount, _ = BEHIND[behind]
    by_month: dict[date, list[Row]] = defaultdict(list)
    undated: list[Row] = []
    for row in rows:
        (undated if row["month"] is None else by_month[row["month"]]).append(row)
    counts: dict[tuple[str, date], int] = defaultdict(int)
    sums: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for of_month in by_month.values():
        total = _sum(of_month, amount)
        for period in _PERIODS:
            counts[period, of_month[0][period]] += len(of_month)
            sums[period, of_month[0][period]] += total
    lines = _Lines(most)
    above: dict[str, date] = {}
    for _, of_month in sorted(by_month.items(), reverse=behind != "open"):
        for level, period in enumerate(_PERIODS, start=1):
            start = of_month[0][period]
            if above.get(period) != start:
                name = words.period(period, start)
                lines.head(
                    Head(
                        level,
                        words.say("deals_in", period=name, count=words.number(counts[period, start])),
                        words.text(sums[period, start], "money"),
                        _place(behind, period, start),
                    )
                    if _is_whole(behind, start, periods)
                    else Head(level, words.say("deals_in_part", period=name))
                )
                above[period] = start
        lines.add(of_month, amount, words)
    if undated:
        lines.head(Head(1, words.say("deals_undated"), _total(undated, amount, words)))
        lines.add(undated, amount, words)
    return lines


def _total(rows: Iterable[Row], amount: str, words: Words) -> str:
    return words.text(_sum(rows, amount), "money")


def _sum(rows: Iterable[Row], amount: str) -> Decimal:
    return sum((row[amount] for row in rows if row[amount] is not None), Decimal(0))
