"""Each landing format as a DuckDB relation of fields: CSV, JSON lines, Parquet.

Belongs here: headers, fields, many small files as one relation. Does not belong here: which lines are records
(`ingestion.landing.lines`), or what a field means and whether a row is good (`ingestion.landing.conversion`).

Everything is read by DuckDB's vectorised readers; no record passes through Python.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from os import fsencode
from pathlib import Path

import duckdb
from dlt.common.normalizers.naming.snake_case import NamingConvention

from ingestion.contract import Entity
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile
from ingestion.landing.lines import (
    LONGEST_CSV_BYTES,
    LONGEST_JSON_BYTES,
    NOT_JSON,
    BadLines,
    Layout,
    copy_sound,
    count_plain,
    first_line,
)
from ingestion.text import literal, quoted

# The raw table's column that names the landing file of a row.
FILE_COLUMN = "_file"

# Columns of our own stand beside a file's under names with this prefix, which no name in snake case has.
INTERNAL = "$"
_FILE_NUMBER = f'"{INTERNAL}file"'
_LINE = f'"{INTERNAL}line"'
_TEXT = f'"{INTERNAL}text"'

# Files up to this size are put together where there are several: 1,500 files of one row took 79 s, one by one.
_SMALL_BYTES = 1 << 18

# A name with one of these is a pattern to DuckDB, which would read other files than the one of that name.
_PATTERN_SIGNS = frozenset("*?[")


@dataclass(frozen=True)
class FileField:
    """A field as it stands in the file: an expression over the relation, and its DuckDB type.

    Where a mapping says how to read it, `value` is the expression that does, of the contract column's type and
    null where it cannot be read, and `unreadable` says why it could not; else the landing contract's forms hold.
    `place` is where the mapping says it.
    """

    expression: str
    type: str
    value: str | None = None
    unreadable: str | None = None
    place: str = ""

    @property
    def text(self) -> str:
        """The field as text; an empty one is null."""
        return f"nullif({self.expression}, '')" if self.type == "VARCHAR" else f"CAST({self.expression} AS VARCHAR)"


@dataclass(frozen=True)
class Reading:
    """How to select from a file, or from several small ones of the same columns.

    `relation` is a FROM clause with one row per record; `file_name` and `line` are expressions over it: the record's
    file, and the line of a text, or row of a table, on which it stands, from 1. `fields` maps each column, its name in
    snake case as dlt writes it, to how it is read; `broken` is a condition of records that hold no fields at all, with
    its reason. `path` is what DuckDB reads: where the file cannot be read as it is, a copy.

    `records` counts what the relation has to have of each file, and `bad` the lines that are left out of it: neither
    is DuckDB's word. With `keeps_text` false, no text of a bad line may be kept.
    """

    files: tuple[LandingFile, ...]
    path: Path
    relation: str
    file_name: str
    line: str
    fields: dict[str, FileField]
    records: tuple[int, ...]
    bad: tuple[BadLines, ...] = ()
    broken: tuple[str, str] | None = None
    keeps_text: bool = True

    @property
    def file(self) -> LandingFile:
        """The first file, for what is said of all of them."""
        return self.files[0]

    def rows_read(self) -> Iterator[tuple[LandingFile, int]]:
        """Each file with its records, the broken ones included."""
        for number, (file, records) in enumerate(zip(self.files, self.records, strict=True)):
            yield file, records + (len(self.bad[number].lines) if self.bad else 0)


_NAMING = NamingConvention()


def internal(name: str) -> str:
    """The SQL identifier of a column of our own."""
    return quoted(INTERNAL + name)


@contextmanager
def reading_errors(file: LandingFile) -> Iterator[None]:
    """Turn what DuckDB says of a file that it cannot read into a LandingError that names the file."""
    try:
        yield
    except duckdb.Error as error:
        message = str(error).strip().splitlines()[0]
        raise LandingError(
            f"{file.path} cannot be read as {file.format} ({message}); deliver the file again, nothing was loaded"
        ) from None


def open_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], entity: Entity, folder: Path
) -> list[Reading]:
    """Look at the columns of files, in the order of their names; small texts with the same columns are one reading.

    `folder` takes copies. Raises LandingError where a file cannot be read or misses a required column.
    """
    alike: dict[tuple[object, ...], list[LandingFile]] = {}
    headers: dict[LandingFile, tuple[str, ...]] = {}
    for file in files:
        if file.format == "csv":
            headers[file] = csv_columns(file, entity, folder)
        is_small = file.format != "parquet" and file.size_bytes <= _SMALL_BYTES
        alike.setdefault((file.format, headers.get(file)) if is_small else (file,), []).append(file)
    readings = []
    for group in alike.values():
        with reading_errors(group[0]):
            match group[0].format:
                case "csv":
                    names = headers[group[0]]
                    fields = {name: FileField(quoted(name), "VARCHAR") for name in names}
                    readings.append(read_csv(group, Layout(",", names), fields, folder))
                case "jsonl":
                    readings.append(_open_jsonl(connection, group, entity, folder))
                case _:
                    readings.append(_open_parquet(connection, group[0], entity, folder))
    return readings


def csv_columns(file: LandingFile, entity: Entity, folder: Path) -> tuple[str, ...]:
    """The columns that a CSV file's first line names. Raises LandingError where a required one is missing."""
    header = csv_header(file, readable_path(file.path, folder), ",")
    names = _column_names(file, [name.strip() or f"column_{n}" for n, name in enumerate(header, start=1)])
    _check_columns(file, names, entity)
    return tuple(names)


def readable_path(path: Path, folder: Path) -> Path:
    """The path, or a link in `folder` where DuckDB cannot take its name, or would take it for a pattern."""
    name = str(path)
    try:
        name.encode()
        is_name = not _PATTERN_SIGNS.intersection(name)
    except UnicodeEncodeError:
        is_name = False
    if is_name:
        return path
    link = folder / (sha256(fsencode(path)).hexdigest() + path.suffix)
    if not link.is_symlink():
        link.symlink_to(path.absolute())
    return link


def csv_header(file: LandingFile, path: Path, delimiter: str) -> list[str]:
    """The fields of the first line of the UTF-8 text in `path`; none where it is empty."""
    try:
        text = first_line(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise LandingError(f"the header of {file.path} is not UTF-8 text; save the file as UTF-8") from None
    return next(csv.reader([text], delimiter=delimiter)) if text else []


def read_csv(
    files: Sequence[LandingFile],
    layout: Layout,
    fields: dict[str, FileField],
    folder: Path,
    path: Path | None = None,
    lines_before: int = 0,
) -> Reading:
    """Select from UTF-8 texts of one layout; `fields` are named in the order of its columns.

    `path` is the copy of a file that had to be converted first, which lacks the first `lines_before` lines.
    """
    if not fields:
        return Reading((*files,), files[0].path, "(SELECT 1 WHERE false)", "''", "0", {}, (0,) * len(files))
    sources = [path or readable_path(file.path, folder) for file in files]
    types = dict.fromkeys(fields, "VARCHAR")
    if len(files) == 1 and (records := count_plain(sources[0], layout)) is not None:
        relation = _text_relation(sources[0], layout, types, skip=1)
        line = f"row_number() OVER () + {1 + lines_before}"
        return Reading((*files,), sources[0], relation, literal(files[0].name), line, fields, (records,))
    reading = _copied(files, sources, layout, folder, types)
    bad = tuple(replace(each, lines=[line + lines_before for line in each.lines]) for each in reading.bad)
    return replace(reading, line=f"{_LINE} + {lines_before}", fields=fields, bad=bad)


def _copied(
    files: Sequence[LandingFile], sources: Sequence[Path], layout: Layout, folder: Path, types: dict[str, str]
) -> Reading:
    """A copy of the sound records of the files, with the number of the file and the line before each."""
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as target:
        copied = [copy_sound(source, layout, number, target) for number, source in enumerate(sources)]
    path = Path(target.name)
    names = ", ".join(literal(file.name) for file in files)
    return Reading(
        (*files,),
        path,
        _text_relation(path, layout, {f"{INTERNAL}file": "BIGINT", f"{INTERNAL}line": "BIGINT", **types}, skip=0),
        f"([{names}])[{_FILE_NUMBER} + 1]" if len(files) > 1 else names,
        _LINE,
        {},
        tuple(each.records for each in copied),
        tuple(each.bad for each in copied),
    )


def _text_relation(path: Path, layout: Layout, types: dict[str, str], skip: int) -> str:
    columns = ", ".join(f"{literal(name)}: '{type_}'" for name, type_ in types.items())
    quote, longest = ("'\"'", LONGEST_CSV_BYTES) if layout.is_csv else ("''", LONGEST_JSON_BYTES)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = false, skip = {skip}, "
        f"delim = {literal(layout.separator)}, quote = {quote}, escape = {quote}, columns = {{{columns}}}, "
        # The numbers before a record make it longer.
        f"max_line_size = {longest + 100}, hive_partitioning = false)"
    )


def _open_jsonl(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], entity: Entity, folder: Path
) -> Reading:
    sources = [readable_path(file.path, folder) for file in files]
    layout = Layout()
    if len(files) == 1 and (records := count_plain(sources[0], layout)) is not None:
        objects = (
            f"(SELECT json, 0 AS {_FILE_NUMBER} FROM read_json_objects({literal(str(sources[0]))}, "
            f"format = 'newline_delimited', ignore_errors = true, maximum_object_size = {LONGEST_JSON_BYTES}, "
            "hive_partitioning = false))"
        )
        name = literal(files[0].name)
        reading = Reading((*files,), sources[0], objects, name, "row_number() OVER ()", {}, (records,))
    else:
        reading = _copied(files, sources, layout, folder, {f"{INTERNAL}text": "VARCHAR"})
        objects = f"(SELECT *, TRY_CAST({_TEXT} AS JSON) AS json FROM {reading.relation})"
    found = connection.execute(
        f"SELECT DISTINCT {_FILE_NUMBER}, unnest(json_keys(json)) FROM {objects} "
        "WHERE json_type(json) = 'OBJECT' ORDER BY ALL"
    ).fetchall()
    keys = sorted({key for _, key in found})
    if not keys:
        return replace(reading, relation=f"(SELECT *, NULL AS record FROM {objects})", broken=("true", NOT_JSON))
    names = _column_names(files[0], [key.strip() or "unnamed" for key in keys])
    name_of = dict(zip(keys, names, strict=True))
    for number in {number for number, _ in found}:
        _check_columns(files[number], [name_of[key] for each, key in found if each == number], entity)
    # A structure with a field without a name, which comes first, gives its fields by their number only.
    places = [literal(key) for key in keys] if keys[0] else [str(number) for number in range(1, len(keys) + 1)]
    structure = "{" + ", ".join(f'"{_json_escaped(key)}": "VARCHAR"' for key in keys) + "}"
    record = f"CASE WHEN json_type(json) = 'OBJECT' THEN from_json(json, {literal(structure)}) END"
    return replace(
        reading,
        relation=f"(SELECT *, {record} AS record FROM {objects})",
        fields={
            name: FileField(f"struct_extract(record, {at})", "VARCHAR") for name, at in zip(names, places, strict=True)
        },
        broken=("record IS NULL", NOT_JSON),
    )


def _open_parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile, entity: Entity, folder: Path) -> Reading:
    reading = read_parquet(connection, file, readable_path(file.path, folder))
    names = _column_names(file, [name.strip() or "unnamed" for name in reading.fields])
    _check_columns(file, names, entity)
    return replace(reading, fields=dict(zip(names, reading.fields.values(), strict=True)))


def read_parquet(connection: duckdb.DuckDBPyConnection, file: LandingFile, path: Path) -> Reading:
    """Select from the Parquet file in `path`; `fields` have its columns' own names."""
    relation = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    fields = {name: FileField(quoted(name), type_) for name, type_, *_ in described}
    # DuckDB's number of the row, which a column of that name hides.
    is_hidden = any(name.lower() == "file_row_number" for name in fields)
    line = "row_number() OVER ()" if is_hidden else "file_row_number + 1"
    return Reading((file,), path, relation, literal(file.name), line, fields, (_parquet_row_count(connection, path),))


def _check_columns(file: LandingFile, names: Sequence[str], entity: Entity) -> None:
    missing = [column.name for column in entity.columns if column.must_be_given and column.name not in names]
    if missing:
        found = ", ".join(names) or "none, the file is empty"
        raise LandingError(
            f"{file.path} has no column {', '.join(missing)}, which {entity.name} requires (columns found: {found}); "
            "add the column to the file, nothing was loaded"
        )


def _column_names(file: LandingFile, names: list[str]) -> list[str]:
    """The columns' names in snake case. Raises LandingError where two become one, or one is Repline's own."""
    normalized = [_NAMING.normalize_identifier(name) for name in names]
    for name in normalized:
        if normalized.count(name) > 1:
            raise LandingError(f"{file.path} has two columns that are named {name}; rename one of them")
        if name == FILE_COLUMN or name.startswith("_dlt_"):
            raise LandingError(f"{file.path} has a column {name}, a name that Repline uses itself; rename it")
    return normalized


def _parquet_row_count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows of a Parquet file, from its footer."""
    row = connection.execute(
        f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({literal(str(path))})"
    ).fetchone()
    return int(row[0]) if row and row[0] else 0


def _json_escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
