"""Where one column of the contract comes from and how it is read: a value under `columns` of a mapping.

Belongs here: the keys of one column, and which of them its type allows. Does not belong here: how its text is written
(`ingestion.mapping.form_sections`), or SQL (`.expressions`, `.forms`).
"""

from __future__ import annotations

from typing import Any

from ingestion.contract import Column, ColumnType
from ingestion.mapping.defaults import Defaults
from ingestion.mapping.document import Items, Place, Section, hint
from ingestion.mapping.form_sections import form_keys, parse_form
from ingestion.mapping.layouts import FILE_KEYS, parse_files
from ingestion.mapping.model import (
    Constant,
    EachForm,
    FirstOf,
    Form,
    FromColumn,
    Joined,
    LookedUp,
    Lookup,
    Origin,
    Replaced,
    Target,
)

# One of these says where a value comes from.
ORIGIN_KEYS = ("column", "value", "join", "first_of", "key", "hash")
_ORIGIN_KEYS = (*ORIGIN_KEYS, "separator", "values", "lookup")
# Parts of a key: rarely in a value, so that (a, b) and (a b) are two keys.
_KEY_SEPARATOR = "|"

# What becomes of the values of several lines that are one record.
_OF_GROUP = {
    ColumnType.TEXT: ("first", "last", "min", "max"),
    ColumnType.DATE: ("first", "last", "min", "max"),
    ColumnType.TIMESTAMP: ("first", "last", "min", "max"),
    ColumnType.BOOLEAN: ("first", "last", "any", "all"),
}
_NUMBER_OF_GROUP = ("sum", "min", "max", "first", "last")
_FIRST = "first"


def parse_target(value: Any, place: Place, column: Column, defaults: Defaults, is_grouped: bool = False) -> Target:
    """Where a column comes from and how it is read. Raises MappingError.

    `is_grouped`: several lines become one record, so that `of_group` may say what becomes of their values.
    """
    keys = form_keys(column.type)
    if not isinstance(value, Section):
        value = _section({"column": value}, {}, place.line) if isinstance(value, str) else place.section(value)
    place.section(value, (*_ORIGIN_KEYS, *keys, *(("of_group",) if is_grouped else ())))
    of_group = _of_group(value, place, column) if is_grouped else ""
    section = _without(value, ("of_group",))
    forms = _forms_of_parts(section, place, column, defaults)
    if forms is None:
        return Target(
            _origin(_without(section, keys), place, defaults),
            parse_form(section, place, column, defaults),
            of_group,
            place.line,
        )
    first_of = section["first_of"]
    parts = [_without(each, keys) if isinstance(each, Section) else each for each in first_of]
    plain = _section({"first_of": Items(parts, first_of.lines)}, value.lines, value.line)
    return Target(_origin(plain, place, defaults), EachForm(forms), of_group, place.line)


def _forms_of_parts(
    section: Section, place: Place, column: Column, defaults: Defaults
) -> tuple[Form | None, ...] | None:
    """How each part of a `first_of` is read, where one of them says so itself; else None."""
    parts = section.get("first_of")
    keys = form_keys(column.type)
    if not isinstance(parts, list) or not any(isinstance(each, Section) and set(keys) & set(each) for each in parts):
        return None
    for key in ("values", "lookup"):
        if key in section:
            place.at(section, key).fail(
                "this cannot stand beside parts that have a form of their own; move it into them"
            )
    at = place.at(section, "first_of")
    outer = _without(section, ORIGIN_KEYS)
    forms = []
    for number, each in enumerate(parts):
        is_own = isinstance(each, Section) and set(keys) & set(each)
        forms.append(parse_form(each if is_own else outer, at.at(parts, number) if is_own else place, column, defaults))
    return tuple(forms)


def _of_group(section: Section, place: Place, column: Column) -> str:
    allowed = _OF_GROUP.get(column.type, _NUMBER_OF_GROUP)
    if "of_group" not in section:
        if allowed is _NUMBER_OF_GROUP and column.type is not ColumnType.INTEGER:
            place.fail(f"'of_group' has to say what becomes of the numbers of several lines ({', '.join(allowed)})")
        return _FIRST
    at = place.at(section, "of_group")
    word = at.text(section["of_group"])
    if word not in allowed:
        at.fail(f"{word!r} is not known here{hint(word, allowed)}")
    return word


def _origin(value: Any, place: Place, defaults: Defaults) -> Origin:
    if isinstance(value, str):
        return FromColumn(value)
    section = place.section(value, _ORIGIN_KEYS)
    named = [key for key in ORIGIN_KEYS if key in section]
    if len(named) != 1:
        place.fail(f"exactly one of {', '.join(ORIGIN_KEYS)} has to say where the value comes from")
    [key] = named
    at = place.at(section, key)
    if "separator" in section and key not in ("join", "key"):
        place.at(section, "separator").fail("this means something only with 'join' or 'key'")
    origin: Origin
    match key:
        case "column":
            origin = FromColumn(at.text(section[key]))
        case "value":
            origin = Constant(at.text(section[key]))
        case "first_of":
            origin = FirstOf(_origins(section[key], at, defaults))
        case "join":
            separator = place.at(section, "separator").text(section.get("separator", " "))
            origin = Joined(_origins(section[key], at, defaults), separator)
        case _:
            separator = place.at(section, "separator").text(section.get("separator", _KEY_SEPARATOR))
            origin = Joined(_origins(section[key], at, defaults), separator, is_key=True, is_hashed=key == "hash")
    return _looked_up(_replaced(origin, section, place), section, place, defaults)


def _origins(value: Any, place: Place, defaults: Defaults) -> tuple[Origin, ...]:
    if not isinstance(value, list) or not value:
        place.fail("this has to be a list, of column names or of sections such as {value: text}")
    return tuple(_origin(each, place.at(value, number), defaults) for number, each in enumerate(value))


def _replaced(origin: Origin, section: Section, place: Place) -> Origin:
    if "values" not in section:
        return origin
    at = place.at(section, "values")
    values = at.section(section["values"])
    for word, becomes in values.items():
        if becomes is not None:
            at.at(values, word).text(becomes)
    return Replaced(origin, tuple(values.items()))


def _looked_up(origin: Origin, section: Section, place: Place, defaults: Defaults) -> Origin:
    if "lookup" not in section:
        return origin
    at = place.at(section, "lookup")
    if not defaults.has_files:
        at.fail("only files can be looked up in; join the tables in a view of the database and name that as `table`")
    lookup = at.section(section["lookup"], (*FILE_KEYS, "key", "value"))
    for key, meaning in (("key", "what is looked up"), ("value", "what comes in its place")):
        if key not in lookup:
            at.fail(f"{key!r} is missing: name the column of the file that has {meaning}")
    key, value = (at.at(lookup, key).text(lookup[key]) for key in ("key", "value"))
    return LookedUp(origin, Lookup(parse_files(lookup, at, defaults), key, value, at.short))


def _without(section: Section, keys: tuple[str, ...]) -> Section:
    return _section({key: each for key, each in section.items() if key not in keys}, section.lines, section.line)


def _section(values: dict[str, Any], lines: dict[str, int], line: int) -> Section:
    section = Section(values)
    section.lines, section.line = lines, line
    return section
