"""SQL of where a mapped column comes from, and the mapped fields of a file or table.

Belongs here: columns, constants, joins, keys, replacements, lookups. Does not belong here: dates, numbers and booleans
(`ingestion.mapping.forms`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dlt.common.normalizers.naming.snake_case import NamingConvention

from ingestion.landing.files import LandingFile
from ingestion.landing.reading import FileField, Reading, internal
from ingestion.mapping.document import MappingError
from ingestion.mapping.forms import as_text, read_as, read_first
from ingestion.mapping.model import (
    ANY_OTHER,
    Constant,
    EachForm,
    FirstOf,
    FromColumn,
    Joined,
    LookedUp,
    Lookup,
    Origin,
    Part,
    Replaced,
)
from ingestion.text import literal

# The columns of what is looked up; no column of a file has such a name.
LOOKUP_KEY = internal("key")
LOOKUP_VALUE = internal("value")

_NAMING = NamingConvention()


def mapped(
    reading: Reading,
    part: Part,
    columns: Mapping[str, FileField],
    is_sheet: bool = False,
    lookups: Mapping[Lookup, Path] | None = None,
) -> Reading:
    """The reading with the contract's columns, made of the columns that the file or table has.

    `lookups` are Parquet files with the columns LOOKUP_KEY and LOOKUP_VALUE, a row per key.
    Raises MappingError where a column that the mapping names is not there.
    """
    check_columns(reading.file, part, columns)
    types = {column.name: column.type for column in part.entity.columns}
    found = _Found(columns, reading.relation, lookups or {})
    fields = {}
    for name, target in part.targets.items():
        if isinstance(target.form, EachForm):
            assert isinstance(target.origin, FirstOf)
            field = read_first(
                types[name], [_field(each, found) for each in target.origin.parts], target.form, is_sheet
            )
        else:
            field = read_as(types[name], _field(target.origin, found), target.form, is_sheet)
        fields[name] = replace(field, place=part.place_of_target(name))
    fields.update({extra_name(name): as_text(columns[name]) for name in part.keep})
    return replace(reading, relation=found.relation, fields=fields)


class _Found:
    """What values are made of: the columns of a file, and a relation to which what is looked up is joined.

    A join is made once for a text, while a subquery would stand wherever the value is named.
    """

    def __init__(self, columns: Mapping[str, FileField], relation: str, lookups: Mapping[Lookup, Path]) -> None:
        self.columns, self.relation, self._lookups = columns, relation, lookups
        self._joined: dict[tuple[Lookup, str], str] = {}

    def look_up(self, lookup: Lookup, text: str) -> str:
        """The SQL of what stands for a text."""
        if (lookup, text) not in self._joined:
            name = internal(f"looked_up_{len(self._joined)}")
            rows = f"read_parquet({literal(str(self._lookups[lookup]))}, hive_partitioning = false)"
            self.relation = (
                f"(SELECT records.*, found.{LOOKUP_VALUE} AS {name} FROM {self.relation} AS records "
                f"LEFT JOIN {rows} AS found ON found.{LOOKUP_KEY} = {text})"
            )
            self._joined[lookup, text] = name
        return self._joined[lookup, text]


def check_columns(file: LandingFile, taken: Part | Lookup, columns: Mapping[str, FileField]) -> None:
    """Raise MappingError where a column that the mapping takes of a file or table is not there."""
    missing = [name for name in taken.columns if name not in columns]
    if missing:
        near = difflib.get_close_matches(missing[0], columns, n=1)
        raise MappingError(
            f"{taken.place_of(missing[0])} takes the column {missing[0]!r}, which {file.name} does not have"
            + (f"; did you mean {near[0]!r}?" if near else "")
            + f" (columns found: {', '.join(map(repr, columns)) or 'none'}); nothing was loaded"
        )


def extra_name(column: str) -> str:
    """The raw table's name of a column beyond the contract."""
    return _NAMING.normalize_identifier(column)


def _field(origin: Origin, found: _Found) -> FileField:
    match origin:
        case FromColumn(name):
            return found.columns[name]
        case Constant(text):
            return FileField(literal(text), "VARCHAR")
        case Joined(parts, separator, is_key, is_hashed):
            texts = [_text(part, found) for part in parts]
            joined = f"concat_ws({literal(separator)}, {', '.join(texts)})"
            if is_hashed:
                joined = f"md5({joined})"
            is_empty = (" OR " if is_key else " AND ").join(f"{text} IS NULL" for text in texts)
            return FileField(f"CASE WHEN NOT ({is_empty}) THEN {joined} END", "VARCHAR")
        case FirstOf(parts):
            fields = [_field(part, found) for part in parts]
            if len({field.type for field in fields}) == 1 and fields[0].type != "VARCHAR":
                return FileField(f"coalesce({', '.join(field.expression for field in fields)})", fields[0].type)
            return FileField(f"coalesce({', '.join(as_text(field).text for field in fields)})", "VARCHAR")
        case Replaced(inner, values):
            text = _text(inner, found)
            other = text
            cases = []
            for word, new in values:
                becomes = literal(new) if new is not None else "NULL"
                if word == ANY_OTHER:
                    other = f"CASE WHEN {text} IS NOT NULL THEN {becomes} END"
                else:
                    cases.append(
                        f"WHEN {text} IS NULL THEN {becomes}"
                        if word == ""
                        else f"WHEN {text} = {literal(word)} THEN {becomes}"
                    )
            return FileField(f"CASE {' '.join(cases)} ELSE {other} END" if cases else other, "VARCHAR")
        case LookedUp(inner, lookup):
            return FileField(found.look_up(lookup, _text(inner, found)), "VARCHAR")


def _text(origin: Origin, found: _Found) -> str:
    return as_text(_field(origin, found)).text
