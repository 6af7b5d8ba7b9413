"""The pages on the data: how fresh they are, what the gates said, what was published; and what each KPI means.

Belongs here: which figures stand on them. Does not belong here: judging data (`expectations`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pipelines.pages.model import COMPANY, DATA, DEFINITIONS, Block, Cell, Link, Notes, Page, Section, Table
from pipelines.pages.rows import Answers, Row
from pipelines.pages.words import Words


class Published(NamedTuple):
    """An earlier version that is kept. Moments are in UTC."""

    number: int
    published_at: datetime
    as_of: datetime
    row_count: int


def data_page(answers: Answers, history: Sequence[Published], words: Words) -> Page:
    rows = answers.of("data")
    sections = [
        Section(
            "freshness", words.say("freshness"), _freshness(rows["freshness"], words), words.say("freshness_intro")
        ),
        Section("gates", words.say("gates"), _gates(rows, words), words.say("gates_intro")),
        Section(
            "quarantine", words.say("quarantine"), _quarantine(rows["quarantine"], words), words.say("quarantine_intro")
        ),
        Section("published", words.say("published"), _published(rows["publication"], history, words)),
    ]
    path = [Link(words.say("company"), COMPANY)]
    return Page(DATA, words.say("data"), words.say("data_subtitle"), [each for each in sections if each.blocks], path)


def definitions_page(answers: Answers, words: Words) -> Page:
    """A section for each family of KPIs; each KPI has its name as the id of its row."""
    sections = []
    families: dict[str, list[Row]] = {}
    for row in answers.rows["catalogue"]:
        families.setdefault(row["family"], []).append(row)
    for family, rows in families.items():
        blocks: list[Block] = [
            Table(
                "",
                (
                    words.say("kpi"),
                    words.say("meaning"),
                    words.say("formula"),
                    words.say("better"),
                    words.say("column"),
                ),
                [
                    (
                        words.kpi(row["kpi"]),
                        words.figure(row, "meaning", "text"),
                        words.figure(row, "formula", "text"),
                        words.named("better_words", row["better"]),
                        f"{row['table_name']}.{row['column_name']}",
                    )
                    for row in rows
                ],
                ids=tuple(row["kpi"] for row in rows),
            )
        ]
        sections.append(Section(f"family-{family}", words.named("families", family), blocks))
    path = [Link(words.say("company"), COMPANY)]
    return Page(DEFINITIONS, words.say("definitions"), words.say("definitions_subtitle"), sections, path)


def _freshness(rows: Sequence[Row], words: Words) -> list[Block]:
    def is_late(row: Row) -> bool:
        return None not in (row["age_hours"], row["limit_hours"]) and row["age_hours"] > row["limit_hours"]

    def line(row: Row) -> tuple[Cell, ...]:
        state = (
            "late" if is_late(row) else "in_time" if row["limit_hours"] and row["age_hours"] is not None else "no_limit"
        )
        age = "–" if row["age_hours"] is None else words.text(row["age_hours"], "hours")
        columns = (words.figure(row, "last_event_at"), words.figure(row, "last_load_at"))
        return (row["dataset"], *columns, age, words.figure(row, "limit_hours"), words.named("states", state))

    headings = ("dataset", "last_event", "last_load", "age", "limit", "state")
    return [Table("", tuple(map(words.say, headings)), [line(row) for row in rows], (3, 4))] if rows else []


def _gates(rows: dict[str, list[Row]], words: Words) -> list[Block]:
    blocks: list[Block] = []
    if rows["gates"]:
        blocks.append(
            Table(
                "",
                tuple(map(words.say, ("gate", "severity", "state", "checks"))),
                [
                    (
                        words.named("gates_named", row["suite"]),
                        words.named("severities", row["severity"]),
                        words.named("states", "passed" if row["success"] else "failed"),
                        words.figure(row, "row_count"),
                    )
                    for row in rows["gates"]
                ],
                (3,),
            )
        )
    if rows["failed_checks"]:
        blocks.append(
            Table(
                words.say("failed_checks"),
                tuple(map(words.say, ("table", "check", "severity", "found", "wanted", "meaning"))),
                [
                    (
                        row["table_name"],
                        row["expectation"],
                        words.named("severities", row["severity"]),
                        words.figure(row, "observed", "text"),
                        row["expected"],
                        row["meaning"],
                    )
                    for row in rows["failed_checks"]
                ],
                (3,),
            )
        )
    return blocks


def _quarantine(rows: Sequence[Row], words: Words) -> list[Block]:
    if not rows:
        return [Notes([("good", "", words.say("no_quarantine"))])]
    return [
        Table(
            "",
            tuple(map(words.say, ("entity", "file", "rows", "reason"))),
            [(row["entity"], row["file"], words.figure(row, "row_count"), row["reason"]) for row in rows],
            (2,),
        )
    ]


def _published(rows: Sequence[Row], history: Sequence[Published], words: Words) -> list[Block]:
    if not rows:
        return []
    this = rows[0]
    versions: list[tuple[Cell, ...]] = [
        (
            words.figure(this, "version", "count"),
            words.figure(this, "published_at"),
            words.figure(this, "as_of", "moment"),
            words.number(sum(row["row_count"] for row in rows)),
        )
    ]
    versions += [
        (str(each.number), words.moment(each.published_at), words.moment(each.as_of), words.number(each.row_count))
        for each in sorted(history, key=lambda each: -each.number)
    ]
    headings = ("version", "published_at", "as_of", "rows")
    tables = [(row["table_name"], words.figure(row, "row_count")) for row in rows]
    return [
        Table(words.say("versions"), tuple(map(words.say, headings)), [*versions], (0, 3)),
        Table(words.say("tables"), tuple(map(words.say, ("table", "rows"))), [*tables], (1,), folded=True),
    ]
