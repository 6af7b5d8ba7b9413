"""The tables of an API source as code, and pages of JSON as Arrow tables.

Belongs here: which fields of a record are read into which column. Does not belong here: requests
(`ingestion.api.client`), or what becomes of a table (`ingestion.api.resources`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.text import quoted

# One Arrow table of about this many pages: few enough for memory (100 records per page are at most a few MB), enough
# to spread the cost of a step, which is about 10 ms whatever its size.
PAGES_PER_BATCH = 50

# The column of every API table that says when its row was read from the system, naive UTC; all rows of a load share it.
LOADED_AT = "_loaded_at"


class FieldType(StrEnum):
    """How a field is read. All but the text are moments, and become naive UTC timestamps of microseconds."""

    TEXT = "text"
    ISO = "iso"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"
    RFC_2822 = "rfc_2822"


_READ_AS = {
    FieldType.TEXT: "{}",
    FieldType.ISO: "make_timestamp(epoch_us(TRY_CAST({} AS TIMESTAMPTZ)))",
    FieldType.EPOCH_SECONDS: "make_timestamp(CAST(TRY_CAST({} AS DECIMAL(20, 6)) * 1000000 AS BIGINT))",
    FieldType.EPOCH_MILLISECONDS: "make_timestamp(TRY_CAST({} AS BIGINT) * 1000)",
    FieldType.RFC_2822: "make_timestamp(epoch_us(try_strptime({}, '%a, %d %b %Y %H:%M:%S %z')))",
}


@dataclass(frozen=True)
class Field:
    """A column `name` of a raw table, read from the dotted `path` in a record, by default its name.

    A number, a boolean or a nested object is kept as the text that the system wrote. Only the cursor of a
    table has a type: a text column cannot break when a system changes its mind, and staging reads the type.
    `is_personal` marks data about a natural person (e-mail, phone, name).
    """

    name: str
    path: str = ""
    type: FieldType = FieldType.TEXT
    is_personal: bool = False

    @property
    def steps(self) -> list[str]:
        return (self.path or self.name).split(".")


@dataclass(frozen=True)
class ApiTable:
    """A raw table `raw.<source>__<name>` with one row per `key`.

    `cursor` names the column of the record's last change; a table without one `is_listed_whole` by each load, and
    gets a column `_is_gone`, true for the rows that the system has stopped listing. `entity` is the contract's
    entity that the records become: its custom fields are read below `custom_path` as further columns, and its
    freshness limit holds.
    """

    source: str
    name: str
    description: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    cursor: str = ""
    is_listed_whole: bool = False
    entity: str = ""
    custom_path: str | None = None

    @property
    def raw_name(self) -> str:
        return f"{self.source}__{self.name}"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

    def with_custom_fields(self, names: Iterable[str]) -> ApiTable:
        """The table with further text columns: the system's fields, named in snake case as dlt writes them.

        A name that is one of the table's columns already is not added again.
        """
        if self.custom_path is None:
            return self
        prefix = f"{self.custom_path}." if self.custom_path else ""
        added = [Field(custom_column(name), prefix + name) for name in names]
        return replace(self, fields=(*self.fields, *(each for each in added if each.name not in self.columns)))

    @property
    def structure(self) -> dict[str, Any]:
        """The records' shape for `read_json`, with what the fields need and nothing else."""
        shape: dict[str, Any] = {}
        for field in self.fields:
            *parents, leaf = field.steps
            inner = shape
            for step in parents:
                inner = inner.setdefault(step, {})
            inner[leaf] = "VARCHAR"
        return shape

    def select_list(self, record: str = "record") -> str:
        """SQL of the table's columns, from a record of the table's structure."""
        return ", ".join(
            f"{_READ_AS[field.type].format('.'.join([record, *map(quoted, field.steps)]))} AS {quoted(field.name)}"
            for field in self.fields
        )

    def read(self, bodies: Sequence[bytes], records_path: str) -> pa.Table:
        """The records of pages as an Arrow table. `records_path` is where the list of records is, dotted."""
        shape: Any = [self.structure]
        for step in reversed(records_path.split(".")):
            shape = {step: shape}
        at = ".".join(["body", *map(quoted, records_path.split("."))])
        return read_json(bodies, shape, f"SELECT {self.select_list()} FROM (SELECT unnest({at}) AS record FROM pages)")

    def empty(self) -> pa.Table:
        """An Arrow table with the columns and no row."""
        return pa.table(
            {
                field.name: pa.array([], pa.string() if field.type is FieldType.TEXT else pa.timestamp("us"))
                for field in self.fields
            }
        )


def custom_column(name: str) -> str:
    """The raw column of a system's field."""
    # dlt takes a second to import, and reports that load nothing know the tables too.
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    return str(NamingConvention().normalize_identifier(name))


def read_json(bodies: Sequence[bytes], structure: Mapping[str, Any], query: str) -> pa.Table:
    """Select from JSON documents by SQL, without a Python object per record.

    `structure` is the documents' shape: objects as mappings, lists as a list of one shape, every leaf "VARCHAR".
    `query` reads the relation `pages` with one row per document and its column `body` of that shape. What a document
    lacks is null, and what has another type than expected is text, or null where an object was expected.
    """
    with _reader().cursor() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("texts", pa.table({"text": pa.array(bodies, pa.binary()).cast(pa.string())}))
        shape = json.dumps(structure).replace("'", "''")
        pages = f"SELECT from_json(text, '{shape}') AS body FROM texts"
        return connection.execute(f"WITH pages AS ({pages}) {query}").to_arrow_table()


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    # To start a DuckDB takes 20 ms, and there is a page for each table, at least.
    return duckdb.connect()


def batched(bodies: Iterable[bytes], size: int = PAGES_PER_BATCH) -> Iterator[list[bytes]]:
    """Pages in lists of at most `size`."""
    batch: list[bytes] = []
    for body in bodies:
        batch.append(body)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
