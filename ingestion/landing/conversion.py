"""From the fields of a file to typed rows: what loads, what is quarantined and why.

Belongs here: reading a value as its type, row rules, the reasons of the quarantine. Does not belong here: the
rules themselves (`ingestion.contract`), formats (`ingestion.landing.reading`), versions of a record
(`ingestion.landing.versions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.contract import UNKNOWN_STAGE, ColumnType, Entity
from ingestion.landing.errors import LandingError
from ingestion.landing.reading import FILE_COLUMN, FileField, Reading, internal, reading_errors
from ingestion.text import literal, quoted

# DuckDB's casts take more than ISO 8601 ('12/11/10', 'infinity'), so the form is checked first.
_DATE_FORM = r"\d{4}-\d{2}-\d{2}"
TIMESTAMP_FORM = _DATE_FORM + r"([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?)?"
_NUMBER_FORM = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"

_TYPE_NAMES = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.AMOUNT: "a number of at most 12 digits before the point",
    ColumnType.RATE: "a number of at most 7 digits before the point",
    ColumnType.FIGURE: "a number of at most 12 digits before the point",
    ColumnType.FRACTION: "a number",
    ColumnType.SECONDS: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATE: "an ISO 8601 date such as 2025-04-30",
    ColumnType.TIMESTAMP: "an ISO 8601 timestamp such as 2025-04-30T16:05:00Z",
}

# Stands for a column that the file does not have; with its type, since files are read together in those of the first.
_MISSING = FileField("CAST(NULL AS VARCHAR)", "VARCHAR")


_LINE = internal("line")
# The index of the first bad check of a row.
_PROBLEM = internal("problem")
_BROKEN = internal("broken")
_KNOWN_PIPELINE = internal("known_pipeline")


def _raw(column: str) -> str:
    """The name of a contract column's field as it stands in the file."""
    return internal(f"raw_{column}")


@dataclass(frozen=True)
class RowCheck:
    """A condition under which a row is bad, over the typed columns and the raw fields."""

    column: str
    is_bad: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """A reading after conversion: `rows` is a Parquet file of the good rows, counted by file in `rows_loaded`.

    The bad rows are in the connection's temporary table `quarantined`.
    """

    reading: Reading
    rows: Path
    rows_loaded: dict[str, int]


def prepare_connection(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what all reading relies on: UTC, and rows in the order of their file, by which they are numbered."""
    connection.execute(
        """
        SET TimeZone = 'UTC';
        SET preserve_insertion_order = true;
        CREATE OR REPLACE TEMP TABLE opportunity_pipelines (opportunity_id VARCHAR, pipeline VARCHAR)
        """
    )


def begin_entity(connection: duckdb.DuckDBPyConnection, known_stages: Iterable[tuple[str, str]] = ()) -> None:
    """Empty the temporary table `quarantined`, and note the (pipeline, stage) pairs that rows may name.

    A row that names no pipeline is in that of its opportunity: where those are in the temporary table
    `opportunity_pipelines` (opportunity_id, pipeline), they decide; of an opportunity that is not there, the
    stage has to be one of any pipeline.
    """
    pairs = list(known_stages)
    connection.execute("SET VARIABLE known_stages = ?", [[_stage_key(p, s) for p, s in pairs]])
    connection.execute("SET VARIABLE known_stage_names = ?", [sorted({stage for _, stage in pairs})])
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE quarantined (
            entity VARCHAR, file VARCHAR, line BIGINT, record_key VARCHAR, column_name VARCHAR, value VARCHAR,
            reason VARCHAR
        )
        """
    )


def convert(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    entity: Entity,
    extras: Sequence[str],
    target: Path,
) -> Converted:
    """Write the good rows of a reading to `target` as Parquet, typed as the contract says.

    `extras` are the columns beyond the contract that the result has, null where the file lacks them. Bad rows
    are added to the temporary table `quarantined` with their line (of a Parquet file: the number of the row,
    from 1). Raises LandingError where a file as a whole cannot be read, or where not every record of it is found.
    """
    with reading_errors(reading.file):
        written = connection.execute(
            f"COPY ({good_rows(reading, entity, extras)}) TO {literal(str(target))} (FORMAT parquet)"
        ).fetchone()
        count = int(written[0]) if written else 0
        if len(reading.files) == 1:
            loaded = {reading.file.name: count}
        else:
            counted = f"SELECT {FILE_COLUMN}, count(*) FROM read_parquet({literal(str(target))}) GROUP BY ALL"
            loaded = dict(connection.execute(counted).fetchall())
        if count != sum(reading.records):
            _quarantine_rows(connection, reading, entity)
    _check_account(connection, reading, loaded)
    _quarantine_lines(connection, reading, entity)
    return Converted(reading, target, loaded)


def _check_account(connection: duckdb.DuckDBPyConnection, reading: Reading, loaded: dict[str, int]) -> None:
    """Every record of the files was read, as good or as bad, by a count that is not the reader's own."""
    bad = dict(connection.execute("SELECT file, count(*) FROM quarantined GROUP BY file").fetchall())
    for file, records in zip(reading.files, reading.records, strict=True):
        found = loaded.get(file.name, 0) + bad.get(file.name, 0)
        if found != records:
            raise LandingError(
                f"{file.path} has {records:,} records, of which {found:,} could be told apart; look for stray quotes "
                "or control characters in it, nothing was loaded"
            )


def good_rows(reading: Reading, entity: Entity, extras: Sequence[str], with_line: bool = False) -> str:
    """SQL of the rows that load: the contract's columns, `_file`, then `extras`, then perhaps the line."""
    columns = [quoted(column.name) for column in entity.columns]
    columns.append(FILE_COLUMN)
    columns += [
        quoted(name) if name in reading.fields else f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in extras
    ]
    if with_line:
        columns.append(_LINE)
    examined = _examined(reading, entity, _checks(entity, reading), with_line)
    return f"SELECT {', '.join(columns)} FROM ({examined}) WHERE {_PROBLEM} IS NULL"


def record_keys(reading: Reading, entity: Entity) -> str:
    """SQL of the keys of all records, good or bad, as `record_key` of the quarantine writes them."""
    return f"SELECT {_record_key(entity)} AS record_key FROM ({_examined(reading, entity, [])})"


def _examined(reading: Reading, entity: Entity, checks: list[RowCheck], with_line: bool = False) -> str:
    """SQL of all records: raw and typed columns, `_file`, extras, and the index of the first bad check."""
    selected: list[str] = []
    for column in entity.columns:
        field = reading.fields.get(column.name, _MISSING)
        selected.append(f"{field.text} AS {_raw(column.name)}")
        typed = field.value or typed_value(column.type, field)
        if column.null_means:
            typed = f"coalesce({typed}, {literal(column.null_means)})"
        selected.append(f"{typed} AS {quoted(column.name)}")
    extras = [name for name in reading.fields if name not in entity.column_names]
    selected += [f"{reading.fields[name].text} AS {quoted(name)}" for name in extras]
    selected.append(f"{reading.file_name} AS {FILE_COLUMN}")
    if reading.broken:
        selected.append(f"{reading.broken[0]} AS {_BROKEN}")
    if with_line:
        selected.append(f"{reading.line} AS {_LINE}")
    cases = " ".join(f"WHEN {check.is_bad} THEN {index}" for index, check in enumerate(checks))
    rows = f"(SELECT {', '.join(selected)} FROM {reading.relation}) AS typed"
    if entity.has_known_stage:
        rows = (
            "(SELECT typed.*, coalesce(typed.pipeline, (SELECT any_value(pipeline) FROM opportunity_pipelines AS known "
            f"WHERE known.opportunity_id = typed.opportunity_id)) AS {_KNOWN_PIPELINE} FROM {rows})"
        )
    # DuckDB moves a filter on the problem to before the values, which are then computed again for each check that names
    # them: 6.2 s of processor time instead of 1.6 for a million calls. It moves none that is not deterministic.
    cases += " WHEN random() < 0 THEN -1"
    return f"SELECT *, CASE {cases} END AS {_PROBLEM} FROM {rows}"


def typed_value(column_type: ColumnType, field: FileField) -> str:
    """SQL that reads a field as the type, in the landing contract's forms; null where it cannot be read."""
    expression, type_, text = field.expression, field.type, field.text
    match column_type:
        case ColumnType.TEXT:
            return text
        case ColumnType.BOOLEAN:
            if type_ == "BOOLEAN":
                return expression
            return f"CASE lower({text}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case ColumnType.DATE:
            if type_ == "DATE" or type_.startswith("TIMESTAMP"):
                return f"TRY_CAST({expression} AS DATE)"
            return f"CASE WHEN regexp_full_match({text}, {literal(_DATE_FORM)}) THEN TRY_CAST({text} AS DATE) END"
        case ColumnType.TIMESTAMP:
            if type_ == "TIMESTAMP WITH TIME ZONE":
                # The instant as it is counted, without a call of ICU a row.
                return f"make_timestamp(epoch_us({expression}))"
            if type_.startswith("TIMESTAMP") or type_ == "DATE":
                return f"TRY_CAST({expression} AS TIMESTAMP)"
            return (
                f"CASE WHEN regexp_full_match({text}, {literal(TIMESTAMP_FORM)}) "
                f"THEN make_timestamp(epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))) END"
            )
        case ColumnType.INTEGER:
            # Through a decimal: DuckDB's cast to an integer rounds 1.5 without a word.
            number = (
                f"TRY_CAST({expression} AS DECIMAL(38, 10))" if type_ != "VARCHAR" else _number(text, "DECIMAL(38, 10)")
            )
            return f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({number} AS BIGINT) END"
        case _:
            if type_ != "VARCHAR":
                return f"TRY_CAST({expression} AS {column_type.value})"
            return _number(text, column_type.value)


def unreadable_as(column_type: ColumnType) -> str:
    """The reason of a field that is not in the landing contract's form of the type."""
    return f"not {_TYPE_NAMES[column_type]}"


def _number(text: str, type_: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER_FORM)}) THEN TRY_CAST({text} AS {type_}) END"


def _checks(entity: Entity, reading: Reading) -> list[RowCheck]:
    """All checks of a row, in the order of the columns; the first that is bad names the reason."""
    checks = [RowCheck("", _BROKEN, reading.broken[1])] if reading.broken else []
    for column in entity.columns:
        name, raw = quoted(column.name), _raw(column.name)
        field = reading.fields.get(column.name, _MISSING)
        by_mapping = f" ({field.place})" if field.place else ""
        if column.type is not ColumnType.TEXT:
            unreadable = field.unreadable or unreadable_as(column.type)
            checks.append(RowCheck(column.name, f"{raw} IS NOT NULL AND {name} IS NULL", unreadable + by_mapping))
        if column.beyond_limits:
            checks.append(RowCheck(column.name, *column.beyond_limits))
        if column.must_be_present:
            checks.append(RowCheck(column.name, f"{name} IS NULL", "required, but empty"))
        if column.accepted_values:
            accepted = ", ".join(literal(value) for value in column.accepted_values)
            reason = f"not one of {accepted}".replace("'", "")
            checks.append(RowCheck(column.name, f"{name} NOT IN ({accepted})", reason + by_mapping))
    checks += [RowCheck(rule.column, f"NOT ({rule.condition})", rule.reason) for rule in entity.rules]
    for group, column_name in entity.unique_within:
        other = " OR ".join(
            f"{quoted(key)} <> first_value({quoted(key)}) OVER (PARTITION BY {quoted(group)}, {quoted(column_name)})"
            for key in entity.key
        )
        checks.append(RowCheck(column_name, other, f"repeats the {column_name} of another row of the same {group}"))
    if entity.has_known_stage:
        checks.append(
            RowCheck(
                "stage",
                f"CASE WHEN {_KNOWN_PIPELINE} IS NULL THEN NOT list_contains(getvariable('known_stage_names'), stage) "
                f"ELSE NOT list_contains(getvariable('known_stages'), concat({_KNOWN_PIPELINE}, chr(31), stage)) END",
                UNKNOWN_STAGE,
            )
        )
    return checks


def _record_key(entity: Entity) -> str:
    """SQL of the key as it stands in the source, over examined records; null where nothing of it is there."""
    return f"nullif(left(concat_ws(', ', {', '.join(_raw(name) for name in entity.key)}), 200), '')"


def _stage_key(pipeline: str, stage: str) -> str:
    return f"{pipeline}\x1f{stage}"


def _quarantine_rows(connection: duckdb.DuckDBPyConnection, reading: Reading, entity: Entity) -> None:
    """Add the bad rows of a reading to `quarantined`: one more scan, only where there are some."""
    checks = _checks(entity, reading)
    values = " ".join(
        f"WHEN {index} THEN {_raw(check.column) if check.column else 'NULL'}" for index, check in enumerate(checks)
    )
    columns = " ".join(f"WHEN {index} THEN {literal(check.column)}" for index, check in enumerate(checks))
    reasons = " ".join(f"WHEN {index} THEN {literal(check.reason)}" for index, check in enumerate(checks))
    connection.execute(
        f"""
        INSERT INTO quarantined
        SELECT {literal(entity.name)}, {FILE_COLUMN}, {_LINE}, {_record_key(entity)},
               nullif(CASE {_PROBLEM} {columns} END, ''), left(CASE {_PROBLEM} {values} END, 200),
               CASE {_PROBLEM} {reasons} END
        FROM ({_examined(reading, entity, checks, with_line=True)}) WHERE {_PROBLEM} IS NOT NULL
        """
    )


def _quarantine_lines(connection: duckdb.DuckDBPyConnection, reading: Reading, entity: Entity) -> None:
    """Add the lines that are no records. Their text may hold personal data in any place."""
    for file, bad in zip(reading.files, reading.bad, strict=False):
        if not bad.lines:
            continue
        text = pa.string()
        columns = {
            "line": pa.array(bad.lines, pa.int64()),
            "column_name": pa.array(bad.columns, text),
            "value": pa.array(bad.values, text) if reading.keeps_text else pa.nulls(len(bad.values), text),
            "reason": pa.array(bad.reasons, text),
        }
        connection.register("bad_lines", pa.table(columns))
        connection.execute(
            f"""
            INSERT INTO quarantined
            SELECT {literal(entity.name)}, {literal(file.name)}, line, NULL, column_name, value, reason FROM bad_lines
            """
        )
        connection.unregister("bad_lines")
