"""HTML of a page, with its charts.

Belongs here: the templates' environment, and pictures within pages. Does not belong here: what stands on a page
(`pipelines.pages.company` and its siblings), files (`pipelines.pages.site`).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from pipelines.pages import charts, drawing
from pipelines.pages.model import (
    COMPANY,
    DATA,
    DEALS,
    DEFINITIONS,
    Cell,
    Chart,
    Head,
    Link,
    Meter,
    Notes,
    Page,
    Table,
    marked,
)
from pipelines.pages.words import Marked, Shown, Words

_TEMPLATES = Path(__file__).parent / "templates"
# Charts that say more under the mouse than in print.
_INTERACTIVE = {"spread", "months", "forecast"}
# Texts of so many characters get room to be read.
_LONG = 36
_NAVIGATION = ((COMPANY, "company"), (DEALS, "deals"), (DATA, "data"), (DEFINITIONS, "definitions"))


def html(page: Page, words: Words) -> str:
    """The whole page; the style sheet, scripts and links are files beside it."""
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            words=words,
            navigation=[Link(words.say(name), file) for file, name in _NAVIGATION],
            picture=lambda chart: _picture(chart, page, words),
        )
    )


def picture(chart: Chart, words: Words) -> str:
    """A chart as SVG, with its title as the text that stands for it."""
    return _titled(
        drawing.columns(chart.data) if chart.kind == "columns" else charts.svg(_spec(chart, words)), chart.title
    )


def _picture(chart: Chart, page: Page, words: Words) -> Markup:
    if not (page.interactive and chart.kind in _INTERACTIVE):
        return Markup(picture(chart, words))  # noqa: S704 - the texts in it are escaped
    spec = _spec(chart, words)
    # What stands in a script of this type is never run; only its end could be mistaken.
    text = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")
    script = f'<script type="application/json" class="spec">{text}</script>'
    return Markup(_titled(charts.svg(spec), chart.title) + script)  # noqa: S704


def _titled(drawn: str, title: Shown) -> str:
    shape = re.search(r'viewBox="[^"]*"', drawn)
    label = escape(str(title))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {shape[0] if shape else ""} role="img" aria-label="{label}">'
    return re.sub(r"^<svg[^>]*>", lambda _: head, drawn)


def _spec(chart: Chart, words: Words) -> dict[str, object]:
    return charts.vega_lite(chart.kind, chart.data, words.language)


def _rows(table: Table) -> Markup:
    """The body of a table. A site has hundreds of thousands of rows, for which the template would take minutes."""
    classes = [' class="number"' if column in table.numbers else "" for column in range(len(table.headings))]
    # The first cell of a row is its heading; how wide others are depends on what is in them.
    tags = [f'<th scope="row"{classes[0]}>', *(f"<td{each}>" if each else "" for each in classes[1:])]
    ends = ["</th>", *["</td>"] * (len(tags) - 1)]
    parts = []
    position = 0
    for position, cells in enumerate(table.rows, start=1):
        parts += [_head(head, table) for head in table.heads.get(position - 1, ())]
        parts.append(f'\n<tr id="{escape(table.ids[position - 1])}">' if table.ids else "\n<tr>")
        for tag, cell, end in zip(tags, cells, ends, strict=True):
            text, html = cell if type(cell) is Marked else marked(cell)
            parts += (tag or _tag(cell, text), html, end)
        parts.append("</tr>\n")
    parts += [_head(head, table) for head in table.heads.get(position, ())]
    return Markup("".join(parts))  # noqa: S704 - the texts in it are escaped


def _tag(cell: Cell, text: str) -> str:
    if isinstance(cell, Meter):
        return '<td class="gauge">'
    return '<td class="long">' if len(text) > _LONG else "<td>"


def _head(head: Head, table: Table) -> str:
    before = table.numbers[0] if table.numbers else len(table.headings)
    place = f' id="{escape(head.anchor)}"' if head.anchor else ""
    total = f'<td class="number">{escape(head.total)}</td>' if table.numbers else ""
    after = "<td></td>" * (len(table.headings) - before - 1)
    return (
        f'<tr class="level-{head.level}"{place}><th scope="rowgroup" colspan="{before}">{escape(head.title)}</th>'
        f"{total}{after}</tr>\n"
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.tests.update(
        {
            "a_table": lambda value: isinstance(value, Table),
            "a_chart": lambda value: isinstance(value, Chart),
            "notes": lambda value: isinstance(value, Notes),
        }
    )
    environment.filters["rows"] = _rows
    return environment
