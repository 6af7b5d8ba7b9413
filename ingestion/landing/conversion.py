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

from ingestion.contract import UNKNOWN_STAGE, ColumnType, Entity
from ingestion.landing.files import LandingFile
from ingestion.landing.lines import number_lines
from ingestion.landing.reading import (
    FILE_COLUMN,
    Field,
    Reading,
    literal,
    parquet_row_count,
    quoted,
    reading_errors,
    take_rejects,
)

# DuckDB's casts take more than ISO 8601 ('12/11/10', 'infinity'), so the form is checked first.
_DATE_FORM = r"\d{4}-\d{2}-\d{2}"
TIMESTAMP_FORM = _DATE_FORM + r"([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?)?"
_NUMBER_FORM = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"

_TYPE_NAMES = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.AMOUNT: "a number of at most 14 digits before the point",
    ColumnType.RATE: "a number of at most 10 digits before the point",
    ColumnType.FRACTION: "a number",
    ColumnType.SECONDS: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATE: "an ISO 8601 date such as 2025-04-30",
    ColumnType.TIMESTAMP: "an ISO 8601 timestamp such as 2025-04-30T16:05:00Z",
}

# Stands for a column that the file does not have.
_MISSING = Field("NULL", "VARCHAR")


@dataclass(frozen=True)
class Check:
    """A condition under which a row is bad, over the typed columns and the raw fields `raw_<column>`."""

    column: str
    is_bad: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """A file after conversion: `rows` is a Parquet file of the good rows.

    The bad rows are in the connection's temporary table `quarantined`.
    """

    reading: Reading
    rows: Path
    rows_loaded: int
    rows_quarantined: int

    @property
    def file(self) -> LandingFile:
        return self.reading.file

    @property
    def rows_read(self) -> int:
        return self.rows_loaded + self.rows_quarantined


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
    """Write the good rows of a file to `target` as Parquet, typed as the contract says.

    `extras` are the columns beyond the contract that the result has, null where the file lacks them. Bad rows
    are added to the temporary table `quarantined` with their line (of a Parquet file: the number of the row,
    from 1). Raises LandingError where the file as a whole cannot be read.
    """
    file = reading.file
    checks = _checks(entity, reading)
    with reading_errors(file):
        written = connection.execute(
            f"COPY ({good_rows(reading, entity, extras)}) TO {literal(str(target))} (FORMAT parquet)"
        ).fetchone()
        rows_loaded = int(written[0]) if written else 0
        rows_rejected = 0
        if reading.has_rejects:
            take_rejects(connection)
            rejected = connection.execute("SELECT count(*) FROM rejected").fetchone()
            rows_rejected = int(rejected[0]) if rejected else 0
        if reading.format == "parquet":
            rows_bad = parquet_row_count(connection, reading.path) - rows_loaded
        else:
            bad = connection.execute(
                f"SELECT count(*) FROM ({_examined(reading, entity, checks)}) WHERE problem IS NOT NULL"
            ).fetchone()
            rows_bad = int(bad[0]) if bad else 0
            _forget_rejects(connection, reading)
        if rows_bad or rows_rejected:
            _quarantine(connection, reading, entity, checks, bool(rows_rejected))
    return Converted(reading, target, rows_loaded, rows_bad + rows_rejected)


def good_rows(reading: Reading, entity: Entity, extras: Sequence[str], with_row_number: bool = False) -> str:
    """SQL of the rows that load: the contract's columns, `_file`, then `extras`."""
    columns = [quoted(column.name) for column in entity.columns]
    columns.append(f"{literal(reading.file.name)} AS {FILE_COLUMN}")
    columns += [
        quoted(name) if name in reading.fields else f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in extras
    ]
    if with_row_number:
        columns.append("row_number")
    examined = _examined(reading, entity, _checks(entity, reading), with_row_number)
    return f"SELECT {', '.join(columns)} FROM ({examined}) WHERE problem IS NULL"


def record_keys(reading: Reading, entity: Entity) -> str:
    """SQL of the keys of all records, good or bad, as `record_key` of the quarantine writes them."""
    return f"SELECT {_record_key(entity)} AS record_key FROM ({_examined(reading, entity, [])})"


def _examined(reading: Reading, entity: Entity, checks: list[Check], with_row_number: bool = False) -> str:
    """SQL of all records: raw_<column>, typed <column>, extras, and `problem`, the index of the first bad check."""
    selected: list[str] = []
    for column in entity.columns:
        field = reading.fields.get(column.name, _MISSING)
        selected.append(f"{field.text} AS {quoted('raw_' + column.name)}")
        typed = field.value or typed_value(column.type, field)
        if column.null_means:
            typed = f"coalesce({typed}, {literal(column.null_means)})"
        selected.append(f"{typed} AS {quoted(column.name)}")
    extras = [name for name in reading.fields if name not in entity.column_names]
    selected += [f"{reading.fields[name].text} AS {quoted(name)}" for name in extras]
    if reading.broken:
        selected.append(f"{reading.broken[0]} AS is_broken")
    if with_row_number:
        selected.append(f"{reading.row_number} AS row_number")
    cases = " ".join(f"WHEN {check.is_bad} THEN {index}" for index, check in enumerate(checks))
    # The CSV reader validates only the columns that a query uses: every scan has to use them all, or two
    # scans of one file would disagree on which lines are not UTF-8. This condition is never true.
    texts = [
        column.name for column in entity.columns if column.type is ColumnType.TEXT and column.name in reading.fields
    ]
    used = [*texts, *extras] if reading.has_rejects else []
    uses_all = " OR ".join(f"length({quoted(name)}) < 0" for name in used) or "false"
    cases += f" WHEN {uses_all} THEN -1"
    rows = f"(SELECT {', '.join(selected)} FROM {reading.relation}) AS typed"
    if entity.has_known_stage:
        rows = (
            "(SELECT typed.*, coalesce(typed.pipeline, (SELECT any_value(pipeline) FROM opportunity_pipelines AS known "
            f"WHERE known.opportunity_id = typed.opportunity_id)) AS known_pipeline FROM {rows})"
        )
    return f"SELECT *, CASE {cases} END AS problem FROM {rows}"


def typed_value(column_type: ColumnType, field: Field) -> str:
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
                return f"CAST({expression} AS DATE)"
            return f"CASE WHEN regexp_full_match({text}, {literal(_DATE_FORM)}) THEN TRY_CAST({text} AS DATE) END"
        case ColumnType.TIMESTAMP:
            if type_ == "TIMESTAMP WITH TIME ZONE":
                # The instant as it is counted, without a call of ICU a row.
                return f"make_timestamp(epoch_us({expression}))"
            if type_.startswith("TIMESTAMP") or type_ == "DATE":
                return f"CAST({expression} AS TIMESTAMP)"
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


def _number(text: str, type_: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {literal(_NUMBER_FORM)}) THEN TRY_CAST({text} AS {type_}) END"


def _checks(entity: Entity, reading: Reading) -> list[Check]:
    """All checks of a row, in the order of the columns; the first that is bad names the reason."""
    checks = [Check("", "is_broken", reading.broken[1])] if reading.broken else []
    for column in entity.columns:
        name, raw = quoted(column.name), quoted("raw_" + column.name)
        if column.type is not ColumnType.TEXT:
            unreadable = reading.fields.get(column.name, _MISSING).unreadable or f"not {_TYPE_NAMES[column.type]}"
            checks.append(Check(column.name, f"{raw} IS NOT NULL AND {name} IS NULL", unreadable))
        if column.must_be_present:
            checks.append(Check(column.name, f"{name} IS NULL", "required, but empty"))
        if column.accepted_values:
            accepted = ", ".join(literal(value) for value in column.accepted_values)
            checks.append(Check(column.name, f"{name} NOT IN ({accepted})", f"not one of {accepted}".replace("'", "")))
    checks += [Check(rule.column, f"NOT ({rule.condition})", rule.reason) for rule in entity.rules]
    for group, column_name in entity.unique_within:
        other = " OR ".join(
            f"{quoted(key)} <> first_value({quoted(key)}) OVER (PARTITION BY {quoted(group)}, {quoted(column_name)})"
            for key in entity.key
        )
        checks.append(Check(column_name, other, f"repeats the {column_name} of another row of the same {group}"))
    if entity.has_known_stage:
        checks.append(
            Check(
                "stage",
                "CASE WHEN known_pipeline IS NULL THEN NOT list_contains(getvariable('known_stage_names'), stage) "
                "ELSE NOT list_contains(getvariable('known_stages'), concat(known_pipeline, chr(31), stage)) END",
                UNKNOWN_STAGE,
            )
        )
    return checks


def _record_key(entity: Entity) -> str:
    """SQL of the key as it stands in the source, over examined records; null where nothing of it is there."""
    return f"nullif(left(concat_ws(', ', {', '.join(quoted('raw_' + name) for name in entity.key)}), 200), '')"


def _stage_key(pipeline: str, stage: str) -> str:
    return f"{pipeline}\x1f{stage}"


def _forget_rejects(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    if reading.has_rejects:
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def _quarantine(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    entity: Entity,
    checks: list[Check],
    has_rejects: bool,
) -> None:
    """Add the bad rows of a file to `quarantined`: one more scan, only for a file that has some."""
    values = " ".join(
        f"WHEN {index} THEN {quoted('raw_' + check.column) if check.column else 'NULL'}"
        for index, check in enumerate(checks)
    )
    columns = " ".join(f"WHEN {index} THEN {literal(check.column)}" for index, check in enumerate(checks))
    reasons = " ".join(f"WHEN {index} THEN {literal(check.reason)}" for index, check in enumerate(checks))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE bad_rows AS
        SELECT row_number, {_record_key(entity)} AS record_key, nullif(CASE problem {columns} END, '') AS column_name,
               left(CASE problem {values} END, 200) AS value, CASE problem {reasons} END AS reason
        FROM ({_examined(reading, entity, checks, with_row_number=True)}) WHERE problem IS NOT NULL
        """
    )
    _forget_rejects(connection, reading)
    origin = f"{literal(entity.name)}, {literal(reading.file.name)}"
    if reading.format == "parquet":
        connection.execute(
            f"INSERT INTO quarantined SELECT {origin}, row_number, record_key, column_name, value, reason FROM bad_rows"
        )
        return
    number_lines(connection, reading.path, reading.format == "csv", reading.lines_before)
    connection.execute(
        f"""
        INSERT INTO quarantined
        SELECT {origin}, line, record_key, column_name, value, reason FROM bad_rows JOIN record_lines USING (row_number)
        """
    )
    if has_rejects:
        connection.execute(
            f"""
            INSERT INTO quarantined
            SELECT {origin}, line, NULL, column_name, value, reason FROM rejected JOIN record_lines USING (record)
            """
        )
