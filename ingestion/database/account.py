"""What a load changes of a table, and what is noted of it: the table as it is now, not the slice that was read.

Belongs here: leaving out what the warehouse holds already; the account and the quarantine of whole tables. Does not
belong here: reading (`ingestion.database.tables`) and judging rows (`ingestion.landing`).

A slice brings only rows that changed. The rows of former slices that were quarantined are bad still, until they are
read again: so each load notes all bad rows of the table anew, and how many rows of it the warehouse then holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.account import CURRENT_FILES
from ingestion.clearing import has_table
from ingestion.contract import RAW_SCHEMA, UNKNOWN_STAGE
from ingestion.landing.batches import (
    FILES_SCHEMA,
    QUARANTINE_SCHEMA,
    QUARANTINE_TABLE,
    REMOVED,
    Batch,
    Feed,
)
from ingestion.landing.conversion import record_keys
from ingestion.landing.reading import FILE_COLUMN
from ingestion.text import literal, quoted


@dataclass(frozen=True)
class Settled:
    """A batch that says what is so of whole tables. `with_unknown_stage` are tables with rows bad for that reason."""

    batch: Batch
    with_unknown_stage: tuple[str, ...]


def settle(
    connection: duckdb.DuckDBPyConnection, feed: Feed, batch: Batch, partial: set[str], scratch: Path
) -> Settled | None:
    """The batch without what the warehouse holds already; None where nothing is left.

    `partial` names the tables of which only changed rows were read.
    """
    entity = batch.entity
    if not batch.files.num_rows:
        return Settled(batch, ())
    _note_quarantine(connection, feed, batch, partial)
    rows = batch.rows if batch.is_first else _without_known(connection, feed, batch, scratch)
    if not batch.is_first and not rows and not _quarantine_changed(connection) and not _has_removed(batch):
        return None
    files = _account(connection, feed, batch)
    hashes = dict(zip(files["file"].to_pylist(), files["file_hash"].to_pylist(), strict=True))
    quarantine = connection.execute(
        f"""
        SELECT {literal(feed.source)} AS source, {literal(entity.name)} AS entity, file,
               row_number() OVER (PARTITION BY file ORDER BY quarantined_at, line) AS line,
               record_key, column_name, value, reason, quarantined_at
        FROM bad_now
        """
    ).to_arrow_table()
    columns = {name: quarantine[name] for name in quarantine.column_names}
    columns["file_hash"] = pa.array([hashes[name] for name in quarantine["file"].to_pylist()], pa.string())
    unknown = connection.execute(
        "SELECT DISTINCT file FROM bad_now WHERE reason = ? ORDER BY 1", [UNKNOWN_STAGE]
    ).fetchall()
    noted = replace(
        batch,
        rows=rows,
        files=files,
        quarantine=pa.table([columns[field.name] for field in QUARANTINE_SCHEMA], schema=QUARANTINE_SCHEMA),
    )
    return Settled(noted, tuple(str(name) for (name,) in unknown))


def _note_quarantine(connection: duckdb.DuckDBPyConnection, feed: Feed, batch: Batch, partial: set[str]) -> None:
    """Make the temporary tables `bad_before` and `bad_now`: the quarantined rows of the batch's tables."""
    connection.register("bad_in_slice", batch.quarantine)
    columns = "file, line, record_key, column_name, value, reason, quarantined_at"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE bad_before AS SELECT {columns} FROM bad_in_slice LIMIT 0")
    if has_table(connection, RAW_SCHEMA, QUARANTINE_TABLE):
        tables = ", ".join(literal(name) for name in batch.files["file"].to_pylist())
        connection.execute(
            f"""
            INSERT INTO bad_before
            WITH current_files AS (
                SELECT file, file_hash FROM ({CURRENT_FILES})
                WHERE source = {literal(feed.source)} AND entity = {literal(batch.entity.name)} AND file IN ({tables})
            )
            SELECT {columns} FROM {RAW_SCHEMA}.{QUARANTINE_TABLE} AS noted JOIN current_files USING (file, file_hash)
            WHERE noted.source = {literal(feed.source)} AND noted.entity = {literal(batch.entity.name)}
            """
        )
    connection.execute("CREATE OR REPLACE TEMP TABLE read_keys (file VARCHAR, record_key VARCHAR)")
    kept = [file for file in feed.files[batch.entity] if file.name in partial]
    for file in kept if _has_rows(connection, "bad_before") else []:
        for reading in feed.open(connection, [file], batch.entity):
            keys = record_keys(reading, batch.entity)
            connection.execute(f"INSERT INTO read_keys SELECT {literal(file.name)}, record_key FROM ({keys})")
    names = ", ".join(literal(file.name) for file in kept) or "NULL"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE bad_now AS
        SELECT * FROM bad_before ANTI JOIN read_keys USING (file, record_key) WHERE file IN ({names})
        UNION ALL SELECT {columns} FROM bad_in_slice
        """
    )
    connection.unregister("bad_in_slice")


def _quarantine_changed(connection: duckdb.DuckDBPyConnection) -> bool:
    columns = "file, record_key, column_name, value, reason"
    before, now = (f"SELECT {columns} FROM {table}" for table in ("bad_before", "bad_now"))
    found = connection.execute(f"({before} EXCEPT ALL {now}) UNION ALL ({now} EXCEPT ALL {before}) LIMIT 1").fetchone()
    return found is not None


def _without_known(connection: duckdb.DuckDBPyConnection, feed: Feed, batch: Batch, scratch: Path) -> tuple[Path, ...]:
    """Rows that differ from the warehouse's in anything: the overlap brings all others again and again."""
    if not batch.rows:
        return ()
    target = scratch / "different.parquet"
    entity, raw = batch.entity, feed.raw_table(batch.entity)
    key = " AND ".join(f"held.{quoted(name)} = incoming.{quoted(name)}" for name in entity.key)
    in_raw = {name for (name,) in connection.execute(f"SELECT column_name FROM (DESCRIBE {raw})").fetchall()}
    differs = " OR ".join(
        f"incoming.{quoted(name)} IS DISTINCT FROM " + (f"held.{quoted(name)}" if name in in_raw else "NULL")
        for name in (*entity.column_names, FILE_COLUMN, *batch.extra_columns)
    )
    written = connection.execute(
        f"""
        COPY (
            SELECT incoming.* FROM {_incoming(batch)} AS incoming LEFT JOIN {raw} AS held ON {key}
            WHERE held.{quoted(entity.key[0])} IS NULL OR {differs}
        ) TO {literal(str(target))} (FORMAT parquet, COMPRESSION snappy)
        """
    ).fetchone()
    return (target,) if written and written[0] else ()


def _account(connection: duckdb.DuckDBPyConnection, feed: Feed, batch: Batch) -> pa.Table:
    """The batch's files, with the rows that the warehouse holds of each once the batch is loaded."""
    loaded = _rows_by_table(connection, feed, batch)
    bad = dict(connection.execute("SELECT file, count(*) FROM bad_now GROUP BY file").fetchall())
    records = batch.files.to_pylist()
    for record in records:
        if record["file_hash"] == REMOVED:
            continue
        name = record["file"]
        record["rows_loaded"], record["rows_quarantined"] = loaded.get(name, 0), bad.get(name, 0)
        record["rows_read"] = record["rows_loaded"] + record["rows_quarantined"]
        record["rows_superseded"] = 0
        # The same slice may come twice, between which the table was another.
        state = f"{record['file_hash']} {record['loaded_at'].isoformat()}"
        record["file_hash"] = hashlib.sha256(state.encode()).hexdigest()
    return pa.Table.from_pylist(records, FILES_SCHEMA)


def _rows_by_table(connection: duckdb.DuckDBPyConnection, feed: Feed, batch: Batch) -> dict[str, int]:
    key = ", ".join(quoted(name) for name in batch.entity.key)
    selects = [f"SELECT {FILE_COLUMN} FROM {_incoming(batch)}"] if batch.rows else []
    if not batch.is_first:
        gone = f"ANTI JOIN {_incoming(batch)} AS incoming USING ({key})" if batch.rows else ""
        selects.append(f"SELECT held.{FILE_COLUMN} FROM {feed.raw_table(batch.entity)} AS held {gone}")
    counted = f"SELECT {FILE_COLUMN}, count(*) FROM ({' UNION ALL '.join(selects)}) GROUP BY ALL"
    return dict(connection.execute(counted).fetchall()) if selects else {}


def _incoming(batch: Batch) -> str:
    return "read_parquet([" + ", ".join(literal(str(path)) for path in batch.rows) + "])"


def _has_removed(batch: Batch) -> bool:
    return REMOVED in batch.files["file_hash"].to_pylist()


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
