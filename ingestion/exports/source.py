"""Exports as a dlt source: the files that a mapping names, merged into `raw` on the contract's keys.

Belongs here: which files belong to an entity. Does not belong here: opening them (`ingestion.exports.opening`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import dlt
import duckdb
from dlt.extract import DltResource, DltSource

from ingestion.api.options import SourceOptions
from ingestion.contract import ENTITIES, Entity
from ingestion.exports.opening import WORKBOOKS, Opener, file_kinds
from ingestion.landing.batches import Batch, Feed
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile, describe_file
from ingestion.landing.personal import Hiding
from ingestion.landing.reading import Reading
from ingestion.landing.resources import contract_resources, read_batches
from ingestion.mapping import EXPORTS, FileLayout, Mapping, MappingError, Part, read_mapping
from ingestion.mapping.inline import inline_file
from ingestion.personal import PersonalColumns

MAPPING_FILE = "mapping.yml"


@dlt.source(name=EXPORTS, max_table_nesting=0)
def exports_source(
    folder: Path,
    required: bool = True,
    personal: PersonalColumns | None = None,
    anew: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[DltResource]:
    """The folder of exports, with its `mapping.yml`, as a dlt source; the columns `personal` are hidden.

    The tables are those of the file source under the name `exports`. With `required` false, where another source
    gives what the contract requires, an entity that the mapping does not name is an empty table. A file is read
    again where it, or what the mapping says of it, changed, and with `anew`. Raises LandingError where the mapping, a
    file or a column that it names cannot be used.
    """
    hiding = Hiding(EXPORTS, personal or PersonalColumns())
    resource = dlt.resource(_batches, name="exports_batches", selected=False)
    batches = resource(folder, required, hiding, anew, progress)
    yield from contract_resources(EXPORTS, batches)


def source(options: SourceOptions) -> DltSource:
    """The source of the folder that the options name."""
    assert options.place
    return exports_source(options.place, options.is_complete, options.personal_columns, options.anew, options.progress)


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size in bytes and modification time in ns of every file of the folder, hidden ones left out."""
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder))
    files = [describe_file(path, folder) for path in paths]
    return [(file.name, file.size_bytes, file.mtime_ns) for file in files]


def unmapped(folder: Path) -> list[str]:
    """Exports that arrived or changed after the mapping did, and of which it says nothing: they are not read.

    Raises MappingError where the mapping cannot be read.
    """
    mapping = read_mapping(folder / MAPPING_FILE, EXPORTS, required=False)
    layouts = [part.layout for parts in mapping.parts.values() for part in parts if isinstance(part.layout, FileLayout)]
    layouts += [each.layout for parts in mapping.parts.values() for part in parts for each in part.lookups]
    patterns = [*(name for layout in layouts for name in layout.files), *mapping.ignored]
    known = {path for name in patterns for path in (folder / name, *folder.glob(name))}
    mapped_at = (folder / MAPPING_FILE).stat().st_mtime_ns
    return [
        name
        for name, _, mtime_ns in listing(folder)
        if folder / name not in known and mtime_ns > mapped_at and name.lower().endswith(file_kinds())
    ]


def _batches(
    folder: Path, required: bool, hiding: Hiding, anew: bool, progress: Callable[[str], None]
) -> Iterator[Batch]:
    def list_files(copies: Path) -> Feed:
        if not folder.is_dir():
            raise LandingError(
                f"the exports folder {folder} does not exist; make it and put your exports and {MAPPING_FILE} there, "
                "or let REPLINE_EXPORTS point to where they are"
            )
        mapping = read_mapping(folder / MAPPING_FILE, EXPORTS, required).marked(hiding.mark)
        files, parts = mapped_files(folder, mapping)
        opener = Opener(copies, lambda layout, place: _layout_files(folder, layout, place))

        def open_files(
            connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], entity: Entity
        ) -> list[Reading]:
            return [opener.open(connection, file, parts[entity.name, file.name]) for file in files]

        return Feed(EXPORTS, files, open_files, hiding)

    yield from read_batches(list_files, anew=anew, progress=progress)


def mapped_files(folder: Path, mapping: Mapping) -> tuple[dict[Entity, list[LandingFile]], dict[tuple[str, str], Part]]:
    """The files of each entity, and what the mapping says of each by entity and name. Raises MappingError."""
    parts: dict[tuple[str, str], Part] = {}
    return {entity: _files(folder, mapping, entity, parts) for entity in ENTITIES}, parts


def _files(folder: Path, mapping: Mapping, entity: Entity, parts: dict[tuple[str, str], Part]) -> list[LandingFile]:
    """The entity's files in the order of their names; notes in `parts` what the mapping says of each."""
    files: list[LandingFile] = []
    for part in mapping.of(entity):
        if isinstance(part.layout, FileLayout):
            found = _layout_files(folder, part.layout, part.place, _read_as(folder, part))
        else:
            found = [inline_file(folder / MAPPING_FILE, part)]
        for file in found:
            # A file that several parts read is a file of its own for each.
            name, number = file.name, 1
            while (entity.name, name) in parts:
                number += 1
                name = f"{file.name}#{number}"
            parts[entity.name, name] = part
            files.append(replace(file, name=name))
    return sorted(files, key=lambda file: file.name)


def _read_as(folder: Path, part: Part) -> str:
    """What changes how a part's files are read: what the mapping says, and what other files say that it looks up in."""
    looked_up = [file for each in part.lookups for file in _layout_files(folder, each.layout, f"{each.place},")]
    return " ".join([part.definition, *(file.content_hash() for file in looked_up)])


def _layout_files(folder: Path, layout: FileLayout, place: str, reading_hash: str = "") -> list[LandingFile]:
    return [_described(path, folder, layout, place, reading_hash) for path in _paths(folder, layout, place)]


def _described(path: Path, folder: Path, layout: FileLayout, place: str, reading_hash: str) -> LandingFile:
    file = describe_file(path, folder)
    if layout.sheet and path.suffix.lower() not in WORKBOOKS:
        raise MappingError(f"{place} names a sheet, but {file.name} is no workbook; nothing was loaded")
    name = f"{file.name}[{layout.sheet}]" if layout.sheet else file.name
    return replace(file, name=name, reading_hash=reading_hash)


def _paths(folder: Path, layout: FileLayout, place: str) -> list[Path]:
    paths: dict[Path, None] = {}
    for name in layout.files:
        # A name may hold brackets without being a pattern.
        candidates = [folder / name] if (folder / name).is_file() else folder.glob(name)
        found = sorted(path for path in candidates if path.is_file() and not _is_hidden(path, folder))
        if not found:
            there = ", ".join(name for name, *_ in listing(folder) if name != MAPPING_FILE) or "none"
            raise MappingError(
                f"{place} names {name}, and {folder} has no such file (files found: {there}); nothing was loaded"
            )
        paths.update(dict.fromkeys(found))
    for path in paths:
        if path.suffix.lower() not in file_kinds():
            raise MappingError(
                f"{place} names {path.name}, which is neither text nor a workbook "
                f"(allowed: {', '.join(file_kinds())}); nothing was loaded"
            )
    return list(paths)


def _is_hidden(path: Path, folder: Path) -> bool:
    """Office programs keep a lock file `~$book.xlsx` beside an open workbook."""
    return path.name.startswith("~$") or any(part.startswith(".") for part in path.relative_to(folder).parts)
