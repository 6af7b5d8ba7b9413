"""What a mapping says, as values: parts of entities, where a column comes from, how its text is read.

Belongs here: plain data. Does not belong here: YAML (`ingestion.mapping.parse`) or SQL (`.expressions`, `.forms`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ingestion.contract import Entity

# Stands in a list of values for any other value that is not empty.
ANY_OTHER = "*"


@dataclass(frozen=True)
class FromColumn:
    """The field of a column, by the name that it has in the file or table."""

    name: str


@dataclass(frozen=True)
class Constant:
    """One text for all rows."""

    text: str


@dataclass(frozen=True)
class Joined:
    """Texts one after the other. Empty ones are passed over; with `is_key`, one that is empty makes all empty.

    `is_hashed` takes the MD5 of the text: a key of fixed length that does not show what it was made of.
    """

    parts: tuple[Origin, ...]
    separator: str
    is_key: bool = False
    is_hashed: bool = False


@dataclass(frozen=True)
class FirstOf:
    """The first that is not empty."""

    parts: tuple[Origin, ...]


@dataclass(frozen=True)
class Replaced:
    """A text after a list of replacements; "" is an empty field, `*` any other value. Null empties the field."""

    origin: Origin
    values: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Lookup:
    """Files, and the columns of them that say for the texts in `key` which ones in `value` come in their place.

    `place` says where in the mapping it stands.
    """

    layout: FileLayout
    key: str
    value: str
    place: str = field(default="", repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the files that are read."""
        return (self.key, self.value)

    def place_of(self, column: str) -> str:
        """Where in the mapping it stands that a column of the file is taken."""
        return f"{self.place}.{'key' if column == self.key else 'value'},"


@dataclass(frozen=True)
class LookedUp:
    """What other files say for a text; empty where they do not have it."""

    origin: Origin
    lookup: Lookup


Origin: TypeAlias = FromColumn | Constant | Joined | FirstOf | Replaced | LookedUp


@dataclass(frozen=True)
class Edge:
    """The first day, or with `is_end` the last, of the month, quarter or year that a date is in."""

    period: str
    is_end: bool


@dataclass(frozen=True)
class TimeForm:
    """How a date, moment or duration is written; `format` in the signs of C's strftime, None for ISO 8601.

    `timezone` is where the clock stood that wrote moments without an offset; None is UTC. `edge` moves a date.
    """

    format: str | None = None
    timezone: str | None = None
    edge: Edge | None = None


@dataclass(frozen=True)
class NumberForm:
    """How a number is written. The contract's unit is `factor` times the one of the file (a decimal as text)."""

    decimal: str = "."
    thousands: str = ""
    symbols: tuple[str, ...] = ()
    factor: str = "1"


@dataclass(frozen=True)
class BooleanForm:
    """The words for true and false; "" is an empty field, `*` any other value."""

    true: tuple[str, ...]
    false: tuple[str, ...]


Form: TypeAlias = TimeForm | NumberForm | BooleanForm


@dataclass(frozen=True)
class EachForm:
    """How each part of a `FirstOf` is read."""

    forms: tuple[Form | None, ...]


@dataclass(frozen=True)
class Target:
    """Where a column of the contract comes from, and how it is read; without a form as the contract says.

    `of_group` is what becomes of the values of several lines that are one record: first, last, min, max, sum, any, all.
    `line` is that of the mapping.
    """

    origin: Origin
    form: Form | EachForm | None = None
    of_group: str = ""
    line: int = field(default=0, repr=False, compare=False)


@dataclass(frozen=True)
class FileLayout:
    """Files of exports: names or patterns below the folder, and how they are written.

    `sheet` is the sheet of a workbook, None for its only one. `header_row` counts the lines from 1. `encoding` is a
    name that Python knows. `delimiter` None: the one that splits the header into the columns that are mapped.
    """

    files: tuple[str, ...]
    sheet: str | None = None
    header_row: int = 1
    delimiter: str | None = None
    encoding: str = "utf-8"


@dataclass(frozen=True)
class TableLayout:
    """A table or view of a database.

    `cursor` is a column that grows with every change of a row: only rows from its last value on, less
    `overlap_seconds` where it is a moment, are read again. Without one the table is read whole.
    """

    table: str
    schema: str | None = None
    cursor: str | None = None
    overlap_seconds: int = 0

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table


@dataclass(frozen=True)
class InlineRows:
    """Rows that stand in the mapping itself: the line of each, and its texts by column."""

    rows: tuple[tuple[int, dict[str, str | None]], ...] = field(hash=False)


@dataclass(frozen=True)
class Part:
    """Where rows of an entity come from, and what becomes of their columns.

    `place` says where in the mapping it stands, `places` where it names columns of the file that no target is made of
    (`keep`, `where`, `group_by`, `cursor`). `keep` are columns beyond the contract that land as text. `where` names
    columns with the texts that a row has to have there, "" and `*` as in a `BooleanForm`; other rows are passed over.
    Rows that are alike in the columns `group_by` are one record.
    `definition` changes with whatever it says, and with nothing else.
    """

    entity: Entity
    layout: FileLayout | TableLayout | InlineRows
    targets: dict[str, Target] = field(hash=False)
    keep: tuple[str, ...] = ()
    place: str = ""
    definition: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    group_by: tuple[str, ...] = ()
    places: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file or table that are read, in the order of their first use."""
        names = [name for target in self.targets.values() for name in columns_of(target.origin)]
        return tuple(dict.fromkeys([*names, *self.keep, *(name for name, _ in self.where), *self.group_by]))

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """What is looked up in other files."""
        return tuple(dict.fromkeys(each for target in self.targets.values() for each in lookups_of(target.origin)))

    def place_of(self, column: str) -> str:
        """Where in the mapping it stands that a column of the file is taken."""
        for name, target in self.targets.items():
            if column in columns_of(target.origin):
                return f"{self.place_of_target(name)}, {self.entity.name}.columns.{name},"
        return self.places.get(column, self.place)

    def place_of_target(self, name: str) -> str:
        """The file and line where the mapping says how a column of the contract is made."""
        file = self.place.partition(",")[0]
        return f"{file}, line {self.targets[name].line}"


@dataclass(frozen=True)
class Mapping:
    """The parts of each entity, in the order of the file. `ignored` are files, or patterns of them, to pass over."""

    parts: dict[str, tuple[Part, ...]] = field(hash=False)
    ignored: tuple[str, ...] = ()

    def of(self, entity: Entity) -> tuple[Part, ...]:
        return self.parts.get(entity.name, ())

    def marked(self, mark: Callable[[Entity], str]) -> Mapping:
        """The mapping with what else changes how an entity is read in the definitions of its parts."""
        return Mapping(
            {
                name: tuple(replace(part, definition=part.definition + mark(part.entity)) for part in parts)
                for name, parts in self.parts.items()
            },
            self.ignored,
        )


def columns_of(origin: Origin) -> tuple[str, ...]:
    """The columns that a value is made of."""
    match origin:
        case FromColumn(name):
            return (name,)
        case Constant():
            return ()
        case Joined(parts) | FirstOf(parts):
            return tuple(name for part in parts for name in columns_of(part))
        case Replaced(inner) | LookedUp(inner):
            return columns_of(inner)


def lookups_of(origin: Origin) -> tuple[Lookup, ...]:
    """What is looked up for a value, in the order in which it is."""
    match origin:
        case Joined(parts) | FirstOf(parts):
            return tuple(lookup for part in parts for lookup in lookups_of(part))
        case Replaced(inner):
            return lookups_of(inner)
        case LookedUp(inner, lookup):
            return (*lookups_of(inner), lookup)
        case _:
            return ()
