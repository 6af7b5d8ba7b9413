"""Names and values as SQL writes them, and texts as a message of one line takes them.

Belongs here: what every room needs of it. Does not belong here: secrets (`ingestion.masking`).
"""

from __future__ import annotations

from pathlib import Path


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """An SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def one_line(text: str) -> str:
    """The text with line breaks and indents turned into single spaces."""
    return " ".join(text.split())


def rows_and_rate(rows: int, seconds: float) -> str:
    """How far something is, such as `12,000 rows, 4,000 a second`; no rate for less than a second."""
    return f"{rows:,} rows, {rows / seconds:,.0f} a second" if seconds >= 1 else f"{rows:,} rows"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, without its stop: DuckDB writes advice and hints below it."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
