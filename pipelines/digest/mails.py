"""A letter as a mail: HTML with its pictures in it, and the same in plain text.

Belongs here: that form. Does not belong here: who gets it (`pipelines.digest.letters`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from functools import cache
from pathlib import Path

import jinja2
import vl_convert

from pipelines.digest.letters import Letter, Post
from pipelines.pages.model import Cell, Chart, Link, Meter, Notes, Page, Section, Table
from pipelines.pages.words import Words
from pipelines.pages.writing import picture

# What fits into a mail; pay and long lists stay on the page.
_SECTIONS = ("quarter", "digest", "focus", "months", "members", "goals", "slipping")
# A picture alone has no style sheet beside it.
_PICTURE = (
    "<style>.won{fill:#0072b2}.quota{stroke:#d55e00;stroke-width:3}.axis{stroke:#dfe4ea}"
    "text{fill:#5a6775;font-family:sans-serif;font-size:13px;text-anchor:middle}</style>"
    '<rect width="100%" height="100%" fill="#ffffff"/>'
)
_DOMAIN = "repline.invalid"


def mail_of(letter: Letter, post: Post, sender: str) -> EmailMessage:
    """The mail of a letter with an address and a page."""
    words = post.words
    sections = [section for page in letter.pages for section in _sections(page)]
    subject = " · ".join(str(part) for part in (*(page.title for page in letter.pages), sections[0].title))
    stand = str(words.say("as_of_version", as_of=words.moment(post.version.as_of), version=str(post.version.number)))
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = sender
    mail["To"] = formataddr((letter.name, letter.address or ""))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(_text(letter, stand)))
    pictures: dict[str, bytes] = {}

    def placed(chart: Chart) -> str:
        name = make_msgid(domain=_DOMAIN)
        pictures[name] = _png(chart, words)
        return name[1:-1]

    html = _template().render(
        words=words,
        subject=subject,
        pages=letter.pages,
        sections=_sections,
        stand=stand,
        text=_cell,
        columns=_columns,
        picture=placed,
    )
    mail.add_alternative(html, subtype="html")
    body = mail.get_body(("html",))
    assert body is not None
    for name, png in pictures.items():
        body.add_related(png, "image", "png", cid=name, disposition="inline")
    return mail


def _sections(page: Page) -> list[Section]:
    return [section for section in page.sections if section.anchor in _SECTIONS]


def _text(letter: Letter, stand: str) -> Iterator[str]:
    for page in letter.pages:
        yield from (str(page.title), str(page.subtitle))
        for section in _sections(page):
            yield from ("", str(section.title).upper())
            for block in section.blocks:
                if isinstance(block, Notes):
                    yield from (f"- {word} {sentence}".replace("  ", " ") for _, word, sentence in block.items)
                elif isinstance(block, Chart):
                    yield str(block.title)
                elif isinstance(block, Table):
                    yield from _lines(block)
                else:
                    for tile in block:
                        note = f" ({tile.note})" if str(tile.note) else ""
                        yield f"{_cell(tile.label)}: {_cell(tile.figure)}{note}"
        yield ""
    yield stand


def _lines(table: Table) -> Iterator[str]:
    columns = _columns(table)
    if str(table.caption):
        yield str(table.caption)
    for row in (table.headings, *table.rows):
        yield " | ".join(_cell(row[number]) for number in columns)


def _columns(table: Table) -> list[int]:
    """The columns with words; a bar says what the share beside it does."""
    return [
        number
        for number in range(len(table.headings))
        if _cell(table.headings[number]) or any(_cell(row[number]) for row in table.rows)
    ]


def _cell(value: Cell) -> str:
    """A cell as text: a mail has no other pages to link to."""
    if isinstance(value, Meter):
        return ""
    return str(value.text if isinstance(value, Link) else value)


def _png(chart: Chart, words: Words) -> bytes:
    drawn = picture(chart, words)
    if chart.kind == "columns":
        drawn = re.sub(r"^(<svg[^>]*>)", lambda found: found[1] + _PICTURE, drawn)
    return bytes(vl_convert.svg_to_png(drawn, scale=1.5))


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    for name, kind in (("a_table", Table), ("a_chart", Chart), ("notes", Notes)):
        environment.tests[name] = lambda value, kind=kind: isinstance(value, kind)
    return environment.get_template("mail.html.j2")
