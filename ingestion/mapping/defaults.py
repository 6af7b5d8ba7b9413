"""What holds for a whole mapping where a part does not say otherwise: time zone, delimiter, encoding.

Belongs here: these three words. Does not belong here: files (`ingestion.mapping.layouts`) and columns (`.columns`).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.mapping.document import Place, Section

_DELIMITERS = {"tab": "\t", "\\t": "\t"}


@dataclass(frozen=True)
class Defaults:
    """What holds for all parts that do not say otherwise. `has_files`: their rows come from files, not from tables."""

    has_files: bool = True
    timezone: str | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"

    @classmethod
    def of(cls, document: Section, place: Place, has_files: bool) -> Defaults:
        """What stands at the top of a mapping. Raises MappingError."""
        found: dict[str, str] = {}
        for key, parse in (("timezone", parse_timezone), ("delimiter", parse_delimiter), ("encoding", parse_encoding)):
            if key in document:
                found[key] = parse(document[key], place.at(document, key))
        return cls(has_files, **found)


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


def parse_timezone(value: Any, place: Place) -> str:
    """A time zone by its name in the tz database. Raises MappingError."""
    text = place.text(value)
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        place.fail(f"{text!r} is no time zone such as Europe/Amsterdam")
    return text
