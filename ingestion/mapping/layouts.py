"""Where the rows of an entity are: the keys of a mapping that name files or a table.

Belongs here: files, sheets, encodings, tables, cursors. Does not belong here: columns (`ingestion.mapping.columns`).
"""

from __future__ import annotations

from ingestion.mapping.defaults import Defaults, parse_delimiter, parse_encoding
from ingestion.mapping.document import Place, Section
from ingestion.mapping.model import FileLayout, TableLayout

FILE_KEYS = ("file", "sheet", "header_row", "delimiter", "encoding")
TABLE_KEYS = ("table", "cursor", "overlap_seconds")

# What may stand between fields where nobody says what does.
COMMON_DELIMITERS = (",", ";", "\t", "|")

# Late changes: a transaction that lasts longer than this, and writes its rows' cursor when it begins, is missed.
DEFAULT_OVERLAP_SECONDS = 300


def parse_files(section: Section, place: Place, defaults: Defaults) -> FileLayout:
    """The files of a part of exports. Raises MappingError."""
    if "file" not in section:
        place.fail("'file' is missing: name the file, or a pattern or a list of files")
    files = parse_names(section, "file", place)
    sheet = place.at(section, "sheet").text(section["sheet"]) if "sheet" in section else None
    delimiter, encoding = defaults.delimiter, defaults.encoding
    if "delimiter" in section:
        delimiter = parse_delimiter(section["delimiter"], place.at(section, "delimiter"))
    if "encoding" in section:
        encoding = parse_encoding(section["encoding"], place.at(section, "encoding"))
    return FileLayout(files, sheet, _count(section, place, "header_row", 1, 1), delimiter, encoding)


def parse_names(section: Section, key: str, place: Place) -> tuple[str, ...]:
    """Names of files below the exports folder, or patterns of them. Raises MappingError."""
    at = place.at(section, key)
    names = at.texts(section[key])
    for name in names:
        if name.startswith(("/", "~")) or ".." in name.split("/") or "\\" in name:
            at.fail(f"{name!r} has to be a path below the exports folder, with /")
    return names


def parse_table(section: Section, place: Place) -> TableLayout:
    """The table of a part of a database. Raises MappingError."""
    if "table" not in section:
        place.fail("'table' is missing: name the table or view, as schema.table or table")
    name = place.at(section, "table").text(section["table"])
    schema, _, table = name.rpartition(".")
    if not table or (not schema and name.startswith(".")):
        place.at(section, "table").fail(f"{name!r} has to be schema.table or table")
    cursor = place.at(section, "cursor").text(section["cursor"]) if "cursor" in section else None
    if "overlap_seconds" in section and not cursor:
        place.at(section, "overlap_seconds").fail("this means nothing without a 'cursor'")
    overlap = _count(section, place, "overlap_seconds", DEFAULT_OVERLAP_SECONDS, 0)
    return TableLayout(table, schema or None, cursor, overlap if cursor else 0)


def _count(section: Section, place: Place, key: str, default: int, least: int) -> int:
    if key not in section:
        return default
    text = place.at(section, key).text(section[key])
    if not text.isdecimal() or int(text) < least:
        place.at(section, key).fail(f"{text!r} has to be a whole number of at least {least}")
    return int(text)
