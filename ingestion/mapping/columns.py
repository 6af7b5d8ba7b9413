"""Where one column of the contract comes from and how it is read: a value under `columns` of a mapping.

Belongs here: the keys of one column, and which of them its type allows. Does not belong here: their SQL
(`ingestion.mapping.expressions`, `.forms`).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.contract import Column, ColumnType
from ingestion.mapping.document import Place, Section
from ingestion.mapping.forms import date_pattern, duration_pattern
from ingestion.mapping.model import (
    BooleanForm,
    Constant,
    FirstOf,
    Form,
    FromColumn,
    Joined,
    NumberForm,
    Origin,
    Replaced,
    Target,
    TimeForm,
)

# One of these says where a value comes from.
ORIGIN_KEYS = ("column", "value", "join", "first_of", "key", "hash")
# Parts of a key: rarely in a value, so that (a, b) and (a b) are two keys.
_KEY_SEPARATOR = "|"

_UNITS = {
    ColumnType.SECONDS: {"seconds": "1", "milliseconds": "0.001", "minutes": "60.0", "hours": "3600.0"},
    ColumnType.FRACTION: {"fraction": "1", "percent": "0.01"},
}
_DELIMITERS = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class Defaults:
    """What holds for all parts that do not say otherwise."""

    timezone: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(cls, document: Section, place: Place) -> Defaults:
        """The defaults at the top of a mapping. Raises MappingError."""
        found: dict[str, str] = {}
        for key, parse in (("timezone", _timezone), ("delimiter", parse_delimiter), ("encoding", parse_encoding)):
            if key in document:
                found[key] = parse(document[key], place.at(document, key))
        return cls(**found)


def parse_delimiter(value: Any, place: Place) -> str:
    """What stands between two fields of a line: one character, or the word tab. Raises MappingError."""
    text = place.text(value)
    delimiter = _DELIMITERS.get(text, text)
    if len(delimiter) != 1 or delimiter in '"\r\n' or delimiter.isalnum():
        place.fail(f"{text!r} cannot stand between fields; write one character such as ';', or tab")
    return delimiter


def parse_encoding(value: Any, place: Place) -> str:
    """The name of an encoding that Python knows. Raises MappingError."""
    text = place.text(value)
    try:
        name = codecs.lookup(text).name
    except LookupError:
        place.fail(f"{text!r} is no encoding that is known (utf-8, utf-16, latin-1 and cp1252, Excel's, are)")
    return name


def parse_target(value: Any, place: Place, column: Column, defaults: Defaults) -> Target:
    """Where a column comes from and how it is read. Raises MappingError."""
    form_keys = _form_keys(column.type)
    section = value if isinstance(value, Section) else Section()
    if isinstance(value, Section):
        place.section(value, (*ORIGIN_KEYS, "separator", "values", *form_keys))
        plain = Section({key: each for key, each in value.items() if key not in form_keys})
        plain.lines, plain.line = value.lines, value.line
        origin = _origin(plain, place)
    else:
        section.lines, section.line = {}, place.line
        origin = _origin(value, place)
    return Target(origin, _form(section, place, column, defaults))


def _origin(value: Any, place: Place) -> Origin:
    if isinstance(value, str):
        return FromColumn(value)
    section = place.section(value, (*ORIGIN_KEYS, "separator", "values"))
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
            origin = FirstOf(_origins(section[key], at))
        case "join":
            separator = place.at(section, "separator").text(section.get("separator", " "))
            origin = Joined(_origins(section[key], at), separator)
        case _:
            separator = place.at(section, "separator").text(section.get("separator", _KEY_SEPARATOR))
            origin = Joined(_origins(section[key], at), separator, is_key=True, is_hashed=key == "hash")
    return _replaced(origin, section, place)


def _origins(value: Any, place: Place) -> tuple[Origin, ...]:
    if not isinstance(value, list) or not value:
        place.fail("this has to be a list, of column names or of sections such as {value: text}")
    return tuple(_origin(each, place.at(value, number)) for number, each in enumerate(value))


def _replaced(origin: Origin, section: Section, place: Place) -> Origin:
    if "values" not in section:
        return origin
    at = place.at(section, "values")
    values = at.section(section["values"])
    for word, becomes in values.items():
        if becomes is not None:
            at.at(values, word).text(becomes)
    return Replaced(origin, tuple(values.items()))


def _form_keys(column_type: ColumnType) -> tuple[str, ...]:
    match column_type:
        case ColumnType.TEXT:
            return ()
        case ColumnType.DATE:
            return ("format",)
        case ColumnType.TIMESTAMP:
            return ("format", "timezone")
        case ColumnType.BOOLEAN:
            return ("true", "false")
        case ColumnType.SECONDS:
            return ("format", "decimal", "thousands", "symbols", "unit")
        case ColumnType.FRACTION:
            return ("decimal", "thousands", "symbols", "unit")
        case _:
            return ("decimal", "thousands", "symbols")


def _form(section: Section, place: Place, column: Column, defaults: Defaults) -> Form | None:
    given = [key for key in _form_keys(column.type) if key in section]
    if column.type is ColumnType.TIMESTAMP and (given or defaults.timezone):
        zone = _timezone(section["timezone"], place.at(section, "timezone")) if "timezone" in section else None
        return TimeForm(_date_format(section, place), zone or defaults.timezone)
    if not given:
        return None
    match column.type:
        case ColumnType.DATE:
            return TimeForm(_date_format(section, place))
        case ColumnType.BOOLEAN:
            return _boolean_form(section, place)
        case ColumnType.SECONDS if "format" in section:
            if len(given) > 1:
                place.fail(f"'format' and {given[1]!r} cannot both hold; a duration is written in one way")
            return TimeForm(_duration_format(section, place))
        case _:
            return _number_form(section, place, column)


def _date_format(section: Section, place: Place) -> str | None:
    if "format" not in section:
        return None
    at = place.at(section, "format")
    text = at.text(section["format"])
    try:
        date_pattern(text)
    except ValueError as error:
        at.fail(str(error))
    for needed in (("%Y", "%y"), ("%m", "%b", "%B"), ("%d",)):
        if sum(text.count(sign) for sign in needed) != 1:
            at.fail(f"{text!r} needs exactly one of {', '.join(needed)}")
    if "%I" in text and "%p" not in text:
        at.fail("%I counts to 12, so that %p has to say whether it is before noon")
    return text


def _duration_format(section: Section, place: Place) -> str:
    at = place.at(section, "format")
    text = at.text(section["format"])
    try:
        _, factors = duration_pattern(text)
    except ValueError as error:
        at.fail(str(error))
    if not factors:
        at.fail(f"{text!r} names no hours, minutes or seconds (%H, %M, %S)")
    return text


def _number_form(section: Section, place: Place, column: Column) -> NumberForm:
    def text(key: str, default: str) -> str:
        return place.at(section, key).text(section[key]) if key in section else default

    decimal, thousands = text("decimal", "."), text("thousands", "")
    if decimal not in (".", ","):
        place.at(section, "decimal").fail(f"{decimal!r} has to be '.' or ','")
    if thousands and (len(thousands) != 1 or thousands.isalnum() or thousands == decimal):
        place.at(section, "thousands").fail(f"{thousands!r} has to be one sign other than the decimal sign {decimal!r}")
    symbols = place.at(section, "symbols").texts(section["symbols"]) if "symbols" in section else ()
    units = _UNITS.get(column.type, {})
    unit = text("unit", "")
    if unit and unit not in units:
        place.at(section, "unit").fail(f"{unit!r} is not known (allowed: {', '.join(units)})")
    return NumberForm(decimal, thousands, symbols, units.get(unit, "1"))


def _boolean_form(section: Section, place: Place) -> BooleanForm:
    words = {}
    for key in ("true", "false"):
        if key not in section:
            place.fail(f"{key!r} is missing: list its words; '*' stands for any other, '' for an empty field")
        words[key] = place.at(section, key).texts(section[key])
    both = {word.lower() for word in words["true"]} & {word.lower() for word in words["false"]}
    if both:
        place.fail(f"{min(both)!r} cannot be both true and false")
    return BooleanForm(words["true"], words["false"])


def _timezone(value: Any, place: Place) -> str:
    text = place.text(value)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        place.fail(f"{text!r} is no time zone such as Europe/Amsterdam")
    return text
