"""Where somebody may be named: the raw tables that hold ids, names and addresses, and the columns that do.

Does not belong here: who of them is on the list (`ingestion.forgetting.finding`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from ingestion.api.tables import ApiTable
from ingestion.contract import ENTITIES, RAW_SCHEMA, Column, Entity
from ingestion.forgetting.model import Home, Kind
from ingestion.register import CONTRACT_SOURCES
from ingestion.text import literal, quoted

# SQL: their ids are replaced, so texts and what Repline saw of users itself hold these no more, either.
CONTRACT_SOURCE_NAMES = ", ".join(literal(source.name) for source in CONTRACT_SOURCES)


@dataclass(frozen=True)
class RawTable:
    """A raw table in the landing contract's shape. `texts` are its text columns: those of an earlier release may be
    fewer than the contract's."""

    source: str
    entity: Entity
    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{RAW_SCHEMA}.{quoted(f'{self.source}__{self.entity.name}')}"

    @property
    def shown(self) -> str:
        return f"{RAW_SCHEMA}.{self.source}__{self.entity.name}"

    def columns_of(self, kind: Kind) -> list[Column]:
        """The columns that hold ids of the kind."""
        named = (column for column in self.entity.columns if kind.is_named_by(column, self.entity))
        return [column for column in named if column.name in self.texts]

    @property
    def personal(self) -> tuple[str, ...]:
        """Columns that may say something about whoever the row is about."""
        others = {column.name for column in self.entity.columns if not column.is_personal}
        return tuple(name for name in self.texts if name not in others)


class Places:
    """The tables of a warehouse.

    `columns` are the text columns of each table by schema and name, none of Repline's or a library's own. `raw` are the
    raw tables in the contract's shape, `api` those of APIs with who has a row there, `seen` the schemas of what Repline
    saw of users itself.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home) -> None:
        self.columns = _text_columns(connection)
        self.seen = home.seen
        self.raw = [
            RawTable(source.name, entity, tuple(columns))
            for source in CONTRACT_SOURCES
            for entity in ENTITIES
            if (columns := self.columns.get((RAW_SCHEMA, f"{source.name}__{entity.name}")))
        ]
        # An API's tables hold its records as the system says them, whose ids stay: they lead nowhere once it, too,
        # has deleted the record.
        self.api = [
            (table, kind)
            for table in home.api_tables
            for kind in Kind
            if table.entity == kind.entity and (RAW_SCHEMA, table.raw_name) in self.columns
        ]

    @property
    def has_quarantine(self) -> bool:
        """Whether it is there; that of the first release, which the next load migrates, names no source."""
        return "source" in self.columns.get((RAW_SCHEMA, "quarantine"), ())

    def ids(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, source, and SQL of the ids (`id`), for each place that may name somebody."""
        has_quarantine = self.has_quarantine
        for raw in self.raw:
            for kind in Kind:
                for column in raw.columns_of(kind):
                    where = column.is_id_where or "true"
                    yield kind, raw.source, f"SELECT {column.name} AS id FROM {raw.name} WHERE {where}"
                    if column.is_key and has_quarantine:
                        yield (
                            kind,
                            raw.source,
                            f"SELECT unnest(string_split(record_key, ', ')) AS id FROM {RAW_SCHEMA}.quarantine"
                            f" WHERE source = {literal(raw.source)} AND entity = {literal(raw.entity.name)}",
                        )
        for table, kind in self.api:
            yield kind, table.source, f"SELECT {quoted(table.key[0])} AS id FROM {api_name(table)}"

    def people(self) -> str:
        """SQL of what users are called: source, id, word, and whether it is an address."""
        queries = ["SELECT NULL AS source, NULL AS id, NULL AS word, NULL AS is_address WHERE false"]
        for raw in self.raw:
            if raw.entity.name == Kind.USER.entity:
                for column, is_address in (("full_name", "false"), ("email", "true")):
                    queries.append(f"SELECT {literal(raw.source)}, user_id, {column}, {is_address} FROM {raw.name}")
        for table, kind in self.api:
            if kind is not Kind.USER:
                continue
            start = f"SELECT {literal(table.source)}, {quoted(table.key[0])}"
            names = [name for name in ("first_name", "last_name") if name in table.columns] or [
                name for name in ("name", "full_name") if name in table.columns
            ]
            if names:
                word = f"concat_ws(' ', {', '.join(map(quoted, names))})"
                queries.append(f"{start}, {word}, false FROM {api_name(table)}")
            for name in table.columns:
                if name.startswith("email"):
                    queries.append(f"{start}, {quoted(name)}, true FROM {api_name(table)}")
        return " UNION ALL ".join(queries)


def _text_columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """The text columns of each table, but none of Repline's or a library's own."""
    rows = connection.execute(
        """
        SELECT schema_name, table_name, column_name
        FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
        WHERE database_name = current_database() AND data_type = 'VARCHAR' AND NOT starts_with(column_name, '_')
        ORDER BY ALL
        """
    ).fetchall()
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in rows:
        columns.setdefault((schema, table), []).append(column)
    return columns


def api_name(table: ApiTable) -> str:
    return f"{RAW_SCHEMA}.{quoted(table.raw_name)}"
