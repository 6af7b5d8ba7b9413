"""Which version of a record stands: among the rows of one load, and against what the warehouse holds.

Belongs here: the landing contract's rule on two rows with one key. Does not belong here: reading files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.contract import Entity
from ingestion.landing.conversion import Converted, good_rows
from ingestion.landing.reading import FILE_COLUMN, internal
from ingestion.text import literal, quoted

_MOST_FILES = 16


@dataclass(frozen=True)
class Resolved:
    """The Parquet files that hold one row per key, and how many rows of each landing file gave way."""

    rows: tuple[Path, ...]
    superseded: dict[str, int]


def resolve(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    files: Sequence[Converted],
    extras: Sequence[str],
    raw_table: str | None,
    target: Path,
) -> Resolved:
    """Leave one row per key: the greatest updated_at; of equals the last file by name, then the last line.

    `raw_table` names the warehouse's table where it has rows: an
    incoming row that is older than the one there gives way, one of the same age replaces it. The common
    case, nothing to resolve, costs one aggregation of the keys and leaves the files as they are.
    """
    incoming = "read_parquet([" + ", ".join(literal(str(file.rows)) for file in files) + "])"
    key = ", ".join(quoted(name) for name in entity.key)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {key} FROM {incoming} GROUP BY {key} HAVING count(*) > 1"
    )
    _find_newer(connection, entity, incoming, key, raw_table)
    if not _has_rows(connection, "repeated") and not _has_rows(connection, "newer"):
        return Resolved(_together(connection, incoming, [file.rows for file in files], target), {})

    line = internal("line")
    newest = "updated_at DESC NULLS LAST, " if entity.has_versions else ""
    # Only rows of repeated keys are taken from the landing files again, this time with their place in them.
    repeated_rows = " UNION ALL BY NAME ".join(
        f"SELECT * FROM ({good_rows(file.reading, entity, extras, with_line=True)}) AS placed "
        f"SEMI JOIN repeated USING ({key})"
        for file in files
    )
    gives_way = (
        f"ANTI JOIN newer ON {' AND '.join(f'newer.{quoted(k)} = candidate.{quoted(k)}' for k in entity.key)} "
        "AND (candidate.updated_at IS NULL OR candidate.updated_at < newer.updated_at)"
        if _has_rows(connection, "newer")
        else ""
    )
    connection.execute(
        f"""
        COPY (
            WITH newest AS (
                SELECT * EXCLUDE ({line}) FROM ({repeated_rows})
                QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {newest}{FILE_COLUMN} DESC, {line} DESC) = 1
            ),
            candidate AS (
                SELECT * FROM {incoming} AS single ANTI JOIN repeated USING ({key})
                UNION ALL BY NAME
                SELECT * FROM newest
            )
            SELECT candidate.* FROM candidate {gives_way}
        ) TO {literal(str(target))} (FORMAT parquet, COMPRESSION snappy)
        """
    )
    counts = connection.execute(
        f"""
        SELECT {FILE_COLUMN}, sum(change)::BIGINT FROM (
            SELECT {FILE_COLUMN}, 1 AS change FROM {incoming}
            UNION ALL SELECT {FILE_COLUMN}, -1 FROM read_parquet({literal(str(target))})
        ) GROUP BY {FILE_COLUMN}
        """
    ).fetchall()
    return Resolved((target,), {str(name): int(count) for name, count in counts})


def _together(connection: duckdb.DuckDBPyConnection, incoming: str, rows: list[Path], target: Path) -> tuple[Path, ...]:
    """The files of rows, as one where there are many: each that is handed to dlt is a job of its own."""
    if len(rows) <= _MOST_FILES:
        return tuple(rows)
    connection.execute(f"COPY (SELECT * FROM {incoming}) TO {literal(str(target))} (FORMAT parquet)")
    return (target,)


def _find_newer(
    connection: duckdb.DuckDBPyConnection, entity: Entity, incoming: str, key: str, raw_table: str | None
) -> None:
    """Make the temporary table `newer`: keys whose row in the warehouse is newer than an incoming one."""
    if not raw_table or not entity.has_versions:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE newer AS SELECT {key} FROM {incoming} LIMIT 0")
        return
    raw_key = ", ".join(f"raw.{quoted(name)}" for name in entity.key)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE newer AS
        SELECT DISTINCT {raw_key}, raw.updated_at
        FROM {raw_table} AS raw JOIN (SELECT {key}, updated_at FROM {incoming}) AS arrived USING ({key})
        WHERE arrived.updated_at IS NULL AND raw.updated_at IS NOT NULL OR arrived.updated_at < raw.updated_at
        """
    )


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
