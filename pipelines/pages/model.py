"""What a page is made of, before it is HTML: sections of tiles, charts, tables and lists.

Belongs here: the parts, and the names of pages' files. Does not belong here: what stands on which page, and HTML
(`pipelines.pages.writing`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from markupsafe import escape

from pipelines.pages.words import Marked, Shown

COMPANY, DEALS, DATA, DEFINITIONS = "index.html", "deals.html", "data.html", "definitions.html"


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another page of the site, or a place on this one."""

    text: Shown
    href: str

    def __str__(self) -> str:
        return str(self.text)

    def __html__(self) -> str:
        return f'<a href="{escape(self.href)}">{escape(self.text)}</a>'


@dataclass(frozen=True, slots=True)
class Meter:
    """A share as a bar, 1 is full. `mark` is the share that is usual by now."""

    share: float
    mark: float | None = None

    def __str__(self) -> str:
        return ""

    def __html__(self) -> str:
        over = " over" if self.share >= 1 else ""
        mark = "" if self.mark is None else f'<i style="left:{_percent(self.mark)}"></i>'
        bar = f'<span style="width:{_percent(self.share)}"></span>'
        return f'<span class="meter{over}" aria-hidden="true">{bar}{mark}</span>'


def _percent(share: float) -> str:
    return f"{min(max(share, 0), 1):.1%}"


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure in large type, with a note that says how to take it. `tone` is good, bad or empty."""

    label: Shown | Link
    figure: Shown | Link
    note: Shown = ""
    meter: Meter | None = None
    tone: str = ""


Cell = Shown | Link | Meter


Cells = tuple[Cell, ...]


def marked(cell: Cell) -> Marked:
    """A cell as text and as HTML."""
    return Marked(str(cell), escape(cell))


Source = TypeVar("Source")


class Deferred(Generic[Source]):
    """Rows of a table that are made, each from its source, only where they are read.

    `key` of a source says all of it that `make` looks at: by their keys a page is known before its rows are made.
    """

    def __init__(
        self, sources: Sequence[Source], make: Callable[[Source], Cells], key: Callable[[Source], object]
    ) -> None:
        self._sources, self._make, self._key = sources, make, key

    def __iter__(self) -> Iterator[Cells]:
        return map(self._make, self._sources)

    def __repr__(self) -> str:
        return repr([*map(self._key, self._sources)])


@dataclass(frozen=True, slots=True)
class Head:
    """A line over the rows that it sums up: those up to the next head of its level or of a lower one.

    Its total stands in the first column of numbers. It is anonymous where its anchor is empty.
    """

    level: int
    title: Shown
    total: Shown = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`numbers` are the positions of the columns that hold numbers. A folded table opens under its caption.

    `anchor` is the id of the table, `ids` are those of its rows, where pages link to them. `heads` stand before the row
    of that position, or behind the last one.
    """

    caption: Shown
    headings: tuple[Shown | Link, ...]
    rows: Iterable[Cells]
    numbers: tuple[int, ...] = ()
    folded: bool = False
    anchor: str = ""
    ids: tuple[str, ...] = ()
    heads: Mapping[int, list[Head]] = field(default_factory=dict)


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
        """Equal only for pages that look the same, as long as the program is the same."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def team_file(team: str) -> str:
    return _file("team", team)


def rep_file(user_id: str) -> str:
    return _file("rep", user_id)


def team_deals_file(team: str) -> str:
    return _file("deals", team)


@cache
def _file(kind: str, name: str) -> str:
    """A name that every file system takes, unlike that of another whatever case it is written in."""
    readable = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{kind}-{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.html"
