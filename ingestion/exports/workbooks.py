"""Sheets of Excel workbooks as Parquet files of text, a row per record.

Belongs here: cells. Does not belong here: what a column means (`ingestion.mapping`).

Every cell is taken as text, for a column may hold numbers and words: dates as ISO 8601, numbers with a point.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile

# The copy's column with the row of the sheet.
LINE = "line of the sheet"


@dataclass(frozen=True)
class Sheet:
    """A copied sheet, and its header."""

    copy: Path
    header: tuple[str, ...]


def copy_sheet(file: LandingFile, sheet: str | None, header_row: int, target: Path) -> Sheet:
    """Write the rows below the header to `target`, without those that are empty. Raises LandingError."""
    try:
        book = fastexcel.read_excel(file.path)
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise LandingError(
            f"{file.path} cannot be read as a workbook ({reason}); save it again, nothing was loaded"
        ) from None
    if sheet is None and len(book.sheet_names) != 1:
        raise LandingError(
            f"{file.path} has the sheets {', '.join(book.sheet_names)}; name one as `sheet` in the mapping, "
            "nothing was loaded"
        )
    name = sheet or book.sheet_names[0]
    if name not in book.sheet_names:
        raise LandingError(
            f"{file.path} has no sheet {name!r} (sheets found: {', '.join(book.sheet_names)}); nothing was loaded"
        )
    cells, errors = book.load_sheet(
        name, header_row=None, skip_rows=header_row - 1, dtypes="string"
    ).to_arrow_with_errors()
    if cells.num_rows == 0:
        raise LandingError(f"{file.path} has no header in row {header_row} of {name}; nothing was loaded")
    header = tuple(str(column[0].as_py() or "") for column in cells.columns)
    columns = list(cells.columns)
    failed: dict[int, set[int]] = {}
    for cell in errors.errors if errors else ():
        row, column = cell.offset_position
        failed.setdefault(column, set()).add(row)
    for column, rows in failed.items():
        # A formula that failed: kept as a text, which is then no number and no date.
        mask = pa.array([row in rows for row in range(cells.num_rows)])
        columns[column] = pc.if_else(mask, "#ERROR", columns[column])
    names = [f"field_{position}" for position in range(len(columns))]
    lines = pa.array(range(header_row, header_row + cells.num_rows), pa.int64())
    table = pa.table({LINE: lines, **dict(zip(names, columns, strict=True))}).slice(1)
    filled = pc.is_valid(table[names[0]])
    for each in names[1:]:
        filled = pc.or_(filled, pc.is_valid(table[each]))
    pq.write_table(table.filter(filled), target)
    return Sheet(target, header)


def numeric_columns(path: Path, sheet: str | None, header_row: int) -> tuple[int, ...]:
    """The positions of the columns that hold nothing but numbers, of a sheet that could be copied."""
    book = fastexcel.read_excel(path)
    guessed = book.load_sheet(
        sheet or book.sheet_names[0], header_row=header_row - 1, schema_sample_rows=None
    ).available_columns()
    return tuple(column.index for column in guessed if column.dtype in ("float", "int"))
