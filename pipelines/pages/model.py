"""What a page is made of, before it is HTML: sections of tiles, charts, tables and lists.

Belongs here: the parts, and the names of pages' files. Does not belong here: what stands on which page, and HTML
(`pipelines.pages.writing`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.pages.words import Shown

COMPANY, DEALS, DATA, DEFINITIONS = "index.html", "deals.html", "data.html", "definitions.html"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another page of the site, or a place on this one."""

    text: Shown
    href: str


@dataclass(frozen=True, slots=True)
class Meter:
    """A share as a bar, 1 is full. `mark` is the share that is usual by now."""

    share: float
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure in large type, with a note that says how to take it. `tone` is good, bad or empty."""

    label: Shown | Link
    figure: Shown | Link
    note: Shown = ""
    meter: Meter | None = None
    tone: str = ""


Cell = Shown | Link | Meter


@dataclass(frozen=True, slots=True)
class Table:
    """`numbers` are the positions of the columns that hold numbers. A folded table opens under its caption.

    `anchor` is the id of the table, `ids` are those of its rows, where pages link to them.
    """

    caption: Shown
    headings: tuple[Shown | Link, ...]
    rows: list[tuple[Cell, ...]]
    numbers: tuple[int, ...] = ()
    folded: bool = False
    anchor: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. `title` says what to see, `kind` is a function of `pipelines.pages.charts` or `drawing`.

    `data` are plain values that the function draws; `table` has them all, with their marks.
    """

    title: Shown
    kind: str
    data: Mapping[str, Any]
    table: Table


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences, each with a word that says what kind it is, or an empty one."""

    items: list[tuple[str, str, Shown]]


Block = list[Tile] | Table | Chart | Notes


@dataclass(frozen=True, slots=True)
class Section:
    """`anchor` is the section's id, to which figures of other pages link."""

    anchor: str
    title: Shown
    blocks: list[Block]
    intro: Shown = ""
    wide: bool = True


@dataclass(frozen=True)
class Page:
    """A page. `path` are the links above its title; `interactive` has the charts that answer to the mouse."""

    file: str
    title: Shown
    subtitle: Shown
    sections: list[Section]
    path: list[Link] = field(default_factory=list)
    interactive: bool = False

    @property
    def digest(self) -> str:
        """Equal for pages that look the same, as long as the program is the same."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def team_file(team: str) -> str:
    return _file("team", team)


def rep_file(user_id: str) -> str:
    return _file("rep", user_id)


def team_deals_file(team: str) -> str:
    return _file("deals", team)


def _file(kind: str, name: str) -> str:
    """A name that every file system takes, unlike that of another whatever case it is written in."""
    readable = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{kind}-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.html"
