"""Rows of a database's tables as Parquet files, whole or from a cursor on.

Belongs here: connecting, dlt's `sql_table`, errors without secrets. Does not belong here: what was read before
(`ingestion.database.source`), or what rows mean.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.sources.credentials import ConnectionStringCredentials
from dlt.sources.sql_database import sql_table

from ingestion.landing.errors import LandingError
from ingestion.mapping import MappingError, Part, TableLayout
from ingestion.masking import Secrets, secrets_in_url

_SECTIONS = ("sources", "database")

# Rows that are held in memory at a time, by the driver, as Python objects and as Arrow.
_ROWS_PER_CHUNK = 50_000


class DatabaseError(LandingError):
    """A database that cannot be read; says which, and what it answered, and never a password."""


@dataclass(frozen=True)
class Fetched:
    """The rows of one slice of a table.

    `cursor` is the greatest value of the cursor column so far, None without one. `is_cut` says that there are more.
    """

    rows: Path
    row_count: int
    cursor: Any
    is_cut: bool


class Database:
    """A connection to the database that the secret `sources.database.credentials` names."""

    def __init__(self) -> None:
        credentials = _credentials()
        url = _url(credentials)
        self._secrets = Secrets([credentials.password or "", *secrets_in_url(url.render_as_string(False))])
        self.name = f"{credentials.host or credentials.drivername}/{credentials.database}"
        with self._errors("connecting"):
            self._engine = sa.create_engine(url)

    def close(self) -> None:
        self._engine.dispose()

    def check_columns(self, part: Part, layout: TableLayout) -> None:
        """Raise MappingError where the table, or a column that the mapping takes of it, is not there."""
        with self._errors(f"looking at {layout.name}"):
            try:
                described = sa.inspect(self._engine).get_columns(layout.table, layout.schema)
            except sa.exc.NoSuchTableError:
                described = []
        found = [str(column["name"]) for column in described]
        if not found:
            raise MappingError(
                f"{part.place} names the table {layout.name}, which {self.name} does not have, or does not show to "
                "this user; nothing was loaded"
            )
        for name in _columns(part, layout):
            if name not in found:
                raise MappingError(
                    f"{part.place_of(name)} takes the column {name!r}, which the table {layout.name} does not have "
                    f"(columns found: {', '.join(found)}); nothing was loaded"
                )

    def check_answers(self) -> None:
        """Log in. Raises DatabaseError where the database does not let us in."""
        with self._errors("connecting"), self._engine.connect():
            pass

    def check_readable(self, layout: TableLayout) -> None:
        """Ask for one row of the table. Raises DatabaseError where this user may not read it."""
        table = sa.table(layout.table, schema=layout.schema)
        with self._errors(f"reading {layout.name}"), self._engine.connect() as connection:
            connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()

    def fetch(self, part: Part, layout: TableLayout, since: Any, row_budget: int, target: Path) -> Fetched:
        """Read the rows whose cursor is at least `since`, less the overlap, into `target`; all where it is None.

        Stops behind about `row_budget` rows, but not before the cursor has moved on: rows of a bulk change all carry
        the same value, and the next slice would begin with them again.
        """
        writer: pq.ParquetWriter | None = None
        row_count, cursor, is_cut = 0, since, False
        with self._errors(f"reading {layout.name}"), closing(self._chunks(part, layout, since)) as chunks:
            for chunk in chunks:
                if writer is None:
                    writer = pq.ParquetWriter(target, _without_nulls(chunk.schema))
                writer.write_table(chunk.cast(writer.schema))
                row_count += chunk.num_rows
                if layout.cursor:
                    greatest = pc.max(chunk[layout.cursor]).as_py()
                    cursor = greatest if cursor is None or (greatest is not None and greatest > cursor) else cursor
                    if row_count >= row_budget and cursor != since and cursor is not None:
                        is_cut = True
                        break
        if writer is None:
            pq.write_table(pa.table({name: pa.array([], pa.string()) for name in _columns(part, layout)}), target)
        else:
            writer.close()
        return Fetched(target, row_count, cursor, is_cut)

    def _chunks(self, part: Part, layout: TableLayout, since: Any) -> Generator[pa.Table, None, None]:
        # Not dlt's `incremental`: the state of a resource within a resource would be written with every load, and the
        # cursor must advance together with what the warehouse holds of the table.
        def changed(query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
            if not layout.cursor:
                return query
            column = table.c[layout.cursor]
            if since is not None:
                # Of a row without a value nobody knows when it changed: it is read every time.
                query = query.where(sa.or_(column >= less(since, layout.overlap_seconds), column.is_(None)))
            return query.order_by(column)

        yield from sql_table(
            credentials=self._engine,
            table=layout.table,
            schema=layout.schema,
            chunk_size=_ROWS_PER_CHUNK,
            backend="pyarrow",
            reflection_level="full_with_precision",
            included_columns=list(_columns(part, layout)),
            query_adapter_callback=changed,
            type_adapter_callback=_adapted,
        )

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Turn what a database or its driver says into one line without the password."""
        try:
            yield
        except LandingError:
            raise
        except ModuleNotFoundError as error:
            raise DatabaseError(
                f"{self.name}: the driver {error.name} is not installed; install it beside Repline, nothing was loaded"
            ) from None
        except Exception as error:
            self._raise(doing, error)

    def _raise(self, doing: str, error: BaseException) -> NoReturn:
        causes = [error]
        while cause := causes[-1].__cause__ or causes[-1].__context__:
            causes.append(cause)
        said = next((each for each in causes if isinstance(each, sa.exc.SQLAlchemyError)), causes[-1])
        original = getattr(said, "orig", None) or said
        # Masked before it is cut to its first line: a secret may be folded over several.
        lines = self._secrets.masked(str(original)).splitlines() or [type(original).__name__]
        text = " ".join(lines[0].split())
        raise DatabaseError(f"{self.name}: {doing} failed ({text}); nothing was loaded") from None


def _columns(part: Part, layout: TableLayout) -> tuple[str, ...]:
    cursor = [layout.cursor] if layout.cursor else []
    return tuple(dict.fromkeys([*part.columns, *cursor]))


def _credentials() -> ConnectionStringCredentials:
    try:
        credentials = resolve_configuration(ConnectionStringCredentials(), sections=_SECTIONS)
    except ConfigurationException:
        raise DatabaseError(
            "the secret SOURCES__DATABASE__CREDENTIALS is missing or no URL such as "
            "postgresql://user:password@host:5432/database; nothing was loaded"
        ) from None
    if "@" in (credentials.host or ""):
        raise DatabaseError(
            "the secret SOURCES__DATABASE__CREDENTIALS has an @ in its password or user; write it as %40, nothing was "
            "loaded"
        )
    return credentials


def _url(credentials: ConnectionStringCredentials) -> sa.URL:
    url = sa.make_url(credentials.to_native_representation())
    # SQLAlchemy would take the driver's predecessor, which has no ready-made server cursors and is not ours.
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def less(value: Any, seconds: int) -> Any:
    """A cursor's value so much earlier, where it is a moment or a day."""
    match value:
        case datetime():
            return value - timedelta(seconds=seconds)
        case date():
            return value - timedelta(days=-(-seconds // 86400))
        case _:
            return value


def stored(cursor: Any) -> Any:
    """A cursor's value as dlt's state keeps it; dlt itself would take a moment without a time zone for UTC."""
    return {type(cursor).__name__: cursor.isoformat()} if isinstance(cursor, date) else cursor


def restored(value: Any) -> Any:
    """The cursor's value that was stored."""
    match value:
        case {"date": text}:
            return date.fromisoformat(text)
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case _:
            return value


def _adapted(type_: Any) -> Any:
    """A number of any size gets ten decimals, as the contract's rates have; dlt's nine would round one."""
    if isinstance(type_, sa.Numeric) and not isinstance(type_, sa.Float) and type_.precision is None:
        return sa.Numeric(38, 10)
    return type_


def _without_nulls(schema: pa.Schema) -> pa.Schema:
    """A column that is null in a whole chunk has no type yet."""
    fields = [pa.field(field.name, pa.string()) if pa.types.is_null(field.type) else field for field in schema]
    return pa.schema([field.with_nullable(True) for field in fields])
