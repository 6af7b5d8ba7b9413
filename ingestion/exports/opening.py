"""Exports as relations of fields: text of any encoding and delimiter, sheets of workbooks.

Belongs here: copies that DuckDB can read, headers. Does not belong here: what a column means (`ingestion.mapping`).

A text in UTF-8 is read as it is. Another encoding, a header further down and a sheet are copied first: in pieces, or
as Arrow columns; no record passes through Python.
"""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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
from ingestion.mapping.expressions import mapped
from ingestion.mapping.inline import read_inline
from ingestion.mapping.model import NumberForm
from ingestion.text import quoted

TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls")

_DELIMITERS = (",", ";", "\t", "|")
_COPY_CHARACTERS = 1 << 20
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def file_kinds() -> tuple[str, ...]:
    """The suffixes of files that can be read."""
    return (*TEXTS, *WORKBOOKS)


class Opener:
    """Opens the files of one load. `copies` is a folder for what has to be converted, once for all entities."""

    def __init__(self, copies: Path) -> None:
        self._folder = copies
        self._copies: dict[tuple[object, ...], Path] = {}
        self._sheets: dict[tuple[object, ...], Sheet] = {}

    def open(self, connection: duckdb.DuckDBPyConnection, file: LandingFile, part: Part) -> Reading:
        """The mapped fields of a file. Raises LandingError where it cannot be read, or lacks a column."""
        if not isinstance(part.layout, FileLayout):
            return read_inline(connection, file, part, self._folder)
        if file.path.suffix.lower() in WORKBOOKS:
            return self._open_sheet(connection, file, part, part.layout)
        return self._open_text(connection, file, part, part.layout)

    def _open_text(
        self, connection: duckdb.DuckDBPyConnection, file: LandingFile, part: Part, layout: FileLayout
    ) -> Reading:
        encoding = _encoding(file.path, layout.encoding)
        path = readable_path(file.path, self._folder)
        if encoding != "utf-8" or layout.header_row > 1:
            key = (file.path, encoding, layout.header_row)
            if key not in self._copies:
                self._copies[key] = self._folder / f"text-{len(self._copies)}.csv"
                _copy_as_utf8(file, encoding, layout.header_row, self._copies[key])
            path = self._copies[key]
        with reading_errors(file):
            delimiter = layout.delimiter or _delimiter(file, path, part)
            header = csv_header(file, path, delimiter)
            names = [f"field_{number}" for number in range(len(header))]
            fields = {name: FileField(quoted(name), "VARCHAR") for name in names}
            columns = Layout(delimiter, tuple(name.strip() for name in header))
            reading = read_csv([file], columns, fields, self._folder, path, lines_before=layout.header_row - 1)
        return mapped(reading, part, _by_header(file, part, header, list(fields.values())))

    def _open_sheet(
        self, connection: duckdb.DuckDBPyConnection, file: LandingFile, part: Part, layout: FileLayout
    ) -> Reading:
        key = (file.path, layout.sheet, layout.header_row)
        if key not in self._sheets:
            copy = self._folder / f"sheet-{len(self._sheets)}.parquet"
            self._sheets[key] = copy_sheet(file, layout.sheet, layout.header_row, copy)
        sheet = self._sheets[key]
        reading = replace(read_parquet(connection, file, sheet.copy), line=quoted(LINE))
        fields = [field for name, field in reading.fields.items() if name != LINE]
        if any(isinstance(target.form, NumberForm) for target in part.targets.values()):
            # Cells that are numbers: no decimal or thousands sign of the mapping concerns them.
            for position in numeric_columns(file.path, layout.sheet, layout.header_row):
                fields[position] = FileField(f"TRY_CAST({fields[position].expression} AS DOUBLE)", "DOUBLE")
        return mapped(reading, part, _by_header(file, part, sheet.header, fields), is_sheet=True)


def _by_header(
    file: LandingFile, part: Part, header: Sequence[str], fields: Sequence[FileField]
) -> dict[str, FileField]:
    """The fields by the names of their columns, as they stand in the file without the spaces around them."""
    names = [name.strip() for name in header]
    for name in part.columns:
        if names.count(name) > 1:
            raise MappingError(
                f"{part.place} takes the column {name!r}, which {file.name} has {names.count(name)} times; "
                "rename one of them, nothing was loaded"
            )
    return dict(zip(names, fields, strict=True))


def _delimiter(file: LandingFile, path: Path, part: Part) -> str:
    """The one delimiter that splits the header into the columns that the mapping takes.

    Raises LandingError where none does: a guess would load nonsense.
    """
    headers = {each: [name.strip() for name in csv_header(file, path, each)] for each in _DELIMITERS}
    fitting = [each for each, names in headers.items() if set(part.columns) <= set(names)]
    if len(fitting) == 1 or (fitting and len({tuple(names) for names in headers.values()}) == 1):
        return fitting[0]
    if fitting:
        raise MappingError(
            f"{part.place}: more than one delimiter splits the header of {file.name} so that all columns are there; "
            "name it as `delimiter`, nothing was loaded"
        )
    found, names = max(headers.items(), key=lambda item: len(item[1]))
    missing = [name for name in part.columns if name not in names]
    raise MappingError(
        f"{part.place} takes the column {missing[0]!r}, which the header of {file.name} does not have, whatever stands "
        f"between its fields (columns found with {found!r}: {', '.join(map(repr, names)) or 'none'}); correct the "
        "column, or name the `delimiter` or the `header_row`; nothing was loaded"
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
