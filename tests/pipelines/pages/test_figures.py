"""Every figure of the pages is the one of the marts that its mark names, and is written as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import duckdb
import pytest

from pipelines.pages.deals import MAX_DEALS, MAX_DEALS_OF_REP, Deals
from pipelines.pages.model import rep_file
from pipelines.pages.rows import read
from pipelines.pages.words import words_for
from tests.pipelines.pages.conftest import Published


class Mark(NamedTuple):
    """A figure of a page: the mart's column, the key of its row, the value, and the text that people read."""

    name: str
    key: str
    value: str
    text: str


class _Marks(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Mark] = []
        self._open: dict[str, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            self._open, self._text = {name: value or "" for name, value in attrs}, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "data" and self._open is not None:
            self.found.append(Mark(self._open["data-figure"], self._open["data-key"], self._open["value"], self._text))
            self._open = None


def marks(page: Path) -> list[Mark]:
    parser = _Marks()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def figures_of(marts: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...]) -> dict[tuple[str, ...], Any]:
    """A figure of all rows, by the texts of the columns of their key."""
    parts = re.fullmatch(r"(?:(sum|count)\()?([\w.]+?)(?:\.(\w+))?\)?", name)
    assert parts is not None
    function, table, column = parts.groups()
    if function == "count":
        table, figure = f"{table}.{column}", "count(*)"
    elif function == "sum":
        # What is a double in a mart is added up in cents.
        exact = f"CAST({column} AS DECIMAL(18, 2))" if column == "projected_amount" else column
        figure = f"sum({exact})"
    else:
        figure = f"any_value({column})"  # a key names one row, or rows that are alike in it
    place = f"marts.{table}" if "." not in table else f"warehouse.{table}"
    key = ", ".join(columns)
    rows = marts.execute(
        f"SELECT {key}, {figure}, count(DISTINCT {column or 1}) FROM {place} GROUP BY {key}"
    ).fetchall()
    if not function:
        assert {row[-1] for row in rows} <= {0, 1}, f"the key of {name} names several rows"
    return {tuple(map(_plain, row[:-2])): row[-2] for row in rows}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_same(text: str, value: Any) -> bool:
    if isinstance(value, bool | str | date):
        return text == (_plain(value).lower() if isinstance(value, bool) else _plain(value))
    return value is not None and Decimal(text) == Decimal(str(value))


def _is_told(mark: Mark) -> bool:
    """Whether a number is within what its text rounds."""
    said = re.fullmatch(r"([−-]?)([\d,]+)(?:\.(\d+))?(?:\s?(%|M|h|.*))?", mark.text)
    assert said is not None, mark
    sign, whole, part, unit = said.groups()
    scale = {"%": 0.01, "M": 1e6}.get(unit, 3600.0 if unit == "h" and "seconds" in mark.name else 1.0)
    read = float(f"{'-' if sign else ''}{whole.replace(',', '')}.{part or 0}") * scale
    return abs(read - float(mark.value)) <= 0.5000001 * scale * 10 ** -len(part or "")


def test_every_figure_is_that_of_the_marts(published: Published, marts: duckdb.DuckDBPyConnection) -> None:
    by_figure: dict[tuple[str, tuple[str, ...]], set[tuple[tuple[str, ...], str]]] = defaultdict(set)
    count = 0
    for page in published.pages:
        for mark in marks(page):
            columns, values = zip(*parse_qsl(mark.key, keep_blank_values=True), strict=True)
            by_figure[mark.name, columns].add((values, mark.value))
            count += 1
    assert count > 2000
    for (name, columns), shown in by_figure.items():
        known = figures_of(marts, name, columns)
        for key, value in shown:
            assert key in known, f"{name} of {key} is in no mart"
            assert _is_same(value, known[key]), f"{name} of {key} is {known[key]!r}, the page has {value}"
    tables = {re.sub(r"^\w+\(", "", name).split(".")[0] for name, _ in by_figure}
    assert {
        "kpi_company_scorecard", "kpi_quota_pace", "kpi_forecast", "kpi_forecast_accuracy", "kpi_pipeline_waterfall",
        "kpi_stage_funnel", "kpi_team_scorecard", "kpi_rep_scorecard", "kpi_rep_digest", "kpi_goal_progress",
        "kpi_commission_statement", "fct_commission", "kpi_coaching_focus", "kpi_slippage", "fct_opportunity",
        "data_quality_warnings", "dataset_freshness", "publication", "kpi_catalogue", "quality", "raw",
    } <= tables  # fmt: skip


def test_numbers_are_read_as_they_are(published: Published) -> None:
    told = [mark for page in published.pages for mark in marks(page) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", mark.value)]
    assert told
    assert [mark for mark in told if not _is_told(mark)] == []


def test_the_deals_behind_a_figure_add_up_to_it(published: Published) -> None:
    """Of the company, each team and each rep: a figure links to the deals that it is made of, and to no others."""
    texts = {page.name: page.read_text(encoding="utf-8") for page in published.pages}
    linked: set[str] = set()
    for name, text in texts.items():
        for file, place, value, figure, key in re.findall(
            r'<a href="([^"#]*)#([^"]+)"><data value="([^"]+)" data-figure="([^"]+)" data-key="([^"]+)">', text
        ):
            rows = deals_at(texts[file or name], place)
            column = figure.rpartition(".")[2].rstrip(")")
            match column.split("_"):
                case ["avg", *_]:
                    listed = values_in(rows, "cycle_days" if column == "avg_cycle_days" else "won_amount")
                    assert float(sum(listed) / len(listed)) == pytest.approx(float(value)), (name, figure, key)
                case ["win", "rate", *_] | ["attainment"] | ["conversion", *_] | ["median", *_]:
                    assert rows, (name, figure, key)
                case [*_, "amount"]:
                    listed = values_in(rows, "amount" if place.startswith("forecast-") else column)
                    assert sum(listed) == Decimal(value), (name, figure, key)
                case [*_, "count"]:
                    assert len(rows) == int(value), (name, figure, key)
                case _:
                    raise AssertionError(f"{name} has deals behind {figure}, of which no test knows what it is made of")
            linked.add(column)
    assert linked >= {"won_count", "lost_amount", "created_count", "open_amount", "win_rate", "avg_won_amount"}
    assert linked >= {"forecast_amount", "best_case_amount", "reached_count", "advanced_count", "conversion_rate"}


def test_what_has_deals_behind_it_links_to_them(published: Published) -> None:
    """All of a scorecard that is made of deals, but what is 0 and what was open when a period ended."""
    kpis = (
        "won_count", "won_amount", "lost_count", "lost_amount", "created_count", "created_amount", "win_rate",
        "win_rate_amount", "avg_won_amount", "avg_cycle_days", "attainment", "open_count", "open_amount",
    )  # fmt: skip
    found = 0
    for page in [published.site / "index.html", *published.site.glob("team-*"), *published.site.glob("rep-*")]:
        scorecard = page.read_text(encoding="utf-8").partition('<section id="scorecard"')[2].partition("</section>")[0]
        for link, value, kpi, key in re.findall(
            r'(<a href="[^"]+">)?<data value="([^"]+)" data-figure="kpi_\w+_scorecard\.(\w+)" data-key="([^"]+)"',
            scorecard,
        ):
            was_open = kpi.startswith("open_") and "period_start=2025-07-01" in key
            if kpi in kpis and Decimal(value) and not was_open:
                assert link, (page.name, kpi, key)
                found += 1
    assert found > 50


def values_in(rows: list[str], column: str) -> list[Decimal]:
    """The figures of a column in rows of a page."""
    return [Decimal(value) for row in rows for value in re.findall(rf'value="(\S+)" data-figure="\S+\.{column}"', row)]


def deals_at(text: str, place: str) -> list[str]:
    """The rows of deals at a place of a page: under a head those up to the next one of its level, else of a table."""
    at = text.index(f' id="{place}"')
    element, rows = text[text.rindex("<", 0, at) : at], text[at : text.index("</tbody>", at)]
    level = element.removeprefix('<tr class="level-')[:1]
    rows = re.split(rf'<tr class="level-[1-{level}]"', rows)[0] if level.isdigit() else rows.partition("<tbody>")[2]
    return re.findall(r"<tr>.*?</tr>", rows, re.DOTALL)


@pytest.mark.parametrize(("with_rep", "most"), [(True, MAX_DEALS), (False, MAX_DEALS_OF_REP)])
def test_what_is_too_long_to_read_is_summed_up(
    published: Published, marts: duckdb.DuckDBPyConnection, with_rep: bool, most: int
) -> None:
    answers = read(marts)
    assert answers is not None
    words = words_for(answers, "en", "USD")
    row = next(row for row in answers.rows["deals"] if row["behind"] == "won" and row["won_amount"])
    table = Deals(answers).table("won", [row] * (most + 7), words, with_rep=with_rep)
    assert len([*table.rows]) == most
    heads = [head for position in table.heads for head in table.heads[position]]
    assert [head.level for head in heads] == [1, 2, 3, 4]
    assert str(heads[2].title).endswith(f": {most + 7} deals")
    assert str(heads[3].title) == "and 7 more"
    assert heads[3].total == words.text(7 * row["won_amount"], "money")


def test_a_rep_page_holds_nothing_of_others(published: Published, marts: duckdb.DuckDBPyConnection) -> None:
    people = marts.execute("SELECT user_id, full_name, email FROM marts.dim_rep WHERE is_known").fetchall()
    pages = 0
    for user_id, *_ in people:
        page = published.site / rep_file(user_id)
        if not page.exists():
            continue
        pages += 1
        text = page.read_text(encoding="utf-8")
        for other, *names in people:
            if other != user_id:
                named = [
                    name
                    for name in (other, *names)
                    if name and name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
                ]
                assert named == [], f"the page of {user_id} names {other}"
        owners = {
            value for mark in marks(page) for name, value in parse_qsl(mark.key) if name in ("user_id", "owner_id")
        }
        assert owners <= {user_id}
    assert pages > 10


def test_links_lead_somewhere(published: Published) -> None:
    texts = {page.name: page.read_text(encoding="utf-8") for page in published.pages}
    places = {name: {"", *re.findall(r' id="([^"]+)"', text)} for name, text in texts.items()}
    for name, text in texts.items():
        for link in re.findall(r'<a [^>]*?href="([^"]*)"', text):
            file, _, anchor = link.partition("#")
            assert anchor in places.get(file or name, ()), f"{name} links to {link}"


def charts(page: Path) -> Iterator[str]:
    yield from re.findall(r"<figure.*?</figure>", page.read_text(encoding="utf-8"), re.DOTALL)


def test_each_chart_has_a_title_a_text_and_its_figures(published: Published) -> None:
    drawn = [chart for page in published.pages for chart in charts(page)]
    assert len(list(charts(published.site / "index.html"))) >= 6
    for chart in drawn:
        title = re.sub("<[^>]+>", "", re.findall(r"<figcaption>(.*?)</figcaption>", chart, re.DOTALL)[0]).strip()
        assert title
        assert 'role="img" aria-label="' in chart
        assert "<table>" in chart
        assert "data-figure=" in chart.partition("<table>")[2]
