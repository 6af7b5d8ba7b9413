"""SQL of where a mapped column comes from, and the mapped fields of a file or table.

Belongs here: columns, constants, joins, keys, replacements. Does not belong here: dates, numbers and booleans
(`ingestion.mapping.forms`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from dlt.common.normalizers.naming.snake_case import NamingConvention

from ingestion.landing.reading import FileField, Reading
from ingestion.mapping.document import MappingError
from ingestion.mapping.forms import as_text, read_as
from ingestion.mapping.model import ANY_OTHER, Constant, FirstOf, FromColumn, Joined, Origin, Part, Replaced
from ingestion.text import literal

_NAMING = NamingConvention()


def mapped(reading: Reading, part: Part, columns: Mapping[str, FileField], is_sheet: bool = False) -> Reading:
    """The reading with the contract's columns, made of the columns that the file or table has.

    Raises MappingError where one that the mapping names is not there.
    """
    missing = [name for name in part.columns if name not in columns]
    if missing:
        near = difflib.get_close_matches(missing[0], columns, n=1)
        raise MappingError(
            f"{part.place} takes the column {missing[0]!r}, which {reading.file.name} does not have"
            + (f"; did you mean {near[0]!r}?" if near else "")
            + f" (columns found: {', '.join(map(repr, columns)) or 'none'}); nothing was loaded"
        )
    types = {column.name: column.type for column in part.entity.columns}
    fields = {
        name: read_as(types[name], _field(target.origin, columns), target.form, is_sheet)
        for name, target in part.targets.items()
    }
    fields.update({extra_name(name): as_text(columns[name]) for name in part.keep})
    return replace(reading, fields=fields)


def extra_name(column: str) -> str:
    """The raw table's name of a column beyond the contract."""
    return _NAMING.normalize_identifier(column)


def _field(origin: Origin, columns: Mapping[str, FileField]) -> FileField:
    match origin:
        case FromColumn(name):
            return columns[name]
        case Constant(text):
            return FileField(literal(text), "VARCHAR")
        case Joined(parts, separator, is_key, is_hashed):
            texts = [_text(part, columns) for part in parts]
            joined = f"concat_ws({literal(separator)}, {', '.join(texts)})"
            if is_hashed:
                joined = f"md5({joined})"
            is_empty = (" OR " if is_key else " AND ").join(f"{text} IS NULL" for text in texts)
            return FileField(f"CASE WHEN NOT ({is_empty}) THEN {joined} END", "VARCHAR")
        case FirstOf(parts):
            fields = [_field(part, columns) for part in parts]
            if len({field.type for field in fields}) == 1 and fields[0].type != "VARCHAR":
                return FileField(f"coalesce({', '.join(field.expression for field in fields)})", fields[0].type)
            return FileField(f"coalesce({', '.join(as_text(field).text for field in fields)})", "VARCHAR")
        case Replaced(inner, values):
            text = _text(inner, columns)
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


def _text(origin: Origin, columns: Mapping[str, FileField]) -> str:
    return as_text(_field(origin, columns)).text
