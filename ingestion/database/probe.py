"""Whether a database answers: the login, and one row of each table that the mapping names, with its columns.

Does not belong here: reading tables (`ingestion.database.tables`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ingestion.api.options import SourceOptions
from ingestion.database.source import check
from ingestion.database.tables import Database
from ingestion.findings import Finding, State
from ingestion.landing.errors import LandingError
from ingestion.mapping import DATABASE, Mapping, Part, TableLayout, read_mapping
from ingestion.probing import Question, answers


def probe(options: SourceOptions) -> Iterator[Finding]:
    """Look at the tables of the mapping that the options name."""
    assert options.place
    try:
        mapping = read_mapping(options.place, DATABASE, options.is_complete)
        database = Database()
    except LandingError as error:
        yield Finding(State.FAULT, "settings", str(error))
        return
    tables = [part for parts in mapping.parts.values() for part in parts if isinstance(part.layout, TableLayout)]
    try:
        looks = [Question(part.entity.name, partial(_look, database, part)) for part in tables]
        yield from answers([Question("login", partial(_login, database)), *looks])
    finally:
        database.close()


def _login(database: Database) -> str:
    database.check_answers()
    return f"{database.name} answers"


def _look(database: Database, part: Part) -> str:
    check(database, Mapping({part.entity.name: (part,)}))
    assert isinstance(part.layout, TableLayout)
    database.check_readable(part.layout)
    return f"{part.layout.name} of {database.name} is readable"
