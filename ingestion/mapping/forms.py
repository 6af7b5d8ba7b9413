"""SQL that reads a field in the form that a mapping names, and what to say of one that does not fit.

Belongs here: dates, moments, durations, numbers and booleans. Does not belong here: which column a field comes from
(`ingestion.mapping.expressions`), or the landing contract's own forms (`ingestion.landing.conversion`).

A text is compared with the whole form before it is read: DuckDB itself would read 03/01/25 with %Y as the year 25.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.contract import ColumnType
from ingestion.landing.conversion import TIMESTAMP_FORM, typed_value, unreadable_as
from ingestion.landing.reading import FileField
from ingestion.mapping.model import ANY_OTHER, BooleanForm, EachForm, Edge, Form, NumberForm, TimeForm
from ingestion.text import literal

# What a sign of a date format stands for, of those that DuckDB's strptime has.
DATE_SIGNS = {
    "%d": r"\d{1,2}",
    "%m": r"\d{1,2}",
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%b": r"[A-Za-z]{3}",
    "%B": r"[A-Za-z]{3,9}",
    "%a": r"[A-Za-z]{3}",
    "%A": r"[A-Za-z]{6,9}",
    "%%": "%",
}
TIME_SIGNS = {
    "%H": r"\d{1,2}",
    "%I": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%f": r"\d{1,6}",
    "%p": r"[AaPp][Mm]",
    "%z": r"([+-]\d{2}(:?\d{2})?)",
}
DURATION_SIGNS = {"%H": (r"(\d+)", 3600), "%M": (r"(\d+)", 60), "%S": (r"(\d+(?:\.\d+)?)", 1)}

# A cell of a sheet that holds a date or a time of day comes as this text; a time counts from the day 0 of Excel.
_CELL_FORM = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?"
_CELL_DAY_ZERO = "1899-12-31"
_HAS_OFFSET = r".*(Z|z|:\d{2}(\.\d+)?\s?[+-]\d{2}(:?\d{2})?)"

# Digits enough for the contract's amounts and rates after a change of unit.
_WIDE = "DECIMAL(30, 10)"


def read_as(column_type: ColumnType, field: FileField, form: Form | None, is_sheet: bool = False) -> FileField:
    """The field with the SQL of its value as the column's type.

    `is_sheet`: the text may stand for a cell of a spreadsheet, whose dates are dates whatever the form says.
    """
    match form:
        case None if column_type is ColumnType.DATE and field.type == "VARCHAR":
            return _read_time(column_type, field, TimeForm(), is_sheet)
        case None if column_type is ColumnType.TEXT:
            return as_text(field)
        case None:
            return field
        case TimeForm() if column_type is ColumnType.SECONDS:
            return _read_duration(field, form, is_sheet)
        case TimeForm():
            return _read_time(column_type, field, form, is_sheet)
        case NumberForm():
            return _read_number(column_type, field, form)
        case BooleanForm():
            return _read_boolean(field, form)


def read_first(column_type: ColumnType, fields: Sequence[FileField], forms: EachForm, is_sheet: bool) -> FileField:
    """The first field that is not empty, each with the SQL of its value as the column's type."""
    read = [read_as(column_type, field, form, is_sheet) for field, form in zip(fields, forms.forms, strict=True)]
    texts = [as_text(field).text for field in read]
    cases = " ".join(
        f"WHEN {text} IS NOT NULL THEN {field.value or typed_value(column_type, field)}"
        for text, field in zip(texts, read, strict=True)
    )
    reasons = dict.fromkeys(field.unreadable or unreadable_as(column_type) for field in read)
    return FileField(f"coalesce({', '.join(texts)})", "VARCHAR", f"CASE {cases} END", " or ".join(reasons))


def as_text(field: FileField) -> FileField:
    """The field as text; whole numbers without the point that a floating one would show, for they may be ids."""
    if field.type not in ("DOUBLE", "FLOAT"):
        return FileField(field.text, "VARCHAR")
    number = field.expression
    # Above 2^53 a double holds no id any more.
    is_whole = f"{number} = trunc({number}) AND abs({number}) < 9007199254740992"
    return FileField(
        f"CASE WHEN {is_whole} THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE {field.text} END", "VARCHAR"
    )


def _read_time(column_type: ColumnType, field: FileField, form: TimeForm, is_sheet: bool) -> FileField:
    unreadable = f"does not fit the format {form.format}" if form.format else None
    if field.type != "VARCHAR":
        value = typed_value(column_type, field)
        has_offset = field.type == "TIMESTAMP WITH TIME ZONE"
        if column_type is ColumnType.TIMESTAMP and not has_offset:
            value = _utc(value, form.timezone)
        return replace(field, value=_moved(value, form.edge), unreadable=unreadable)
    text = field.text
    values = []
    if form.format:
        moment = f"try_strptime({text}, {literal(form.format)})"
        if "%z" in form.format:
            moment = f"make_timestamp(epoch_us({moment}))"
        elif column_type is ColumnType.TIMESTAMP:
            moment = _utc(moment, form.timezone)
        values.append(_where_fits(text, date_pattern(form.format), f"CAST({moment} AS {column_type.value})"))
    elif column_type is ColumnType.DATE:
        values.append(_where_fits(text, TIMESTAMP_FORM, f"TRY_CAST(left({text}, 10) AS DATE)"))
    else:
        local = _where_fits(text, TIMESTAMP_FORM, _utc(f"TRY_CAST({text} AS TIMESTAMP)", form.timezone))
        offset = f"regexp_full_match({text}, {literal(_HAS_OFFSET)})"
        values.append(f"CASE WHEN {offset} THEN {typed_value(column_type, field)} ELSE {local} END")
    if is_sheet and form.format:
        cell = f"TRY_CAST({text} AS TIMESTAMP)"
        if column_type is ColumnType.TIMESTAMP:
            cell = _utc(cell, form.timezone)
        values.append(_where_fits(text, _CELL_FORM, f"CAST({cell} AS {column_type.value})"))
    return replace(field, value=_moved(f"coalesce({', '.join(values)})", form.edge), unreadable=unreadable)


def _moved(day: str, edge: Edge | None) -> str:
    if edge is None:
        return day
    start = f"date_trunc('{edge.period}', {day})"
    return f"CAST({start}{f' + INTERVAL 1 {edge.period} - INTERVAL 1 day' if edge.is_end else ''} AS DATE)"


def _utc(moment: str, timezone: str | None) -> str:
    return f"make_timestamp(epoch_us(timezone({literal(timezone)}, {moment})))" if timezone else moment


def _read_duration(field: FileField, form: TimeForm, is_sheet: bool) -> FileField:
    assert form.format
    field = as_text(field)
    text = field.text
    pattern, factors = duration_pattern(form.format)
    seconds = " + ".join(
        f"TRY_CAST(regexp_extract({text}, {literal(pattern)}, {group}) AS DECIMAL(15, 3)) * {factor}"
        for group, factor in enumerate(factors, start=1)
    )
    values = [_where_fits(text, pattern, f"TRY_CAST({seconds} AS {ColumnType.SECONDS.value})")]
    if is_sheet:
        since_zero = f"epoch(TRY_CAST({text} AS TIMESTAMP)) - epoch(TIMESTAMP '{_CELL_DAY_ZERO}')"
        values.append(_where_fits(text, _CELL_FORM, f"TRY_CAST({since_zero} AS {ColumnType.SECONDS.value})"))
    value = f"coalesce({', '.join(values)})"
    return replace(field, value=value, unreadable=f"does not fit the format {form.format}")


def _read_number(column_type: ColumnType, field: FileField, form: NumberForm) -> FileField:
    if field.type != "VARCHAR":
        number = f"TRY_CAST({field.expression} AS {_WIDE})"
    else:
        text = field.text
        for symbol in form.symbols:
            text = f"replace({text}, {literal(symbol)}, '')"
        # Spaces of every width stand around currency signs, and between thousands.
        text = f"trim(translate({text}, {literal(chr(0xA0) + chr(0x202F))}, '  '))"
        digits = text
        if form.thousands:
            digits = f"replace({digits}, {literal(form.thousands)}, '')"
        if form.decimal != ".":
            digits = f"replace({digits}, {literal(form.decimal)}, '.')"
        number = _where_fits(text, number_pattern(form), f"TRY_CAST({digits} AS {_WIDE})")
    if form.factor != "1":
        number = f"{number} * {form.factor}"
    value = typed_value(column_type, FileField(number, _WIDE))
    return replace(field, value=value, unreadable=f"not a number {_described(form)}")


def _read_boolean(field: FileField, form: BooleanForm) -> FileField:
    field = as_text(field)
    cases = []
    for words, value in ((form.true, "true"), (form.false, "false")):
        listed = ", ".join(literal(word.lower()) for word in words if word not in (ANY_OTHER, ""))
        if listed:
            cases.append(f"WHEN lower({field.text}) IN ({listed}) THEN {value}")
        if "" in words:
            cases.append(f"WHEN {field.text} IS NULL THEN {value}")
    for words, value in ((form.true, "true"), (form.false, "false")):
        if ANY_OTHER in words:
            cases.append(f"WHEN {field.text} IS NOT NULL THEN {value}")
    known = ", ".join([f"{word} (true)" for word in form.true] + [f"{word} (false)" for word in form.false])
    return replace(field, value=f"CASE {' '.join(cases)} END", unreadable=f"not one of {known}")


def _where_fits(text: str, pattern: str, value: str) -> str:
    return f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN {value} END"


def date_pattern(format_: str) -> str:
    """The regular expression of all texts that a date format can mean. Raises ValueError for an unknown sign."""
    signs = {**DATE_SIGNS, **TIME_SIGNS}
    return r"\s*" + "".join(_of_sign(piece, signs) for piece in _pieces(format_)) + r"\s*"


def duration_pattern(format_: str) -> tuple[str, list[int]]:
    """The regular expression of a duration, and the seconds of a unit of each of its groups. Raises ValueError."""
    signs = {sign: pattern for sign, (pattern, _) in DURATION_SIGNS.items()}
    pieces = _pieces(format_)
    pattern = r"\s*" + "".join(_of_sign(piece, signs) for piece in pieces) + r"\s*"
    return pattern, [DURATION_SIGNS[piece][1] for piece in pieces if piece in DURATION_SIGNS]


def number_pattern(form: NumberForm) -> str:
    """The regular expression of a number: thousands in groups of three (or, in India, two) or not set apart."""
    whole = r"\d+"
    if form.thousands:
        whole = rf"(\d{{1,3}}({re.escape(form.thousands)}\d{{2,3}})*{re.escape(form.thousands)}\d{{3}}|\d+)"
    return rf"[+-]?\s*({whole}({re.escape(form.decimal)}\d*)?|{re.escape(form.decimal)}\d+)"


def _pieces(format_: str) -> list[str]:
    return re.findall(r"%.|[^%]+|%$", format_, flags=re.DOTALL)


def _of_sign(piece: str, signs: dict[str, str]) -> str:
    if not piece.startswith("%"):
        return re.escape(piece).replace(r"\ ", r"\s+")
    if piece not in signs:
        raise ValueError(f"{piece} is not known in a format (allowed: {', '.join(signs)})")
    return signs[piece]


def _described(form: NumberForm) -> str:
    parts = [f"with the decimal sign {form.decimal}"]
    if form.thousands:
        parts.append(
            f"thousands set apart by {form.thousands!r}"
            if form.thousands.isspace()
            else f"thousands set apart by {form.thousands}"
        )
    if form.symbols:
        parts.append(f"the signs {' '.join(form.symbols)}")
    return " and ".join(parts)
