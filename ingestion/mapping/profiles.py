"""A file as a proposal sees it: its columns with their different values.

Belongs here: finding encoding, delimiter and header of a file that nobody described yet. Does not belong here: what
the columns mean (`ingestion.mapping.guesses`). Nothing of this is used in a load, which guesses nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from ingestion.landing.errors import LandingError
from ingestion.mapping.layouts import COMMON_DELIMITERS
from ingestion.mapping.shapes import date_formats, number_forms

# Different values of a column that are looked at: enough for a day above the 12th to turn up.
_DISTINCT_VALUES = 20_000
_ROWS_FOR_HEADER = 20

ReadRows: TypeAlias = Callable[[], Iterator[Sequence[str]]]


@dataclass
class ColumnProfile:
    """A column's different values in the order of their first appearance; `is_unique`: none came twice."""

    name: str
    position: int
    values: dict[str, None] = field(default_factory=dict)
    filled: int = 0
    is_unique: bool = True

    def add(self, value: str) -> None:
        if not value:
            return
        self.filled += 1
        if value in self.values:
            self.is_unique = False
        elif len(self.values) < _DISTINCT_VALUES:
            self.values[value] = None


@dataclass
class FileProfile:
    """A text, or a sheet of a workbook. `read` reads its rows again. `doubts` are what was found by likelihood."""

    file: str
    columns: list[ColumnProfile]
    row_count: int
    read: ReadRows
    sheet: str | None = None
    header_row: int = 1
    delimiter: str | None = None
    encoding: str | None = None
    doubts: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.file}[{self.sheet}]" if self.sheet else self.file

    def tuples(self, *columns: ColumnProfile) -> list[tuple[str, ...]]:
        """The different rows of some columns, in the order of their first appearance."""
        rows = itertools.islice(self.read(), self.header_row, None)
        width = max(column.position for column in columns)
        found = (tuple(row[column.position] for column in columns) for row in rows if len(row) > width)
        return list(dict.fromkeys(found))


def profiles(path: Path) -> list[FileProfile]:
    """The profile of a text, or one of each sheet with a header. Raises LandingError where it cannot be read."""
    from ingestion.exports.opening import TEXTS, WORKBOOKS

    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        return list(_sheets(path))
    if suffix in TEXTS:
        return [_text(path)]
    raise LandingError(f"{path} is neither text nor a workbook (allowed: {', '.join((*TEXTS, *WORKBOOKS))})")


def _text(path: Path) -> FileProfile:
    content = path.read_bytes()
    encoding, doubts = None, []
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding, text = "cp1252", content.decode("cp1252", errors="replace")
            doubts.append("the file is not UTF-8; cp1252, Windows' own, is likely: do names look right?")
    delimiter = _likely_delimiter(text)
    profile = _profile(path.name, None, lambda: csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    profile.encoding, profile.doubts = encoding, doubts + profile.doubts
    profile.delimiter = delimiter if delimiter != "," else None
    return profile


def _likely_delimiter(text: str) -> str:
    """The one that splits most of the first lines into the same number of fields; of several the one into more."""
    lines = list(itertools.islice(io.StringIO(text, newline=""), 200))

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        del widths[1]
        if not widths:
            return 0, 0
        width, count = widths.most_common(1)[0]
        return count / len(lines), width

    return max(COMMON_DELIMITERS, key=fitness)


def _sheets(path: Path) -> Iterator[FileProfile]:
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        raise LandingError(f"{path} cannot be read as a workbook ({str(error).splitlines()[0]})") from None
    for name in book.sheet_names:
        cells = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_arrow()
        columns = [[cell or "" for cell in column.to_pylist()] for column in cells.columns]
        profile = _profile(path.name, name, partial(zip, *columns, strict=True))
        if profile.columns:
            profile.sheet = name if len(book.sheet_names) > 1 else None
            yield profile


def _profile(file: str, sheet: str | None, read: ReadRows) -> FileProfile:
    rows = read()
    head = list(itertools.islice(rows, _ROWS_FOR_HEADER))
    if not any(cell.strip() for row in head for cell in row):
        return FileProfile(file, [], 0, read, sheet)
    header = _header(head)
    columns = [ColumnProfile(name.strip(), position) for position, name in enumerate(head[header])]
    row_count = 0
    for row in itertools.chain(head[header + 1 :], rows):
        row_count += any(row)
        for column, value in zip(columns, row, strict=False):
            column.add(value)
    named = [column for column in columns if column.name]
    profile = FileProfile(file, named, row_count, read, sheet, header + 1)
    if _reads_like_a_record(head[header]) or any(column.name in column.values for column in named):
        shown = ", ".join(column.name for column in named)
        profile.doubts.append(
            f"line {header + 1} is taken for the header, but reads like a record ({shown}): where the file has no "
            "header, write one as its first line and propose again"
        )
    return profile


def _header(rows: Sequence[Sequence[str]]) -> int:
    """The number of the first row that has most of the columns and reads like their names; else of the widest one."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    widest = max(filled)
    for number, row in enumerate(rows):
        if 2 * filled[number] > widest and not _reads_like_a_record(row):
            return number
    return filled.index(widest)


def _reads_like_a_record(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    return any("@" in cell or date_formats([cell]) or number_forms([cell]) for cell in cells)
