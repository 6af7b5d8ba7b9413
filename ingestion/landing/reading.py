"""Each landing format as a DuckDB relation of fields: CSV, JSON lines, Parquet.

Belongs here: headers, fields, broken records. Does not belong here: what a
field means or whether a row is good (`ingestion.landing.conversion`).

Everything is read by DuckDB's vectorised readers; no record passes through Python.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from dlt.common.normalizers.naming.snake_case import NamingConvention

from ingestion.contract import Entity
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile
from ingestion.landing.lines import check_compression, first_line
from ingestion.text import literal, quoted

# The raw table's column that names the landing file of a row.
FILE_COLUMN = "_file"

_REJECT_REASONS = {
    "MISSING COLUMNS": "the line has fewer fields than the header",
    "TOO MANY COLUMNS": "the line has more fields than the header",
    "INVALID ENCODING": "not UTF-8 text (Latin-1?); save the file as UTF-8",
    "UNQUOTED VALUE": "a quote is opened and never closed, or text follows a closing quote",
    "LINE SIZE OVER MAXIMUM": "the line is longer than 2 MB",
}


@dataclass(frozen=True)
class Field:
    """A field as it stands in the file: an expression over the relation, and its DuckDB type.

    Where a mapping says how to read it, `value` is the expression that does, of the contract column's type and
    null where it cannot be read, and `unreadable` says why it could not; else the landing contract's forms hold.
    """

    expression: str
    type: str
    value: str | None = None
    unreadable: str | None = None

    @property
    def text(self) -> str:
        """The field as text; an empty one is null."""
        return f"nullif({self.expression}, '')" if self.type == "VARCHAR" else f"CAST({self.expression} AS VARCHAR)"


@dataclass(frozen=True)
class Reading:
    """How to select from a file.

    `relation` is a FROM clause with one row a record; `row_number` an expression over it that counts
    records from 1; `fields` maps each column of the file, its name in snake case as dlt writes it, to how it is
    read; `broken` is a condition of records that hold no fields at all, with its reason. `has_rejects` says that
    DuckDB's CSV reader notes the lines that it cannot split (see `take_rejects`).

    `path` and `format` are what DuckDB reads: of a file that had to be converted first, the copy. The first
    `lines_before` lines of the file are not in the copy.
    """

    file: LandingFile
    path: Path
    format: str
    relation: str
    row_number: str
    fields: dict[str, Field]
    broken: tuple[str, str] | None = None
    has_rejects: bool = False
    lines_before: int = 0


_NAMING = NamingConvention()


@contextmanager
def reading_errors(file: LandingFile) -> Iterator[None]:
    """Turn what DuckDB says of a file that it cannot read into a LandingError that names the file."""
    try:
        yield
    except duckdb.Error as error:
        first_line = str(error).strip().splitlines()[0]
        raise LandingError(
            f"{file.path} cannot be read as {file.format} ({first_line}); deliver the file again, nothing was loaded"
        ) from None


def open_file(connection: duckdb.DuckDBPyConnection, file: LandingFile, entity: Entity) -> Reading:
    """Look at a file's columns. Raises LandingError where it cannot be read or misses a required column."""
    check_compression(file.path)
    with reading_errors(file):
        reading = _OPENERS[file.format](connection, file)
    if reading.format == "jsonl" and not reading.fields:
        return reading
    missing = [c.name for c in entity.columns if c.must_be_present and c.name not in reading.fields]
    # A null key that stands for a value may be left out altogether.
    missing = [name for name in missing if not any(c.name == name and c.null_means for c in entity.columns)]
    if missing:
        found = ", ".join(reading.fields) or "none, the file is empty"
        raise LandingError(
            f"{file.path} has no column {', '.join(missing)}, which {entity.name} requires (columns found: {found}); "
            "add the column to the file, nothing was loaded"
        )
    return reading


def _open_csv(connection: duckdb.DuckDBPyConnection, file: LandingFile) -> Reading:
    header = csv_header(file, file.path, ",")
    names = _column_names(file, [name.strip() or f"column_{n}" for n, name in enumerate(header, start=1)])
    return read_csv(file, file.path, ",", {name: Field(quoted(name), "VARCHAR") for name in names})


def csv_header(file: LandingFile, path: Path, delimiter: str) -> list[str]:
    """The fields of the first line of the UTF-8 text in `path`; none where it is empty."""
    try:
        text = first_line(path).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise LandingError(f"the header of {file.path} is not UTF-8 text; save the file as UTF-8") from None
    return next(csv.reader([text], delimiter=delimiter)) if text else []


def read_csv(file: LandingFile, path: Path, delimiter: str, fields: dict[str, Field], lines_before: int = 0) -> Reading:
    """Select from the UTF-8 text in `path` with one header line; `fields` are named in its order."""
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in fields)
    relation = (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, skip = 1, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}}, "
        "store_rejects = true, rejects_limit = 0)"
    )
    return Reading(
        file,
        path,
        "csv",
        relation if fields else "(SELECT 1 WHERE false)",
        "row_number() OVER ()",
        fields,
        has_rejects=bool(fields),
        lines_before=lines_before,
    )


def _open_jsonl(connection: duckdb.DuckDBPyConnection, file: LandingFile) -> Reading:
    objects = f"read_json_objects({literal(str(file.path))}, format = 'newline_delimited', ignore_errors = true)"
    keys = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(json)) FROM {objects} WHERE json_type(json) = 'OBJECT' ORDER BY 1"
    ).fetchall()
    names = [key for (key,) in keys]
    if not names:
        relation = f"(SELECT json, NULL AS record FROM {objects})"
        return Reading(
            file, file.path, "jsonl", relation, "row_number() OVER ()", {}, broken=("true", "not a JSON object")
        )
    structure = "{" + ", ".join(f'"{_json_escaped(name)}": "VARCHAR"' for name in names) + "}"
    relation = (
        f"(SELECT json, CASE WHEN json_type(json) = 'OBJECT' THEN from_json(json, {literal(structure)}) END AS record "
        f"FROM {objects})"
    )
    return Reading(
        file,
        file.path,
        "jsonl",
        relation,
        "row_number() OVER ()",
        {
            name: Field(f"record.{quoted(key)}", "VARCHAR")
            for name, key in zip(_column_names(file, names), names, strict=True)
        },
        broken=("record IS NULL", "not a JSON object in UTF-8"),
    )


def _open_parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile) -> Reading:
    reading = read_parquet(connection, file, file.path)
    names = _column_names(file, list(reading.fields))
    return replace(reading, fields=dict(zip(names, reading.fields.values(), strict=True)))


def read_parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile, path: Path) -> Reading:
    """Select from the Parquet file in `path`; `fields` have its columns' own names."""
    relation = f"read_parquet({literal(str(path))}, file_row_number = true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    fields = {name: Field(quoted(name), type_) for name, type_, *_ in described if name != "file_row_number"}
    return Reading(file, path, "parquet", relation, "file_row_number + 1", fields)


def _column_names(file: LandingFile, names: list[str]) -> list[str]:
    """The columns' names in snake case. Raises LandingError where two become one, or one is Repline's own."""
    normalized = [_NAMING.normalize_identifier(name) for name in names]
    for name in normalized:
        if normalized.count(name) > 1:
            raise LandingError(f"{file.path} has two columns that are named {name}; rename one of them")
        if name == FILE_COLUMN:
            raise LandingError(f"{file.path} has a column {name}, a name that Repline uses itself; rename it")
    return normalized


_OPENERS = {"csv": _open_csv, "jsonl": _open_jsonl, "parquet": _open_parquet}


def parquet_row_count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows of a Parquet file, from its footer."""
    row = connection.execute(
        f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({literal(str(path))})"
    ).fetchone()
    return int(row[0]) if row and row[0] else 0


def take_rejects(connection: duckdb.DuckDBPyConnection) -> None:
    """Move what the CSV reader rejected in the last scan to the temporary table `rejected`.

    Columns: record (1 is the header; blank lines count), column_name, value, reason.
    """
    reasons = " ".join(f"WHEN {literal(kind)} THEN {literal(text)}" for kind, text in _REJECT_REASONS.items())
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE rejected AS
        SELECT line::BIGINT AS record, any_value(column_name) AS column_name,
               any_value(left(csv_line, 200)) AS value,
               any_value(CASE error_type::VARCHAR {reasons} ELSE error_message END) AS reason
        FROM reject_errors GROUP BY line
        """
    )
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")


def _json_escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
