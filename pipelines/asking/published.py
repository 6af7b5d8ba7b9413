"""The published version, open for questions: read-only, and closed to every file but its own.

Belongs here: the connection, its bounds, and which tables and columns there are. Does not belong here: a question.

Identifiers in SQL are always names that `columns` has or that the catalogue gives; values are always bound.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import duckdb

from ingestion.text import first_line, literal, quoted
from pipelines.publication.content import SCHEMA
from pipelines.publication.versions import DATABASE, PARQUET, Version, published_version
from pipelines.settings import Settings

Row = dict[str, Any]


class AskingError(ValueError):
    """A question cannot be answered; the message says why, in the words of who asks, and what can be asked."""


@dataclass(frozen=True)
class Published:
    """One published version, open."""

    version: Version
    connection: duckdb.DuckDBPyConnection
    # By the monotonic clock; None for no hurry.
    deadline: float | None = None

    def rows(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = (), limit: int | None = None
    ) -> list[Row]:
        """The rows of a query by column name, at most `limit`. Raises AskingError past the deadline."""
        wait = 0 if self.deadline is None else max(0, self.deadline - time.monotonic())
        timer = threading.Timer(wait, self.connection.interrupt)
        try:
            if self.deadline is not None:
                timer.start()
            found = self.connection.execute(query, parameters)
            names = [column[0] for column in found.description or ()]
            values = found.fetchall() if limit is None else found.fetchmany(limit)
        except duckdb.InterruptException:
            raise AskingError("there was no answer in time (agent_timeout_seconds); ask for less") from None
        finally:
            timer.cancel()
        return [dict(zip(names, row, strict=True)) for row in values]

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a published table with their types, in order; none where there is no such table."""
        return self._columns.get(table, {})

    @cached_property
    def _columns(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        query = (
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = ? ORDER BY table_name, ordinal_position"
        )
        for row in self.rows(query, [SCHEMA]):
            found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return found

    @cached_property
    def as_of_day(self) -> date:
        """The local day of the as-of moment. Raises AskingError where nothing ever happened."""
        return self._bound("SELECT max(date_day) AS bound FROM marts.dim_date WHERE NOT is_future")

    @cached_property
    def first_day(self) -> date:
        """The local day of the first event; what is dated before counts in no period."""
        return self._bound("SELECT min(date_day) AS bound FROM marts.fct_rep_day")

    def _bound(self, query: str) -> date:
        [row] = self.rows(query)
        if row["bound"] is None:
            raise AskingError("there are no figures yet: no deal and no call was loaded")
        day: date = row["bound"]
        return day


def table_name(table: str) -> str:
    """A published table as SQL names it."""
    return f"{quoted(SCHEMA)}.{quoted(table)}"


@contextmanager
def open_published(settings: Settings, timeout_seconds: float | None = None) -> Iterator[Published]:
    """The version that readers see now, for as long as the timeout says.

    Raises AskingError where there is none, PublicationError for a damaged one.
    """
    version = published_version(settings)
    if version is None:
        raise AskingError("nothing is published yet; run `repline refresh`")
    with duckdb.connect() as connection:
        try:
            _open(connection, version)
        except duckdb.Error as error:
            raise AskingError(f"version {version.number} cannot be opened ({first_line(error)})") from error
        yield Published(version, connection, None if timeout_seconds is None else time.monotonic() + timeout_seconds)


def _open(connection: duckdb.DuckDBPyConnection, version: Version) -> None:
    """Attach the version, and close the connection to everything else.

    Attached, because DuckDB lets nobody say what else may be read when it opens a file: the Parquet files that views
    show. Connections to one file would share that, too.
    """
    parquet = (version.path / PARQUET).resolve()
    files = ", ".join(literal(parquet / f"{table.name}.parquet") for table in version.tables)
    connection.execute(f"ATTACH {literal(version.path / DATABASE)} AS repline (READ_ONLY)")
    connection.execute("USE repline")
    connection.execute(f"SET temp_directory = {literal(f'{version.path / DATABASE}.tmp')}")
    connection.execute("SET memory_limit = '1GB'")
    # No other file, no extension, no variable of this program, and no way to switch that on again.
    connection.execute(f"SET allowed_paths = [{files}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET lock_configuration = true")
