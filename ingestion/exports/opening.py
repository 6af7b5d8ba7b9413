"""Exports as relations of fields: text of any encoding and delimiter, sheets of workbooks.

Belongs here: copies that DuckDB can read, headers. Does not belong here: what a column means (`ingestion.mapping`).

A text in UTF-8 is read as it is. Another encoding, a header further down and a sheet are copied first: in pieces, or
as Arrow columns; no record passes through Python.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import duckdb

from ingestion.exports.workbooks import LINE, Sheet, copy_sheet, numeric_columns
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile
from ingestion.landing.lines import Layout
from ingestion.landing.reading import (
    FileField,
    Reading,
    csv_header,
    read_csv,
    read_parquet,
    readable_path,
    reading_errors,
)
from ingestion.mapping import FileLayout, MappingError, Part
from ingestion.mapping.expressions import LOOKUP_KEY, LOOKUP_VALUE, check_columns, mapped
from ingestion.mapping.forms import as_text
from ingestion.mapping.inline import read_inline
from ingestion.mapping.layouts import COMMON_DELIMITERS
from ingestion.mapping.model import Lookup, NumberForm
from ingestion.mapping.shaping import chosen, grouped
from ingestion.text import literal, quoted

TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls")

_COPY_CHARACTERS = 1 << 20
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def file_kinds() -> tuple[str, ...]:
    """The suffixes of files that can be read."""
    return (*TEXTS, *WORKBOOKS)


FindFiles: TypeAlias = Callable[[FileLayout, str], list[LandingFile]]


@dataclass(frozen=True)
class _Opened:
    """A file before anything is mapped: its fields by the names of their columns."""

    reading: Reading
    columns: dict[str, FileField]
    is_sheet: bool


class Opener:
    """Opens the files of one load. `copies` is a folder for what has to be converted, once for all entities.

    `find` gives the files that a layout names, for what is looked up in them.
    """

    def __init__(self, copies: Path, find: FindFiles) -> None:
        self._folder = copies
        self._find = find
        self._copies: dict[tuple[object, ...], Path] = {}
        self._sheets: dict[tuple[object, ...], Sheet] = {}
        self._lookups: dict[Lookup, Path] = {}
        self._made = 0

    def open(self, connection: duckdb.DuckDBPyConnection, file: LandingFile, part: Part) -> Reading:
        """The mapped fields of a file. Raises LandingError where it cannot be read, or lacks a column."""
        if not isinstance(part.layout, FileLayout):
            return read_inline(connection, file, part, self._folder)
        has_numbers = any(isinstance(target.form, NumberForm) for target in part.targets.values())
        opened = self._open(connection, file, part, part.layout, has_numbers)
        reading, columns = opened.reading, opened.columns
        check_columns(file, part, columns)
        with reading_errors(file):
            if part.where or part.group_by or part.lookups:
                reading = chosen(connection, reading, part, columns)
            lookups = {lookup: self._lookup(connection, lookup) for lookup in part.lookups}
            reading = mapped(reading, part, columns, opened.is_sheet, lookups)
            if part.group_by:
                reading = grouped(connection, reading, part, columns, self._new_path("group", "parquet"))
        return reading

    def _open(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: LandingFile,
        taken: Part | Lookup,
        layout: FileLayout,
        has_numbers: bool = False,
    ) -> _Opened:
        if file.path.suffix.lower() in WORKBOOKS:
            return self._open_sheet(connection, file, taken, layout, has_numbers)
        return self._open_text(file, taken, layout)

    def _open_text(self, file: LandingFile, taken: Part | Lookup, layout: FileLayout) -> _Opened:
        encoding = _encoding(file.path, layout.encoding)
        path = readable_path(file.path, self._folder)
        if encoding != "utf-8" or layout.header_row > 1:
            key = (file.path, encoding, layout.header_row)
            if key not in self._copies:
                self._copies[key] = self._new_path("text", "csv")
                _copy_as_utf8(file, encoding, layout.header_row, self._copies[key])
            path = self._copies[key]
        with reading_errors(file):
            delimiter = layout.delimiter or _delimiter(file, path, taken)
            header = csv_header(file, path, delimiter)
            names = [f"field_{number}" for number in range(len(header))]
            fields = {name: FileField(quoted(name), "VARCHAR") for name in names}
            columns = Layout(delimiter, tuple(name.strip() for name in header))
            reading = read_csv([file], columns, fields, self._folder, path, lines_before=layout.header_row - 1)
        return _Opened(reading, _by_header(file, taken, header, list(fields.values())), is_sheet=False)

    def _open_sheet(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: LandingFile,
        taken: Part | Lookup,
        layout: FileLayout,
        has_numbers: bool,
    ) -> _Opened:
        key = (file.path, layout.sheet, layout.header_row)
        if key not in self._sheets:
            copy = self._new_path("sheet", "parquet")
            self._sheets[key] = copy_sheet(file, layout.sheet, layout.header_row, copy)
        sheet = self._sheets[key]
        reading = replace(read_parquet(connection, file, sheet.copy), line=quoted(LINE))
        fields = [field for name, field in reading.fields.items() if name != LINE]
        if has_numbers:
            # Cells that are numbers: no decimal or thousands sign of the mapping concerns them.
            for position in numeric_columns(file.path, layout.sheet, layout.header_row):
                fields[position] = FileField(f"TRY_CAST({fields[position].expression} AS DOUBLE)", "DOUBLE")
        return _Opened(reading, _by_header(file, taken, sheet.header, fields), is_sheet=True)

    def _lookup(self, connection: duckdb.DuckDBPyConnection, lookup: Lookup) -> Path:
        """A Parquet file with a row per key. Raises LandingError where a key stands for two values."""
        if lookup in self._lookups:
            return self._lookups[lookup]
        selects = []
        for file in self._find(lookup.layout, f"{lookup.place},"):
            opened = self._open(connection, file, lookup, lookup.layout)
            check_columns(file, lookup, opened.columns)
            if bad := [line for each in opened.reading.bad for line in each.lines]:
                raise LandingError(
                    f"{lookup.place} looks up in {file.name}, whose line {bad[0]} is no row that can be read; correct "
                    "the file, nothing was loaded"
                )
            key, value = (as_text(opened.columns[name]).text for name in lookup.columns)
            selects.append(f"SELECT {key} AS {LOOKUP_KEY}, {value} AS {LOOKUP_VALUE} FROM {opened.reading.relation}")
        rows = f"(SELECT * FROM ({' UNION ALL '.join(selects)}) WHERE {LOOKUP_KEY} IS NOT NULL)"
        twice = connection.execute(
            f"SELECT {LOOKUP_KEY}, min({LOOKUP_VALUE}) AS least, max({LOOKUP_VALUE}) AS greatest FROM {rows} "
            "GROUP BY 1 HAVING least <> greatest ORDER BY 1 LIMIT 1"
        ).fetchone()
        if twice:
            raise MappingError(
                f"{lookup.place}: {lookup.key} {twice[0]!r} stands for {twice[1]!r} and for {twice[2]!r} in "
                f"{', '.join(lookup.layout.files)}; a key has to stand for one {lookup.value}, nothing was loaded"
            )
        path = self._lookups[lookup] = self._new_path("lookup", "parquet")
        connection.execute(
            f"COPY (SELECT {LOOKUP_KEY}, any_value({LOOKUP_VALUE}) AS {LOOKUP_VALUE} FROM {rows} GROUP BY 1) "
            f"TO {literal(str(path))} (FORMAT parquet)"
        )
        return path

    def _new_path(self, kind: str, suffix: str) -> Path:
        self._made += 1
        return self._folder / f"{kind}-{self._made}.{suffix}"


def _by_header(
    file: LandingFile, taken: Part | Lookup, header: Sequence[str], fields: Sequence[FileField]
) -> dict[str, FileField]:
    """The fields by the names of their columns, as they stand in the file without the spaces around them."""
    names = [name.strip() for name in header]
    for name in taken.columns:
        if names.count(name) > 1:
            raise MappingError(
                f"{taken.place_of(name)} takes the column {name!r}, which {file.name} has {names.count(name)} times; "
                "rename one of them, nothing was loaded"
            )
    return dict(zip(names, fields, strict=True))


def _delimiter(file: LandingFile, path: Path, taken: Part | Lookup) -> str:
    """The one delimiter that splits the header into the columns that the mapping takes.

    Raises LandingError where none does: a guess would load nonsense.
    """
    headers = {each: [name.strip() for name in csv_header(file, path, each)] for each in COMMON_DELIMITERS}
    fitting = [each for each, names in headers.items() if set(taken.columns) <= set(names)]
    if len(fitting) == 1 or (fitting and len({tuple(names) for names in headers.values()}) == 1):
        return fitting[0]
    if fitting:
        raise MappingError(
            f"{taken.place}: more than one delimiter splits the header of {file.name} so that all columns are there; "
            "name it as `delimiter`, nothing was loaded"
        )
    found, names = max(headers.items(), key=lambda item: len(item[1]))
    missing = [name for name in taken.columns if name not in names]
    raise MappingError(
        f"{taken.place_of(missing[0])} takes the column {missing[0]!r}, which the header of {file.name} does not have, "
        f"whatever stands between its fields (columns found with {found!r}: "
        f"{', '.join(map(repr, names)) or 'none'}); correct the column, or name the `delimiter` or the `header_row`; "
        "nothing was loaded"
    )


def _encoding(path: Path, encoding: str) -> str:
    """UTF-16 says so itself in its first two bytes; of other encodings the mapping's word counts."""
    with path.open("rb") as stream:
        if encoding == "utf-8" and stream.read(2) in _UTF_16_MARKS:
            return "utf-16"
    return encoding


def _copy_as_utf8(file: LandingFile, encoding: str, header_row: int, target: Path) -> None:
    """Copy the text from its header on. Raises LandingError where the bytes are not of the encoding."""
    # Bytes that are no UTF-8 arrive in the copy as they are: only the lines with them are quarantined.
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    try:
        with (
            file.path.open(encoding=encoding, errors=errors, newline="") as source,
            target.open("w", encoding="utf-8", errors=errors, newline="") as copy,
        ):
            for _ in range(header_row - 1):
                source.readline()
            shutil.copyfileobj(source, copy, _COPY_CHARACTERS)
    except UnicodeError as error:
        raise LandingError(
            f"{file.path} is not {encoding} text ({error}); name its `encoding` in the mapping, nothing was loaded"
        ) from None
