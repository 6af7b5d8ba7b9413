"""How the text of a column is written: the keys of a mapping such as format, decimal, true.

Belongs here: which of these keys a type allows, and what they may say. Does not belong here: where the text comes from
(`ingestion.mapping.columns`), or the SQL that reads it (`.forms`).
"""

from __future__ import annotations

from ingestion.contract import Column, ColumnType
from ingestion.mapping.defaults import Defaults, parse_timezone
from ingestion.mapping.document import Place, Section
from ingestion.mapping.forms import date_pattern, duration_pattern
from ingestion.mapping.model import BooleanForm, Edge, Form, NumberForm, TimeForm

_UNITS = {
    ColumnType.SECONDS: {"seconds": "1", "milliseconds": "0.001", "minutes": "60.0", "hours": "3600.0"},
    ColumnType.FRACTION: {"fraction": "1", "percent": "0.01"},
}
_PERIODS = ("month", "quarter", "year")


def form_keys(column_type: ColumnType) -> tuple[str, ...]:
    """The keys that say how a text of the type is written."""
    match column_type:
        case ColumnType.TEXT:
            return ()
        case ColumnType.DATE:
            return ("format", "start_of", "end_of")
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


def parse_form(section: Section, place: Place, column: Column, defaults: Defaults) -> Form | None:
    """What the keys of a column's section say; None where they say nothing. Raises MappingError."""
    given = [key for key in form_keys(column.type) if key in section]
    if column.type is ColumnType.TIMESTAMP and (given or defaults.timezone):
        zone = parse_timezone(section["timezone"], place.at(section, "timezone")) if "timezone" in section else None
        return TimeForm(_date_format(section, place), zone or defaults.timezone)
    if not given:
        return None
    match column.type:
        case ColumnType.DATE:
            edge = _edge(section, place)
            return TimeForm(_date_format(section, place, edge), edge=edge)
        case ColumnType.BOOLEAN:
            return _boolean_form(section, place)
        case ColumnType.SECONDS if "format" in section:
            if len(given) > 1:
                place.fail(f"'format' and {given[1]!r} cannot both hold; a duration is written in one way")
            return TimeForm(_duration_format(section, place))
        case _:
            return _number_form(section, place, column)


def _edge(section: Section, place: Place) -> Edge | None:
    """The first or last day of a period that stands for the date."""
    keys = [key for key in ("start_of", "end_of") if key in section]
    if not keys:
        return None
    if len(keys) > 1:
        place.fail("'start_of' and 'end_of' cannot both hold")
    at = place.at(section, keys[0])
    period = at.text(section[keys[0]])
    if period not in _PERIODS:
        at.fail(f"{period!r} is not known (allowed: {', '.join(_PERIODS)})")
    return Edge(period, is_end=keys[0] == "end_of")


def _date_format(section: Section, place: Place, edge: Edge | None = None) -> str | None:
    if "format" not in section:
        return None
    at = place.at(section, "format")
    text = at.text(section["format"])
    try:
        date_pattern(text)
    except ValueError as error:
        at.fail(str(error))
    for needed in (("%Y", "%y"), ("%m", "%b", "%B"), ("%d",)):
        count = sum(text.count(sign) for sign in needed)
        # A month has no day: which one is meant is then said by start_of or end_of.
        if count > 1 or (count < 1 and not (edge and needed == ("%d",))):
            at.fail(
                f"{text!r} needs exactly one of {', '.join(needed)}"
                + (", or start_of or end_of: month" if needed == ("%d",) else "")
            )
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
