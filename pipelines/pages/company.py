"""The page of the company: what a sales leader looks at on a Monday.

Belongs here: which figures stand on it, and what each chart says. Does not belong here: how a chart is drawn
(`pipelines.pages.charts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.pages.deals import Behind, Deals, forecast_place, forecast_places, funnel_places, linked
from pipelines.pages.model import (
    COMPANY,
    DEALS,
    Chart,
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
from pipelines.pages.parts import attainment_tile, deals_tile, months_chart, pace_tile, period_row, scorecard, tone
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import NOTHING, Shown, Words

_STEPS = (
    "opening", "created", "reopened", "increased", "decreased", "transferred_in", "transferred_out", "won", "lost",
    "closing",
)  # fmt: skip
_TAKEN_AWAY = {"decreased", "transferred_out", "won", "lost"}
_METHODS = ("submitted", "forecast", "projected")


def company_page(answers: Answers, deals: Deals, words: Words) -> Page:
    rows = answers.of("company")
    behind = deals.of_company()
    quarter = words.period("quarter", answers.periods["quarter"])
    sections = [
        Section("quarter", words.say("company_quarter", quarter=quarter), [*_tiles(rows, answers, words, behind)]),
        Section("months", words.say("months"), [*_months(rows, answers, words, behind)], wide=False),
        Section(
            "spread", words.say("spread"), [*_spread(rows["attainment_spread"], words, quarter, deals)], wide=False
        ),
        Section("forecast", words.say("forecast"), [*_forecast(rows, words, quarter)], words.say("forecast_intro")),
        Section("waterfall", words.say("waterfall"), [*_waterfall(rows["waterfall"], words)], wide=False),
        Section("funnel", words.say("funnel"), [*_funnel(rows, words)], wide=False),
        Section("teams", words.say("teams"), [*_teams(answers, words, deals)]),
        Section("scorecard", words.say("scorecard"), [scorecard(rows["company_scorecard"], answers, words, behind)]),
        Section("warnings", words.say("warnings"), [_warnings(rows["warnings"], words)]),
    ]
    title = words.say("company")
    kept = [section for section in sections if section.blocks]
    return Page(COMPANY, title, words.say("company_subtitle", quarter=quarter), kept, interactive=True)


def _tiles(rows: dict[str, list[Row]], answers: Answers, words: Words, behind: Behind) -> list[list[Tile]]:
    now = period_row(rows["company_scorecard"], "quarter", answers.periods["quarter"])
    before = period_row(rows["company_scorecard"], "quarter", answers.periods["last_quarter"])
    if now is None:
        return []
    expected = next(iter(rows["company_expected"]), None)
    pace = next(iter(rows["company_pace"]), None)

    def label(kpi: str) -> str | Link:
        href = behind.href(kpi, "quarter", answers.periods["quarter"])
        return Link(words.kpi(kpi), href) if href else words.kpi(kpi)

    tiles = [
        Tile(
            label("won_amount"),
            words.figure(now, "won_amount", short=True),
            words.say("of_quota", quota=words.figure(now, "quota_amount", short=True)),
        ),
        attainment_tile(words.kpi("attainment"), now, expected, words),
    ]
    if pace is not None:
        tiles.append(pace_tile("projected_amount", pace, words))
    tiles += [
        Tile(
            words.kpi("reached_quota_count"),
            words.figure(now, "reached_quota_count"),
            words.say("of_reps", count=words.figure(now, "quota_rep_count")),
        ),
        Tile(
            label("win_rate"),
            words.figure(now, "win_rate"),
            words.say("quarter_before", value=words.figure(before, "win_rate")) if before else "",
            tone=tone(now["win_rate"], before["win_rate"] if before else None),
        ),
        deals_tile(label("open_amount"), now, "open_amount", "open_count", words),
    ]
    return [tiles]


def _months(rows: dict[str, list[Row]], answers: Answers, words: Words, behind: Behind) -> list[Chart]:
    now = period_row(rows["company_scorecard"], "quarter", answers.periods["quarter"])
    if now is None or not rows["company_months"]:
        return []
    quarter = words.period("quarter", answers.periods["quarter"])
    return [months_chart(rows["company_months"], now, quarter, words, "months", behind)]


def _spread(rows: Sequence[Row], words: Words, quarter: str, deals: Deals) -> list[Chart]:
    if not rows:
        return []
    top, last = rows[0], rows[-1]
    title = words.say(
        "spread_title",
        low=words.figure(last, "attainment"),
        high=words.figure(top, "attainment"),
        quarter=quarter,
    )
    headings: list[Shown] = [
        words.say("rep"),
        words.say("team"),
        *map(words.kpi, ("attainment", "won_amount", "quota_amount")),
    ]
    table = Table(
        words.say("table_of_reps"),
        tuple(headings),
        [
            (
                Link(row["full_name"], rep_file(row["user_id"])),
                words.named("names", row["team"]),
                *(
                    deals.of_rep(row["user_id"]).figure(row, column, words)
                    for column in ("attainment", "won_amount", "quota_amount")
                ),
            )
            for row in rows
        ],
        (2, 3, 4),
        folded=True,
    )
    values = [
        {
            "rep": row["full_name"],
            "team": words.named("names", row["team"]),
            "attainment": row["attainment"],
            "text": str(words.figure(row, "attainment")),
            "page": rep_file(row["user_id"]),
        }
        for row in rows
        if row["attainment"] is not None
    ]
    labels = {"attainment": words.kpi("attainment"), "team": str(words.say("team")), "rep": str(words.say("rep"))}
    return [Chart(title, "spread", {"values": values, "labels": labels}, table)]


def _forecast(rows: dict[str, list[Row]], words: Words, quarter: str) -> list[Chart]:
    charts = []
    if snapshots := rows["forecast_snapshots"]:
        newest = snapshots[-1]
        figures = {
            "forecast": words.figure(newest, "forecast_amount", short=True),
            "projected": words.figure(newest, "projected_amount", short=True),
            "quarter": quarter,
            "day": words.day(newest["snapshot_on"]),
        }
        name = "forecast_title_no_yield" if newest["projected_amount"] is None else "forecast_title"
        columns = ("won_amount", "commit_amount", "best_case_amount", "forecast_amount", "projected_amount")
        in_table = (*columns[:3], "pipeline_amount", *columns[3:])
        places = {column: f"{DEALS}#{forecast_place(column)}" for column in forecast_places(rows["forecast_deals"])}
        table = Table(
            words.say("table_behind"),
            (words.say("snapshot"), words.kpi("weeks_left"), *map(words.kpi, in_table)),
            [
                (
                    words.day(row["snapshot_on"]),
                    str(row["weeks_left"]),
                    *(
                        linked(words.figure(row, column), places.get(column, "") if row is newest else "")
                        for column in in_table
                    ),
                )
                for row in snapshots
            ],
            tuple(range(1, 2 + len(in_table))),
            folded=True,
        )
        values = [
            {
                "day": words.day(row["snapshot_on"], "day_of_year"),
                **{column: None if row[column] is None else float(row[column]) for column in columns},
            }
            for row in snapshots
        ]
        labels = {column: words.kpi(column) for column in columns}
        charts.append(Chart(words.say(name, **figures), "forecast", {"values": values, "labels": labels}, table))
    accuracy = [row for row in rows["forecast_accuracy"] if row["method"] in _METHODS]
    if accuracy:
        weeks = rows["forecast_snapshots"][-1]["weeks_left"] if rows["forecast_snapshots"] else 0
        at_hand = [row for row in accuracy if row["weeks_left"] == weeks] or accuracy
        best = min(at_hand, key=lambda row: row["wape"])
        title = words.say(
            "accuracy_title",
            method=words.named("methods", best["method"]),
            wape=words.figure(best, "wape"),
            weeks=str(best["weeks_left"]),
            periods=words.figure(best, "period_count"),
        )
        by_weeks: dict[int, dict[str, Row]] = {}
        for row in rows["forecast_accuracy"]:
            by_weeks.setdefault(row["weeks_left"], {})[row["method"]] = row
        methods = sorted({row["method"] for row in rows["forecast_accuracy"]})
        table = Table(
            words.say("table_of_errors"),
            (words.kpi("weeks_left"), *(words.named("methods", method) for method in methods)),
            [
                (
                    str(weeks_left),
                    *(words.figure(of[method], "wape") if method in of else NOTHING for method in methods),
                )
                for weeks_left, of in by_weeks.items()
            ],
            tuple(range(1 + len(methods))),
            folded=True,
        )
        values = [
            {"weeks": row["weeks_left"], "method": words.named("methods", row["method"]), "error": row["wape"]}
            for row in accuracy
        ]
        labels = {"weeks": words.kpi("weeks_left"), "error": words.kpi("wape")}
        order = [words.named("methods", method) for method in _METHODS]
        charts.append(Chart(title, "accuracy", {"values": values, "labels": labels, "order": order}, table))
    return charts


def _waterfall(rows: Sequence[Row], words: Words) -> list[Chart]:
    if not rows:
        return []
    newest = rows[-1]
    went = "fell" if newest["closing"] < newest["opening"] else "rose"
    title = words.say(
        f"waterfall_title_{went}",
        opening=words.figure(newest, "opening", short=True),
        closing=words.figure(newest, "closing", short=True),
        month=words.month(newest["month"]),
    )
    steps = [step for step in _STEPS if step in ("opening", "closing") or any(row[step] for row in rows)]
    table = Table(
        words.say("table_behind"),
        (words.say("month"), *(words.named("steps", step) for step in steps)),
        [(words.month(row["month"]), *(words.figure(row, step) for step in steps)) for row in reversed(rows)],
        tuple(range(1, 1 + len(steps))),
        folded=True,
    )
    values = []
    level = 0.0
    for step in steps:
        size = float(newest[step])
        if step in ("opening", "closing"):
            start, level = 0.0, size
        else:
            start, level = level, level + (-size if step in _TAKEN_AWAY else size)
        kind = "level" if step in ("opening", "closing") else "less" if step in _TAKEN_AWAY else "more"
        text = str(words.figure(newest, step, short=True))
        values.append({"step": words.named("steps", step), "from": start, "to": level, "kind": kind, "text": text})
    return [Chart(title, "waterfall", {"values": values, "labels": {}}, table)]


def _funnel(rows: dict[str, list[Row]], words: Words) -> list[Chart]:
    charts = []
    places = funnel_places(rows["funnel_deals"])
    for pipeline in dict.fromkeys(row["pipeline"] for row in rows["funnel"]):
        stages = [row for row in rows["funnel"] if row["pipeline"] == pipeline]
        narrow = next((row for row in stages if row["is_bottleneck"]), None)
        said = narrow or stages[0]
        title = words.say(
            "funnel_title_bottleneck" if narrow else "funnel_title",
            stage=said["stage"],
            pipeline=pipeline,
            rate=words.figure(said, "conversion_rate"),
            reached=words.figure(said, "reached_count"),
            month=words.month(said["cohort_month"]),
        )
        columns = (
            "reached_count",
            "advanced_count",
            "lost_count",
            "open_count",
            "conversion_rate",
            "median_days_to_advance",
        )
        table = Table(
            words.say("table_behind"),
            (words.say("stage"), *map(words.kpi, columns), ""),
            [
                (
                    row["stage"],
                    *(
                        linked(words.figure(row, column), f"{DEALS}#{place}" if place else "")
                        for column in columns
                        for place in [places.get((pipeline, row["stage"], column))]
                    ),
                    words.say("bottleneck") if row["is_bottleneck"] else "",
                )
                for row in stages
            ],
            tuple(range(1, 1 + len(columns))),
            folded=True,
        )
        values = [
            {
                "stage": row["stage"],
                "reached": row["reached_count"],
                "advanced": row["advanced_count"],
                "kind": "narrow" if row["is_bottleneck"] else "stage",
                "text": " · ".join(
                    str(part)
                    for part in (
                        words.figure(row, "conversion_rate"),
                        words.figure(row, "median_days_to_advance"),
                    )
                    if part != NOTHING
                ),
            }
            for row in stages
        ]
        charts.append(Chart(title, "funnel", {"values": values, "labels": {}}, table))
    return charts


def _teams(answers: Answers, words: Words, deals: Deals) -> list[Table]:
    quarter = answers.periods["quarter"]
    rows = [
        row
        for row in answers.rows["team_scorecard"]
        if row["period_type"] == "quarter" and row["period_start"] == quarter
    ]
    if not rows:
        return []
    columns = ("attainment", "won_amount", "quota_amount", "win_rate", "open_amount", "rep_count")
    return [
        Table(
            "",
            (words.say("team"), "", *map(words.kpi, columns)),
            [
                (
                    Link(words.named("names", row["team"]), team_file(row["team"])),
                    "" if row["attainment"] is None else Meter(row["attainment"]),
                    *(deals.of_team(row["team"]).figure(row, column, words) for column in columns),
                )
                for row in sorted(rows, key=lambda row: (row["bookings_rank"], row["team"]))
            ],
            tuple(range(2, 2 + len(columns))),
        )
    ]


def _warnings(rows: Sequence[Row], words: Words) -> Table | Notes:
    if not rows:
        return Notes([("good", "", words.say("no_warnings"))])
    return Table(
        "",
        (words.say("entity"), words.say("rows"), words.say("meaning")),
        [(row["entity"], words.figure(row, "row_count"), row["description"]) for row in rows],
        (1,),
    )
