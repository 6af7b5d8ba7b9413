"""A database as a dlt source: the tables that a mapping names, merged into `raw` on the contract's keys.

Belongs here: which rows of which table a load reads. Does not belong here: the connection
(`ingestion.database.tables`), or what is noted of a table (`.account`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.extract import DltResource, DltSource

from ingestion.api.options import Slice, SourceOptions
from ingestion.contract import Entity
from ingestion.database.account import settle
from ingestion.database.tables import Database, restored, stored
from ingestion.landing.batches import Batch, Feed, known_stages, read_batch, row_count
from ingestion.landing.files import LandingFile
from ingestion.landing.personal import Hiding
from ingestion.landing.reading import Reading, read_parquet
from ingestion.landing.resources import contract_resources, read_batches
from ingestion.mapping import DATABASE, InlineRows, Mapping, MappingError, Part, TableLayout, read_mapping
from ingestion.mapping.expressions import mapped
from ingestion.mapping.inline import inline_file, read_inline
from ingestion.personal import PersonalColumns


@dlt.source(name=DATABASE, section=DATABASE, max_table_nesting=0)
def database_source(
    mapping: Path,
    required: bool = True,
    this_slice: Slice | None = None,
    personal: PersonalColumns | None = None,
    anew: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[DltResource]:
    """The tables of a mapping as a dlt source; the database is the one of the secret `sources.database.credentials`.

    The raw tables are those of the file source under the name `database`. `this_slice` says how many rows of a table
    one load takes, and afterwards whether there are more. With `required` false, where another source gives what the
    contract requires, an entity that the mapping does not name is an empty table. The columns `personal` are hidden.
    With `anew`, tables are read from their beginning.
    Raises MappingError where the mapping, a table or a column that it names cannot be used, DatabaseError where the
    database does not answer.
    """
    hiding = Hiding(DATABASE, personal or PersonalColumns())
    taken = this_slice or Slice()
    resource = dlt.resource(_batches, name="database_batches", selected=False)
    batches = resource(mapping, required, taken, hiding, anew, progress)
    yield from contract_resources(DATABASE, batches)


def source(options: SourceOptions) -> DltSource:
    """The source of the mapping that the options name."""
    assert options.place
    return database_source(
        options.place,
        options.is_complete,
        options.slice,
        options.personal_columns,
        options.anew,
        options.progress,
    )


def _batches(
    mapping_file: Path,
    required: bool,
    this_slice: Slice,
    hiding: Hiding,
    anew: bool,
    progress: Callable[[str], None],
) -> Iterator[Batch]:
    mapping = read_mapping(mapping_file, DATABASE, required).marked(hiding.mark)
    cursors: dict[str, Any] = dlt.current.source_state().setdefault("cursors", {})
    if anew:
        cursors.clear()
    database = Database()
    try:
        check(database, mapping)
        reader: list[_Tables] = []

        def list_files(copies: Path) -> Feed:
            reader.append(_Tables(mapping_file, mapping, database, cursors, this_slice, copies, hiding))
            return reader[0].feed

        def read(
            connection: duckdb.DuckDBPyConnection, feed: Feed, entity: Entity, state: dict[str, Any], scratch: Path
        ) -> Batch | None:
            return reader[0].read(connection, entity, state, scratch)

        yield from read_batches(list_files, read, anew, progress)
    finally:
        database.close()


def check(database: Database, mapping: Mapping) -> None:
    """All tables and columns are there, before the first row is read."""
    for parts in mapping.parts.values():
        names: set[str] = set()
        for part in parts:
            if not isinstance(part.layout, TableLayout):
                continue
            if part.layout.name in names:
                raise MappingError(
                    f"{part.place} names {part.layout.name}, which another part of {part.entity.name} names too; "
                    "a table is read once for an entity, nothing was loaded"
                )
            names.add(part.layout.name)
            database.check_columns(part, part.layout)


def goes_on(part: Part, known: dict[str, Any] | None) -> bool:
    """Whether the mapping still reads a table as it did when `known` was noted of it: else it begins anew."""
    return known is not None and known["reading_hash"] == part.definition


class _Tables:
    """Reads the tables of a mapping, one entity after the other.

    `cursors` has the greatest value of each cursor that former loads saw, by entity and table, and is brought up to
    date.
    """

    def __init__(
        self,
        mapping_file: Path,
        mapping: Mapping,
        database: Database,
        cursors: dict[str, Any],
        this_slice: Slice,
        copies: Path,
        hiding: Hiding,
    ) -> None:
        self._mapping_file, self._mapping, self._database = mapping_file, mapping, database
        self._cursors, self._slice, self._copies = cursors, this_slice, copies
        self._parts: dict[tuple[str, str], Part] = {}
        self._files: dict[Entity, list[LandingFile]] = {}
        self.feed = Feed(DATABASE, self._files, self._open, hiding)

    def read(
        self, connection: duckdb.DuckDBPyConnection, entity: Entity, state: dict[str, Any], scratch: Path
    ) -> Batch | None:
        """What one load takes of the entity; None where nothing changed."""
        self._files.setdefault(entity, [])
        if row_count(connection, self.feed, entity) is None:
            state.clear()
        stages = [list(pair) for pair in known_stages(connection, self.feed)] if entity.has_known_stage else []
        before = copy.deepcopy(state)
        partial: set[str] = set()
        for part in self._mapping.of(entity):
            if isinstance(part.layout, InlineRows):
                file = inline_file(self._mapping_file, part)
            else:
                assert isinstance(part.layout, TableLayout)
                since = self._since(part, part.layout, state, stages)
                if since is not None:
                    partial.add(part.layout.name)
                file = self._fetch(part, part.layout, since, scratch)
            self._parts[entity.name, file.name] = part
            self._files[entity].append(file)
        self._files[entity].sort(key=lambda file: file.name)
        batch = read_batch(connection, self.feed, entity, state, scratch)
        settled = settle(connection, self.feed, batch, partial, scratch) if batch else None
        if settled is None:
            # Only the overlap was read again: no reason for dlt to write a new state.
            state.clear()
            state.update(before)
            return None
        for name in settled.with_unknown_stage:
            state[name]["stages"] = sorted(stages)
        return settled.batch

    def _since(self, part: Part, layout: TableLayout, state: dict[str, Any], stages: list[list[str]]) -> Any:
        """The cursor to go on from; None where the table has to be read from the start."""
        known = state.get(layout.name)
        if known is None or not goes_on(part, known):
            return None
        if known["stages"] is not None and known["stages"] != sorted(stages):
            return None
        return restored(self._cursors.get(f"{part.entity.name}/{layout.name}"))

    def _fetch(self, part: Part, layout: TableLayout, since: Any, scratch: Path) -> LandingFile:
        target = scratch / f"table-{len(self._files[part.entity]):03}.parquet"
        fetched = self._database.fetch(part, layout, since, self._slice.rows, target)
        if layout.cursor:
            self._cursors[f"{part.entity.name}/{layout.name}"] = stored(fetched.cursor)
        if fetched.is_cut:
            self._slice.is_cut = True
        # Each time it is another file, so its contents are compared with what was read before.
        stat = target.stat()
        return LandingFile(target, layout.name, stat.st_size, stat.st_mtime_ns, part.definition)

    def _open(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[LandingFile], entity: Entity
    ) -> list[Reading]:
        return [self._open_one(connection, file, entity) for file in files]

    def _open_one(self, connection: duckdb.DuckDBPyConnection, file: LandingFile, entity: Entity) -> Reading:
        part = self._parts[entity.name, file.name]
        if isinstance(part.layout, InlineRows):
            return read_inline(connection, file, part, self._copies)
        reading = read_parquet(connection, file, file.path)
        return mapped(reading, part, reading.fields)
