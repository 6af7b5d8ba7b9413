"""From the sections of a mapping file to what it says, with an error that names the place of whatever is wrong.

Belongs here: keys, what may stand where, what has to be there. Does not belong here: YAML itself
(`ingestion.mapping.document`), or whether files and columns exist (`.expressions`, `ingestion.exports`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, Entity
from ingestion.mapping.columns import parse_target
from ingestion.mapping.defaults import Defaults
from ingestion.mapping.document import Place, Section, check_filled, read_document
from ingestion.mapping.expressions import extra_name
from ingestion.mapping.layouts import FILE_KEYS, TABLE_KEYS, parse_files, parse_names, parse_table
from ingestion.mapping.model import FileLayout, InlineRows, Mapping, Part, TableLayout

EXPORTS = "exports"
DATABASE = "database"

_TOP_KEYS = {EXPORTS: ("timezone", "delimiter", "encoding", "ignore", "entities"), DATABASE: ("timezone", "entities")}
_PART_KEYS = {EXPORTS: (*FILE_KEYS, "where", "group_by"), DATABASE: TABLE_KEYS}


def read_mapping(file: Path, kind: str, required: bool = True) -> Mapping:
    """What the mapping file says, for EXPORTS (files) or a DATABASE (tables).

    With `required` false, where another source gives what the contract requires, no entity has to be there.
    Raises MappingError, which names file, line and place.
    """
    place = Place(file)
    document = place.section(read_document(file), _TOP_KEYS[kind])
    check_filled(document, place)
    defaults = Defaults.of(document, place, kind == EXPORTS)
    if "entities" not in document:
        place.fail("the section 'entities' is missing")
    at = place.at(document, "entities")
    entities = at.section(document["entities"], ENTITIES_BY_NAME)
    parts = {
        name: _parts(value, at.at(entities, name), ENTITIES_BY_NAME[name], kind, defaults)
        for name, value in entities.items()
    }
    missing = [entity.name for entity in ENTITIES if entity.is_required and entity.name not in parts]
    if required and missing:
        at.fail(f"the required entity {missing[0]} is missing; say where its rows are, or write them as `rows:`")
    return Mapping(parts, parse_names(document, "ignore", place) if "ignore" in document else ())


def _parts(value: Any, place: Place, entity: Entity, kind: str, defaults: Defaults) -> tuple[Part, ...]:
    if not isinstance(value, list):
        return (_part(value, place, entity, kind, defaults),)
    if not value:
        place.fail("this list is empty; leave the entity out where there is nothing to read")
    return tuple(_part(each, place.at(value, number), entity, kind, defaults) for number, each in enumerate(value))


def _part(value: Any, place: Place, entity: Entity, kind: str, defaults: Defaults) -> Part:
    if isinstance(value, Section) and "rows" in value:
        return _inline(place.section(value, ["rows"]), place, entity)
    section = place.section(value, (*_PART_KEYS[kind], "columns", "keep", "rows"))
    layout: FileLayout | TableLayout
    layout = parse_files(section, place, defaults) if kind == EXPORTS else parse_table(section, place)
    if "columns" not in section:
        place.fail("the section 'columns' is missing: say for each column of the contract where it comes from")
    at = place.at(section, "columns")
    columns = at.section(section["columns"], entity.column_names)
    where, group_by = _where(section, place), _group_by(section, place)
    targets = {
        column.name: parse_target(columns[column.name], at.at(columns, column.name), column, defaults, bool(group_by))
        for column in entity.columns
        if column.name in columns
    }
    _need_required(entity, set(targets), at)
    return Part(
        entity,
        layout,
        targets,
        _kept(section, place, entity),
        f"{place.short},",
        _fingerprint(repr(layout), repr(targets), repr(section.get("keep")), repr((where, group_by))),
        where,
        group_by,
        _places(section, place),
    )


def _where(section: Section, place: Place) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if "where" not in section:
        return ()
    at = place.at(section, "where")
    columns = at.section(section["where"])
    return tuple((name, at.at(columns, name).texts(words)) for name, words in columns.items())


def _group_by(section: Section, place: Place) -> tuple[str, ...]:
    return place.at(section, "group_by").texts(section["group_by"]) if "group_by" in section else ()


def _places(section: Section, place: Place) -> dict[str, str]:
    """Where columns of the file stand that nothing of the contract is made of."""
    found: dict[str, str] = {}
    for key in ("cursor", "group_by", "where", "keep"):
        if key in section:
            at, names = place.at(section, key), section[key]
            keys = {names: at} if isinstance(names, str) else {}
            if isinstance(names, Section):
                keys = {name: at.at(names, name) for name in names}
            elif isinstance(names, list):
                keys = {name: at.at(names, number) for number, name in enumerate(names)}
            found |= {name: f"{each.short}," for name, each in keys.items()}
    return found


def _inline(section: Section, place: Place, entity: Entity) -> Part:
    rows = section["rows"]
    at = place.at(section, "rows")
    if not isinstance(rows, list) or not rows:
        at.fail("this has to be a list of rows, each a section with columns of the contract")
    parsed: list[tuple[int, dict[str, str | None]]] = []
    for number, value in enumerate(rows):
        row_place = at.at(rows, number)
        row = row_place.section(value, entity.column_names)
        for name, text in row.items():
            if text is not None:
                row_place.at(row, name).text(text)
        parsed.append((row.line, dict(row)))
    _need_required(entity, {name for _, row in parsed for name in row}, at)
    return Part(
        entity,
        InlineRows(tuple(parsed)),
        {},
        place=f"{place.short},",
        definition=_fingerprint(*(repr(row) for _, row in parsed)),
    )


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _need_required(entity: Entity, given: set[str], place: Place) -> None:
    missing = [column.name for column in entity.columns if column.must_be_given and column.name not in given]
    if missing:
        place.fail(f"{', '.join(missing)} is missing, which {entity.name} requires")


def _kept(section: Section, place: Place, entity: Entity) -> tuple[str, ...]:
    if "keep" not in section:
        return ()
    at = place.at(section, "keep")
    names = at.texts(section["keep"])
    seen: dict[str, str] = {}
    for name in names:
        raw = extra_name(name)
        if raw in entity.column_names:
            at.fail(f"{name!r} would land as {raw}, which is a column of the contract; map it under `columns`")
        if raw.startswith("_"):
            at.fail(f"{name!r} would land as {raw}; names that begin with _ are Repline's own")
        if raw in seen:
            at.fail(f"{name!r} and {seen[raw]!r} would both land as {raw}; keep one of them")
        seen[raw] = name
    return names
