"""Tables on the terminal: with colour and line breaks there, plain aligned lines in a file or a pipe.

Belongs here: how a table, a moment and a line look. Does not belong here: what they say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

NOTHING = "-"


def print_line(console: Console, text: str, style: str = "") -> None:
    """A line as it is: not wrapped, and without reading square brackets as markup."""
    console.print(Text(text, style=style if console.is_terminal else ""), soft_wrap=True)


def print_table(
    console: Console,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Collection[str] = (),
    emphasised: Collection[int] = (),
) -> None:
    """Rows of ready-made texts. `right` are headings of columns of numbers, `emphasised` numbers of rows."""
    if not console.is_terminal:
        _print_plain(console, headings, rows, right)
        return
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(Text(heading), justify="right" if heading in right else "left", overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*map(Text, row), style="bold red" if number in emphasised else "")
    console.print(table)


def moment_text(moment: datetime | None) -> str:
    """To the minute, in UTC; a naive moment is UTC already."""
    if moment is None:
        return NOTHING
    return f"{moment.astimezone(UTC) if moment.tzinfo else moment:%Y-%m-%d %H:%M}"


def _print_plain(
    console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[str]
) -> None:
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    for cells in zip(*columns, strict=True):
        padded = [
            cell.rjust(width) if heading in right else cell.ljust(width)
            for cell, width, heading in zip(cells, widths, headings, strict=True)
        ]
        print_line(console, "  ".join(padded).rstrip())
