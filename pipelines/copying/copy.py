"""Brings the copy in PostgreSQL to the published version: sends what changed, then shows all of it in one transaction.

Belongs here: what is sent, and the order in which the database is changed. Does not belong here: where the copy is
(`pipelines.copying.target`), and what it consists of (`pipelines.copying.tables`).

dlt loads the changed tables into a schema beside the one that readers see. One transaction then replaces rows by
DELETE and INSERT: readers wait for nothing, a snapshot that they hold stays whole, and their views on the tables
live on. A table whose columns, comments or key changed is exchanged for the loaded one instead.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dlt
import pyarrow.parquet as pq
from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns
from dlt.common.schema import Schema
from dlt.extract import DltResource, DltSource

from ingestion.text import quoted
from pipelines.copying.tables import CopyTable, Key, keys_of, tables_of
from pipelines.copying.target import CopyError, Target, target_of
from pipelines.publication.versions import Version, published_version
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.settings import Settings

# Which tables of the schema are ours, and what they hold.
RECORD = "repline_copied"
# Below PostgreSQL's deadlock_timeout, so that it is never a reader's query that has to give way.
_LOCK_TIMEOUT = "500ms"
_LOCK_ATTEMPTS = 60
_LOCK_PAUSE_SECONDS = 0.5


Log = Callable[[str], None]


@dataclass(frozen=True)
class Copied:
    """The version that the copy holds now, and the tables that were sent and removed for it."""

    version: Version
    sent: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        total = len(self.version.tables)
        if not self.sent and not self.removed:
            return f"The copy already held version {self.version.number}: nothing was sent."
        return f"The copy holds version {self.version.number}: {len(self.sent)} tables sent, {total} marts in it."


def copy_published(settings: Settings, log: Log = lambda _: None) -> Copied:
    """Bring the copy that the settings name to the version that readers of the files see; `log` is told what is sent.

    Raises CopyError, and then the readers of the copy keep what they had.
    """
    target = target_of(settings)
    version = published_version(settings)
    if version is None:
        raise CopyError("nothing is published yet, so there is nothing to copy; run `repline refresh`")
    manifest = json.loads(prepare_manifest(settings).read_text(encoding="utf-8"))
    return copy_version(version, target, keys_of(manifest), str(settings.dlt_home), log)


def copy_version(
    version: Version, target: Target, keys: dict[str, Key], dlt_home: str, log: Log = lambda _: None
) -> Copied:
    """Bring the copy to a version; `keys` are those of its tables by name. Raises CopyError."""
    tables = tables_of(version, keys)
    with target.connection() as connection, connection.cursor() as cursor:
        _claim(cursor, target)
        held = _held(cursor, target)
        _refuse_others_tables(cursor, target, [table.name for table in tables if table.name not in held])
        changed = [table for table in tables if held.get(table.name) != (table.shape, table.content)]
        removed = sorted(held.keys() - {table.name for table in tables})
        if changed:
            cursor.execute(f"DROP SCHEMA IF EXISTS {quoted(target.loading)} CASCADE")
            log(f"Sending {len(changed)} tables, {sum(table.row_count for table in changed):,} rows")
            _send(target, changed, dlt_home)
        if changed or removed:
            cursor.execute("BEGIN")
            _show(cursor, target, changed, removed, held)
            cursor.execute("COMMIT")
        _grant(cursor, target, [table.name for table in tables])
        for table in changed:
            # The room of the rows before is free for the next copy; and the planner knows the new ones.
            cursor.execute(f"VACUUM (ANALYZE) {_name(target, table.name)}")
    return Copied(version, tuple(table.name for table in changed), tuple(removed))


def _claim(cursor: Any, target: Target) -> None:
    """One copy at a time; the lock goes with the connection."""
    cursor.execute("SELECT pg_try_advisory_lock(hashtext('repline copy'), hashtext(%s))", [target.schema])
    if not cursor.fetchone()[0]:
        raise CopyError(f"another copy into schema {target.schema} is running; wait for it and try again")
    if target.reader is not None:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [target.reader])
        if cursor.fetchone() is None:
            raise CopyError(
                f"there is no role {target.reader!r} in {target.url}; create it with `CREATE ROLE "
                f"{quoted(target.reader)}`, or change copy_reader"
            )


def _held(cursor: Any, target: Target) -> dict[str, tuple[str, str]]:
    """Shape and content of the tables that are there, as noted when they were copied."""
    if RECORD not in (there := _tables(cursor, target)):
        return {}
    cursor.execute(f"SELECT table_name, shape, content FROM {_name(target, RECORD)}")
    return {name: (shape, content) for name, shape, content in cursor.fetchall() if name in there}


def _tables(cursor: Any, target: Target) -> set[str]:
    cursor.execute(
        "SELECT relname FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid WHERE nspname = %s",
        [target.schema],
    )
    return {name for (name,) in cursor.fetchall()}


def _refuse_others_tables(cursor: Any, target: Target, new: Iterable[str]) -> None:
    if others := sorted(_tables(cursor, target).intersection(new)):
        raise CopyError(
            f"schema {target.schema} in {target.url} has a table {others[0]!r} that is no copy; choose another schema "
            "with copy_schema, or move that table away"
        )


def _send(target: Target, tables: Sequence[CopyTable], dlt_home: str) -> None:
    """Load the tables into the schema beside, with names just as they are."""
    # Not above: it needs the drivers of the extra `copy`.
    from dlt.destinations.impl.postgres.postgres import PostgresParquetCopyJob

    pipeline = dlt.pipeline(
        "repline_copy",
        pipelines_dir=dlt_home,
        destination=dlt.destinations.postgres(
            credentials=target.credentials(), enable_dataset_name_normalization=False
        ),
        dataset_name=target.loading,
    )
    # What a copy before left behind, if it failed: this one begins anew.
    pipeline.drop()
    # By dlt's configuration, since it reads that again for each load; the section holds for this schema alone.
    dlt.config["sources.repline_copy.schema.naming"] = "direct"
    # Else dlt takes a whole file into memory.
    PostgresParquetCopyJob._ingest_per_rowgroup = True
    try:
        source = DltSource(Schema("repline_copy"), "repline_copy", [_resource(table) for table in tables])
        # Parquet goes as it is. By dlt's choice it would become CSV, in which an empty text is a null.
        pipeline.run(source, write_disposition="append", loader_file_format="parquet").raise_on_failed_jobs()
    finally:
        pipeline.drop()


def _resource(table: CopyTable) -> DltResource:
    def rows() -> Iterator[Any]:
        # Named as hints: where dlt takes them from a schema itself, moments become ones with a time zone.
        columns = py_arrow_to_table_schema_columns(pq.read_schema(table.file))
        hints = dlt.mark.make_hints(columns=list(columns.values()))
        if table.row_count:
            yield dlt.mark.with_file_import(str(table.file), "parquet", hints=hints)
        else:  # dlt makes no table of a file without rows.
            yield dlt.mark.with_hints(dlt.mark.materialize_table_schema(), hints)

    return dlt.resource(rows, name=table.name)


def _show(
    cursor: Any,
    target: Target,
    changed: Sequence[CopyTable],
    removed: Sequence[str],
    held: dict[str, tuple[str, str]],
) -> None:
    """In the transaction that has begun: put the loaded rows and tables in place, and note them."""
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(target.schema)}")
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {_name(target, RECORD)} (table_name text PRIMARY KEY, shape text, content text)"
    )
    exchanged = []
    for table in changed:
        if table.name in held and held[table.name][0] == table.shape:
            columns = ", ".join(quoted(column) for column, _ in table.form.columns)
            loaded = f"{quoted(target.loading)}.{quoted(table.name)}"
            cursor.execute(f"DELETE FROM {_name(target, table.name)}")
            cursor.execute(f"INSERT INTO {_name(target, table.name)} ({columns}) SELECT {columns} FROM {loaded}")
        else:
            _finish(cursor, target, table)
            exchanged.append(table.name)
    # Last, since readers wait from here on.
    _drop(cursor, target, [name for name in (*exchanged, *removed) if name in held])
    for name in exchanged:
        cursor.execute(f"ALTER TABLE {quoted(target.loading)}.{quoted(name)} SET SCHEMA {quoted(target.schema)}")
    for table in changed:
        cursor.execute(
            f"INSERT INTO {_name(target, RECORD)} VALUES (%s, %s, %s) ON CONFLICT (table_name)"
            " DO UPDATE SET shape = excluded.shape, content = excluded.content",
            [table.name, table.shape, table.content],
        )
    cursor.execute(f"DELETE FROM {_name(target, RECORD)} WHERE table_name = ANY(%s)", [list(removed)])
    _grant(cursor, target, exchanged)
    cursor.execute(f"DROP SCHEMA IF EXISTS {quoted(target.loading)} CASCADE")


def _finish(cursor: Any, target: Target, table: CopyTable) -> None:
    """Give the loaded table its comments and its key."""
    name = f"{quoted(target.loading)}.{quoted(table.name)}"
    # dlt's own, in tables without rows.
    cursor.execute(f"ALTER TABLE {name} DROP COLUMN IF EXISTS _dlt_id, DROP COLUMN IF EXISTS _dlt_load_id")
    if table.key:
        columns = ", ".join(quoted(column) for column in table.key.columns)
        cursor.execute(f"ALTER TABLE {name} ADD {'PRIMARY KEY' if table.key.is_primary else 'UNIQUE'} ({columns})")
    for column, comment in table.form.comments.items():
        what = f"COLUMN {name}.{quoted(column)}" if column else f"TABLE {name}"
        cursor.execute(f"COMMENT ON {what} IS %s", [comment])


def _drop(cursor: Any, target: Target, names: Sequence[str]) -> None:
    """Drop tables once no query reads them. A query that comes meanwhile is held up for a moment, never refused."""
    import psycopg2.errors

    if not names:
        return
    listed = ", ".join(_name(target, name) for name in names)
    cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
    cursor.execute("SAVEPOINT before_locks")
    for _ in range(_LOCK_ATTEMPTS):
        try:
            cursor.execute(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")
            break
        except psycopg2.errors.LockNotAvailable:
            cursor.execute("ROLLBACK TO SAVEPOINT before_locks")
            time.sleep(_LOCK_PAUSE_SECONDS)
    else:
        raise CopyError(
            f"queries keep reading tables of schema {target.schema} whose columns changed, and they are not "
            "interrupted; end them and copy again"
        )
    cursor.execute("SET LOCAL lock_timeout = 0")
    try:
        cursor.execute(f"DROP TABLE {listed}")
    except psycopg2.errors.DependentObjectsStillExist as error:
        views = " ".join((error.diag.message_detail or "").split())
        raise CopyError(
            f"columns of copied tables changed, but others' objects rest on them: {views}; drop those and copy again"
        ) from None


def _grant(cursor: Any, target: Target, names: Sequence[str]) -> None:
    if target.reader is None or not names:
        return
    reader = quoted(target.reader)
    cursor.execute(f"GRANT USAGE ON SCHEMA {quoted(target.schema)} TO {reader}")
    cursor.execute(f"GRANT SELECT ON {', '.join(_name(target, name) for name in names)} TO {reader}")


def _name(target: Target, table: str) -> str:
    return f"{quoted(target.schema)}.{quoted(table)}"


def copy_if_wanted(settings: Settings, log: Log) -> None:
    """Copy where the settings name a database. One that is up to date is left alone, after a look at its record."""
    if settings.copy_to is not None:
        log(str(copy_published(settings, log)))
