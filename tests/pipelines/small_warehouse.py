"""A warehouse of a few rows, made by hand: the raw tables of the contract, and two marts.

Belongs here: what the tests of publication, freshness and status read. Does not belong here: loading and
building, which the tests of the whole job do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contract import ENTITIES
from pipelines.settings import Settings

AS_OF = datetime(2025, 4, 30, 12, tzinfo=UTC)


def make_settings(home: Path, as_of: datetime | None = AS_OF, **overrides: Any) -> Settings:
    return Settings(home=home, landing=home / "landing", as_of=as_of, overrides=overrides)


def make_warehouse(settings: Settings) -> None:
    """All raw tables, empty, and the marts `fct_call` (three rows, two alike) and `dim_rep` (none)."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with warehouse(settings) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute("CREATE SCHEMA marts")
        for entity in ENTITIES:
            columns = ", ".join(f"{column.name} {column.type.value}" for column in entity.columns)
            connection.execute(f"CREATE TABLE raw.landing__{entity.name} ({columns}, _file VARCHAR)")
        connection.execute(
            "CREATE TABLE raw.landing_files (source VARCHAR, entity VARCHAR, file VARCHAR, file_hash VARCHAR,"
            " loaded_at TIMESTAMP, size_bytes BIGINT, rows_read BIGINT, rows_loaded BIGINT,"
            " rows_superseded BIGINT, rows_quarantined BIGINT)"
        )
        connection.execute(
            "CREATE TABLE raw.quarantine (source VARCHAR, entity VARCHAR, file VARCHAR, file_hash VARCHAR,"
            " line BIGINT, record_key VARCHAR,"
            " column_name VARCHAR, value VARCHAR, reason VARCHAR, quarantined_at TIMESTAMP)"
        )
        connection.execute("CREATE TABLE marts.dim_rep (user_id VARCHAR, full_name VARCHAR)")
        connection.execute(
            "CREATE TABLE marts.fct_call AS SELECT * FROM (VALUES"
            " ('c1', TIMESTAMP '2025-04-01 09:00:00', 61.5::DECIMAL(15, 3)),"
            " ('c2', TIMESTAMP '2025-04-02 09:00:00', NULL),"
            " ('c2', TIMESTAMP '2025-04-02 09:00:00', NULL)) AS calls (call_id, started_at, duration_seconds)"
        )
        connection.execute("COMMENT ON TABLE marts.fct_call IS 'One row per call; the source''s own id.'")
        connection.execute("COMMENT ON COLUMN marts.fct_call.duration_seconds IS 'Length in seconds.'")


@contextmanager
def warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(settings.warehouse)) as connection:
        yield connection


def land(
    settings: Settings,
    entity: str,
    loaded_at: str,
    file_hash: str = "h1",
    loaded: int = 1,
    bad: tuple[tuple[str, str], ...] = (),
) -> None:
    """Note that a file of the entity was loaded; `bad` are (column, reason) of its quarantined rows."""
    file = f"{entity}.csv"
    with warehouse(settings) as connection:
        connection.execute(
            "INSERT INTO raw.landing_files VALUES ('landing', ?, ?, ?, ?, 10, ?, ?, 0, ?)",
            [entity, file, file_hash, loaded_at, loaded + len(bad), loaded, len(bad)],
        )
        for line, (column, reason) in enumerate(bad, start=2):
            connection.execute(
                "INSERT INTO raw.quarantine VALUES ('landing', ?, ?, ?, ?, NULL, ?, 'x', ?, ?)",
                [entity, file, file_hash, line, column, reason, loaded_at],
            )


def hold(path: str, is_ready: Any, may_end: Any) -> None:
    """Have a database open for writing, for a process of its own, until it may end."""
    with duckdb.connect(path):
        is_ready.set()
        may_end.wait(60)
