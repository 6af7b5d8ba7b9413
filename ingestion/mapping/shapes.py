"""What the values of a column look like: dates of which format, numbers of which form, booleans.

Belongs here: all readings that fit every value; the caller decides whether there is one. Does not belong here: names
of columns (`ingestion.mapping.guesses`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import datetime

from ingestion.mapping.forms import date_pattern, duration_pattern, number_pattern
from ingestion.mapping.model import NumberForm
from ingestion.mapping.synonyms import FALSE_WORDS, TRUE_WORDS

_DATES = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%y", "%m/%d/%y",
    "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p", ", %I:%M:%S %p")
_DURATIONS = ("%H:%M:%S", "%M:%S", "%Hh %Mm %Ss", "%Mm %Ss")
ISO = ""
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?)?")
_OFFSET = re.compile(r".*:\d{2}(\.\d+)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)")
_SYMBOLS = re.compile(r"[€$£¥₹]|\b[A-Z]{3}\b")
_PLAIN = NumberForm()
_NUMBERS = (
    _PLAIN,
    NumberForm(",", "."),
    NumberForm(".", ","),
    NumberForm(",", " "),
    NumberForm(".", " "),
    NumberForm(".", "'"),
)


def date_formats(values: Sequence[str]) -> list[str]:
    """The formats that every value fits; ISO stands for ISO 8601, which then is the only one."""
    if not values:
        return []
    if all(_ISO.fullmatch(value.strip()) for value in values):
        return [ISO]
    fitting = []
    for day, time in itertools.product(_DATES, _TIMES):
        pattern = re.compile(date_pattern(day + time))
        # The last value is of another kind as often as the first: most formats are out after two.
        if all(pattern.fullmatch(value) for value in (values[0], values[-1])) and all(
            pattern.fullmatch(value) and _is_moment(value, day + time) for value in values
        ):
            fitting.append(day + time)
    return fitting


def has_time_without_offset(values: Sequence[str]) -> bool:
    """Whether the values are moments of a clock that does not say where it stood."""
    return any(":" in value and not _OFFSET.fullmatch(value.strip()) for value in values)


def duration_formats(values: Sequence[str]) -> list[str]:
    """The formats of durations that every value fits; none where they are plain numbers."""
    patterns = {each: re.compile(duration_pattern(each)[0]) for each in _DURATIONS}
    return [each for each, pattern in patterns.items() if values and all(map(pattern.fullmatch, values))]


def number_forms(values: Sequence[str]) -> list[NumberForm]:
    """The forms in which every value is a number, of those that read a value differently one each."""
    symbols = tuple(sorted({found for value in values for found in _SYMBOLS.findall(value)}))
    readings: dict[tuple[str, ...], NumberForm] = {}
    for form in _NUMBERS:
        shown = NumberForm(form.decimal, form.thousands, symbols)
        pattern = re.compile(number_pattern(shown))
        texts = [_bare(value, symbols) for value in values]
        if texts and all(map(pattern.fullmatch, texts)):
            digits = (text.replace(form.thousands, "") if form.thousands else text for text in texts)
            readings.setdefault(tuple(_canonical(text.replace(form.decimal, ".")) for text in digits), shown)
    return list(readings.values())


def boolean_words(values: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The words for true and for false; None where a value is neither."""
    true = [value for value in values if value.lower() in TRUE_WORDS]
    false = [value for value in values if value.lower() in FALSE_WORDS]
    return (true, false) if values and len(true) + len(false) == len(values) else None


def _is_moment(value: str, format_: str) -> bool:
    try:
        datetime.strptime(" ".join(value.split()), format_)
    except ValueError:
        return False
    return True


def _bare(value: str, symbols: Sequence[str]) -> str:
    for symbol in symbols:
        value = value.replace(symbol, "")
    return value.replace("\u00a0", " ").replace("\u202f", " ").strip()


def _canonical(number: str) -> str:
    whole, _, fraction = number.partition(".")
    return f"{whole}.{fraction.rstrip('0')}"
