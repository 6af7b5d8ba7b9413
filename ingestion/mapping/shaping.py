"""Which rows of a file are records: those that a mapping chooses, and several lines as one.

Belongs here: `where` and `group_by`. Does not belong here: columns of the contract (`ingestion.mapping.expressions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from ingestion.contract import ColumnType
from ingestion.landing.conversion import typed_value
from ingestion.landing.errors import LandingError
from ingestion.landing.reading import FileField, Reading, internal, read_parquet
from ingestion.mapping.forms import as_text
from ingestion.mapping.model import ANY_OTHER, Part
from ingestion.text import literal

# Another name than a copy of a text has for its lines.
_LINE = internal("record_line")
_COUNT = internal("count")

# What becomes of the values of a group of lines; a value is null in lines that are empty there.
_VALUE_OF_GROUP = {
    "first": "min_by({value}, {line})",
    "last": "max_by({value}, {line})",
    "min": "min({value})",
    "max": "max({value})",
    "sum": "sum({value})",
    "any": "bool_or({value})",
    "all": "bool_and({value})",
}


def chosen(
    connection: duckdb.DuckDBPyConnection, reading: Reading, part: Part, columns: Mapping[str, FileField]
) -> Reading:
    """The reading with the rows that the mapping chooses, and their lines as a column of the relation.

    What is joined to a relation may change the order of its rows, so that they are numbered before. Raises
    LandingError where not every record of the file is found.
    """
    numbered = f"(SELECT *, {reading.line} AS {_LINE} FROM {reading.relation})"
    if not part.where:
        return replace(reading, relation=numbered, line=_LINE)
    condition = " AND ".join(_condition(columns[name], words) for name, words in part.where)
    relation = f"(SELECT * FROM {numbered} WHERE {condition})"
    found, kept = _counted(connection, f"count(*), count(*) FILTER (WHERE {condition})", numbered)
    _check_account(reading, found)
    return replace(reading, relation=relation, line=_LINE, records=(kept,))


def grouped(
    connection: duckdb.DuckDBPyConnection, reading: Reading, part: Part, columns: Mapping[str, FileField], target: Path
) -> Reading:
    """The mapped reading with one record for the lines that are alike in the columns `group_by`.

    The records are written to `target`. A line with an empty one of these is a record by itself. Where a value of one
    line cannot be read, the record cannot, and shows that value. Raises LandingError as `chosen` does.
    """
    keys = [as_text(columns[name]).text for name in part.group_by]
    types = {column.name: column.type for column in part.entity.columns}
    lines = [f"{reading.line} AS {_LINE}", *(f"{key} AS {internal(f'key_{n}')}" for n, key in enumerate(keys))]
    records = [f"min({_LINE}) AS {_LINE}", f"count(*) AS {_COUNT}"]
    fields: dict[str, FileField] = {}
    for name, field in reading.fields.items():
        type_ = types.get(name, ColumnType.TEXT)
        raw, value = internal(f"raw_{name}"), internal(f"value_{name}")
        lines += [f"{field.text} AS {raw}", f"{field.value or typed_value(type_, field)} AS {value}"]
        is_bad = f"{raw} IS NOT NULL AND {value} IS NULL"
        shown = f"coalesce(min_by({raw}, {_LINE}) FILTER (WHERE {is_bad}), min_by({raw}, {_LINE}))"
        of_group = _VALUE_OF_GROUP[part.targets[name].of_group if name in part.targets else "first"]
        result = of_group.format(value=value, line=_LINE)
        records += [
            f"{shown} AS {raw}",
            f"TRY_CAST(CASE WHEN NOT bool_or({is_bad}) THEN {result} END AS {type_.value}) AS {value}",
        ]
        is_text = type_ is ColumnType.TEXT
        fields[name] = (
            replace(field, expression=value, type="VARCHAR", value=None)
            if is_text
            else replace(field, expression=raw, type="VARCHAR", value=value)
        )
    alone = " OR ".join(f"{internal(f'key_{n}')} IS NULL" for n in range(len(keys)))
    by = [*(internal(f"key_{n}") for n in range(len(keys))), f"CASE WHEN {alone} THEN {_LINE} END"]
    connection.execute(
        f"""
        COPY (
            SELECT {", ".join(records)} FROM (SELECT {", ".join(lines)} FROM {reading.relation})
            GROUP BY {", ".join(by)} ORDER BY 1
        ) TO {literal(str(target))} (FORMAT parquet)
        """
    )
    written = read_parquet(connection, reading.file, target)
    [found] = _counted(connection, f"coalesce(sum({_COUNT}), 0)::BIGINT", written.relation)
    _check_account(reading, found)
    return replace(reading, path=target, relation=written.relation, line=_LINE, fields=fields, records=written.records)


def _condition(field: FileField, words: tuple[str, ...]) -> str:
    text = as_text(field).text
    listed = ", ".join(literal(word) for word in words if word not in (ANY_OTHER, ""))
    conditions = [f"coalesce({text} IN ({listed}), false)"] if listed else []
    if "" in words:
        conditions.append(f"{text} IS NULL")
    if ANY_OTHER in words:
        conditions.append(f"{text} IS NOT NULL")
    return f"({' OR '.join(conditions)})"


def _counted(connection: duckdb.DuckDBPyConnection, counts: str, relation: str) -> tuple[int, ...]:
    row = connection.execute(f"SELECT {counts} FROM {relation}").fetchone()
    return tuple(int(count) for count in row or ())


def _check_account(reading: Reading, found: int) -> None:
    """Before lines become less they are counted: by whom they are not read."""
    if found != sum(reading.records):
        raise LandingError(
            f"{reading.file.path} has {sum(reading.records):,} records, of which {found:,} could be told apart; look "
            "for stray quotes or control characters in it, nothing was loaded"
        )
