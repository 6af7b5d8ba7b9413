"""The pages of teams and reps.

Belongs here: which figures stand on them. A page of a rep is made of that rep's rows alone, so that it holds nothing of
others but the medians and sums over peers that the marts put into them. Does not belong here: how it looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from pipelines.pages.deals import Behind, Deals, by_kind
from pipelines.pages.model import (
    COMPANY,
    Block,
    Link,
    Meter,
    Notes,
    Page,
    Section,
    Table,
    Tile,
    rep_file,
    team_file,
)
from pipelines.pages.parts import (
    attainment_tile,
    deals_tile,
    definition,
    months_chart,
    pace_tile,
    period_row,
    scorecard,
    tone,
)
from pipelines.pages.rows import Row
from pipelines.pages.words import NOTHING, Shown, Words

_STATEMENT = (
    "payable_amount", "credited_amount", "quota_amount", "credited_attainment", "tier_amount", "spiff_amount",
    "cap_amount", "clawback_amount",
)  # fmt: skip
_SLIPPAGE = ("due_amount", "won_amount", "lost_amount", "slipped_amount", "remaining_amount", "slippage_rate")


def team_page(team: str, rows: dict[str, list[Row]], deals: Deals, words: Words) -> Page:
    answers = deals.answers
    behind = deals.of_team(team)
    quarter = answers.periods["quarter"]
    now = period_row(rows["team_scorecard"], "quarter", quarter)
    before = period_row(rows["team_scorecard"], "quarter", answers.periods["last_quarter"])
    name = words.period("quarter", quarter)
    sections = [
        Section(
            "quarter",
            words.say("company_quarter", quarter=name),
            _tiles(now, before, None, words, behind),
        ),
        Section("months", words.say("months"), _months(rows["team_months"], now, name, words, behind)),
        Section("members", words.say("members"), _members(rows["team_members"], deals, words)),
        Section("focus", words.say("team_focus"), _team_focus(rows["team_focus"], words), words.say("focus_intro")),
        Section("capacity", words.say("capacity"), _capacity(rows["team_capacity"], words)),
        Section("scorecard", words.say("scorecard"), [scorecard(rows["team_scorecard"], answers, words, behind)]),
    ]
    return Page(
        team_file(team),
        words.named("names", team),
        words.say("team_subtitle", quarter=name),
        [section for section in sections if section.blocks],
        [Link(words.say("company"), COMPANY)],
    )


def rep_page(rows: dict[str, list[Row]], deals: Deals, words: Words) -> Page:
    """The page of the rep of whom all rows are; one of them is the profile."""
    [profile] = rows["rep_profile"]
    answers = deals.answers
    behind = deals.of_rep(profile["user_id"], is_here=True)
    quarter = answers.periods["quarter"]
    name = words.period("quarter", quarter)
    now = period_row(rows["rep_scorecard"], "quarter", quarter)
    before = period_row(rows["rep_scorecard"], "quarter", answers.periods["last_quarter"])
    pace = period_row(rows["rep_pace"], "quarter", quarter)
    sections = [
        Section(
            "quarter",
            words.say("company_quarter", quarter=name),
            _tiles(now, before, pace, words, behind),
        ),
        Section("digest", words.say("digest"), _digest(rows["rep_digest"], words), wide=False),
        Section("focus", words.say("focus"), _focus(rows, words), wide=False),
        Section("months", words.say("months"), _months(rows["rep_months"], now, name, words, behind)),
        Section("goals", words.say("goals"), _goals(rows["rep_goals"], words)),
        Section("commission", words.say("commission"), _commission(rows, words), words.say("commission_intro")),
        Section("slipping", words.say("slipping"), _slipping(rows, deals, words)),
        Section("conversations", words.say("conversations"), _conversations(rows, words)),
        Section("scorecard", words.say("scorecard"), [scorecard(rows["rep_scorecard"], answers, words, behind)]),
        Section("deals", words.say("deals_behind"), _deals(rows["deals"], deals, words)),
    ]
    role = words.named("roles", profile["role"]) if profile["role"] else ""
    team = words.named("names", profile["team"])
    return Page(
        rep_file(profile["user_id"]),
        profile["full_name"],
        " · ".join(filter(None, (role, team))),
        [section for section in sections if section.blocks],
        [Link(words.say("company"), COMPANY), Link(team, team_file(profile["team"]))],
    )


def _tiles(now: Row | None, before: Row | None, pace: Row | None, words: Words, behind: Behind) -> list[Block]:
    if now is None:
        return []
    start = now["period_start"]

    def label(kpi: str) -> str | Link:
        href = behind.href(kpi, "quarter", start)
        return Link(words.kpi(kpi), href) if href else definition(kpi, words)

    def than_before(kpi: str) -> Shown:
        return words.say("quarter_before", value=words.figure(before, kpi, short=True)) if before else ""

    tiles = [
        Tile(
            label("won_amount"),
            words.figure(now, "won_amount", short=True),
            words.say("of_quota", quota=words.figure(now, "quota_amount", short=True))
            if now["quota_amount"] is not None
            else than_before("won_amount"),
        )
    ]
    if now["attainment"] is not None:
        tiles.append(attainment_tile(definition("attainment", words), now, pace, words))
    if pace is not None:
        tiles.append(pace_tile("gap_amount", pace, words, behind.due("quarter", start)))
    tiles += [
        Tile(
            label("win_rate"),
            words.figure(now, "win_rate"),
            than_before("win_rate"),
            tone=tone(now["win_rate"], before["win_rate"] if before else None),
        ),
        deals_tile(label("open_amount"), now, "open_amount", "open_count", words),
        deals_tile(label("created_amount"), now, "created_amount", "created_count", words),
        Tile(
            definition("connected_calls", words),
            words.figure(now, "connected_calls"),
            words.say("of_calls", count=words.figure(now, "outbound_calls")),
        ),
    ]
    return [tiles]


def _months(rows: Sequence[Row], now: Row | None, quarter: str, words: Words, behind: Behind) -> list[Block]:
    if now is None or not any(row["won_amount"] or row["quota_amount"] for row in rows):
        return []
    return [months_chart(rows, now, quarter, words, "columns", behind)]


def _members(rows: Sequence[Row], deals: Deals, words: Words) -> list[Block]:
    if not rows:
        return []
    columns = ("attainment", "won_amount", "win_rate", "created_amount", "open_amount", "connected_calls")
    return [
        Table(
            "",
            (words.say("rep"), words.say("role"), "", *map(words.kpi, columns)),
            [
                (
                    Link(row["full_name"], rep_file(row["user_id"])),
                    words.named("roles", row["role"]),
                    "" if row["attainment"] is None else Meter(row["attainment"]),
                    *(deals.of_rep(row["user_id"]).figure(row, column, words) for column in columns),
                )
                for row in rows
            ],
            tuple(range(3, 3 + len(columns))),
        )
    ]


def _team_focus(rows: Sequence[Row], words: Words) -> list[Block]:
    if not rows:
        return []
    return [
        Table(
            "",
            (words.say("rep"), words.say("focus"), words.kpi("cost_amount"), words.say("evidence")),
            [
                (
                    Link(row["full_name"], f"{rep_file(row['user_id'])}#focus"),
                    row["focus"],
                    words.figure(row, "cost_amount"),
                    words.figure(row, "evidence", "text"),
                )
                for row in rows
            ],
            (2,),
        )
    ]


def _capacity(rows: Sequence[Row], words: Words) -> list[Block]:
    if not rows:
        return []
    columns = ("rep_count", "ramped_rep_count", "attainment", "utilisation", "open_per_rep", "reps_needed")
    return [
        Table(
            "",
            (words.say("month"), *map(words.kpi, columns)),
            [(words.month(row["month"]), *(words.figure(row, column) for column in columns)) for row in rows],
            tuple(range(1, 1 + len(columns))),
        )
    ]


def _digest(rows: Sequence[Row], words: Words) -> list[Block]:
    if not rows:
        return []

    def item(row: Row) -> tuple[str, str, Shown]:
        kind = "good" if row["position"].startswith("strength") else "try"
        return kind, words.named("positions", kind), words.figure(row, "sentence", "text")

    return [Notes([item(row) for row in rows])]


def _focus(rows: dict[str, list[Row]], words: Words) -> list[Block]:
    blocks: list[Block] = [
        Notes([("", words.period("quarter", row["quarter_start"]), words.figure(row, "evidence", "text"))])
        for row in rows["rep_focus"]
        if row["evidence"]
    ]
    if skills := rows["rep_skills"]:
        columns = ("mean_score", "peer_mean_score", "review_count")
        blocks.append(
            Table(
                words.say("skills", quarter=words.period("quarter", skills[0]["quarter_start"])),
                (words.say("skill"), *map(words.kpi, columns)),
                [(row["criterion"], *(words.figure(row, column) for column in columns)) for row in skills],
                (1, 2, 3),
            )
        )
    return blocks


def _goals(rows: Sequence[Row], words: Words) -> list[Block]:
    if not rows:
        return []

    def line(row: Row) -> tuple[Shown | Link | Meter, ...]:
        unit = words.unit(row["metric"])
        return (
            definition(row["metric"], words),
            f"{words.day(row['period_start'])} – {words.day(row['period_end'])}",
            words.figure(row, "target", unit),
            words.figure(row, "actual", unit),
            "" if row["progress"] is None else Meter(row["progress"], row["elapsed_rate"]),
            words.figure(row, "progress"),
            words.named("statuses", row["status"]),
        )

    headings = ("goal", "days", "target", "actual", "", "progress", "status")
    titles = tuple(words.say(f"goal_{heading}") if heading else "" for heading in headings)
    return [Table("", titles, [line(row) for row in rows], (2, 3, 5))]


def _commission(rows: dict[str, list[Row]], words: Words) -> list[Block]:
    statements = rows["rep_statements"]
    if not statements:
        return []

    blocks: list[Block] = [
        Table(
            words.say("statements"),
            (words.say("pay_period"), words.say("plan"), *map(words.kpi, _STATEMENT)),
            [
                (_pay_period(row, words), row["plan_id"], *(_paid(row, column, words) for column in _STATEMENT))
                for row in statements
            ],
            tuple(range(2, 2 + len(_STATEMENT))),
        )
    ]
    names = {(row["plan_id"], row["pay_period_start"]): row for row in statements}
    lines = groupby(rows["rep_commission"], key=lambda row: (row["plan_id"], row["pay_period_start"]))
    columns = ("credited_amount", "rate", "commission_amount")
    for key, of_period in lines:
        statement = names[key]
        blocks.append(
            Table(
                words.say(
                    "lines_of",
                    period=_pay_period(statement, words),
                    plan=statement["plan_id"],
                    amount=_paid(statement, "payable_amount", words),
                ),
                (
                    words.say("line"),
                    words.say("day_heading"),
                    words.say("component"),
                    words.say("deal"),
                    *map(words.kpi, columns),
                ),
                [
                    (
                        str(row["line_number"]),
                        words.day(row["counted_on"]),
                        words.named("components", row["component"]),
                        row["opportunity_name"] or row["opportunity_id"] or NOTHING,
                        *(_paid(row, column, words) for column in columns),
                    )
                    for row in of_period
                ],
                (4, 5, 6),
                folded=True,
            )
        )
    return blocks


def _paid(row: Row, column: str, words: Words) -> Shown:
    """A figure of pay, which is to the cent."""
    return words.figure(row, column, "cents" if column.endswith("_amount") else "")


def _pay_period(row: Row, words: Words) -> str:
    start, end = row["pay_period_start"], row["pay_period_end"]
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    return words.period({1: "month", 3: "quarter"}.get(months, "year"), start)


def _slipping(rows: dict[str, list[Row]], deals: Deals, words: Words) -> list[Block]:
    blocks: list[Block] = []
    today = deals.answers.periods["as_of_day"]
    late = [row for row in rows["deals"] if row["behind"] == "open" and row["close_date"] and row["close_date"] < today]
    if late:
        blocks.append(deals.plain_table("open", late, words, words.say("late_deals"), anchor="late"))
    if rows["rep_slippage"]:
        blocks.append(
            Table(
                words.say("slippage"),
                (words.say("quarter_heading"), *(words.named("slippage_columns", column) for column in _SLIPPAGE)),
                [
                    (
                        words.period("quarter", row["period_start"]),
                        *(words.figure(row, column) for column in _SLIPPAGE),
                    )
                    for row in rows["rep_slippage"]
                ],
                tuple(range(1, 1 + len(_SLIPPAGE))),
            )
        )
    return blocks


def _conversations(rows: dict[str, list[Row]], words: Words) -> list[Block]:
    if not rows["rep_conversations"]:
        return []
    columns = ("call_count", "talk_ratio", "longest_monologue_seconds", "patience_seconds", "switches_per_minute")
    return [
        Table(
            "",
            (words.say("month"), *map(words.kpi, columns)),
            [
                (words.month(row["month"]), *(words.figure(row, column) for column in columns))
                for row in rows["rep_conversations"]
            ],
            tuple(range(1, 1 + len(columns))),
        )
    ]


def _deals(rows: Sequence[Row], deals: Deals, words: Words) -> list[Block]:
    return [
        deals.table(kind, of_kind, words, with_rep=False, anchor=kind)
        for kind, of_kind in by_kind(rows).items()
        if of_kind
    ]
