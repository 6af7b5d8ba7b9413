"""Write, audit, publish: a new version of the marts, made from the warehouse and put in place at once.

Belongs here: what a version contains, and that it is complete. Does not belong here: which versions there
are, and going back to one (`pipelines.publication.versions`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.publication.datasets import DATASET_FRESHNESS, dataset_freshness_sql
from pipelines.publication.versions import (
    DATABASE,
    PARQUET,
    PUBLICATION,
    PublicationError,
    PublishedTable,
    Version,
    clear_leftovers,
    one_line,
    prune,
    release,
    sync_folder,
    version_numbers,
    version_path,
    versions_dir,
)
from pipelines.settings import Settings
from pipelines.sources import sources_of
from pipelines.storage_faults import is_held, storage_fault

SCHEMA = "marts"
# Tables that each version holds about itself, with times of the publication in them; all others are marts.
RECORD_TABLES = (PUBLICATION, DATASET_FRESHNESS)

# At this limit the process took 1.1 GB for 10 million calls, 4 million stage visits and 0.5 million rep days.
MEMORY_LIMIT = "1GB"
# The string compression of DuckDB 1.3: 6.1 s for those tables on two cores and 312 MB, against 8.0 s and
# 275 MB in the format that readers before 1.3 need.
STORAGE_VERSION = "v1.3.0"
# 3.7 s and 298 MB, against 3.7 s and 457 MB with snappy. Version 2 of the Parquet format would make it 223
# MB, but not every reader knows its encodings.
PARQUET_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"

_RECORD_COMMENTS = {
    PUBLICATION: {
        "": "What this published version holds: one row for each mart.",
        "version": "Number of the version; a later one is greater.",
        "published_at": "Moment at which the version was written, UTC.",
        "as_of": "Moment that the figures stand for, UTC.",
        "table_name": "Name of the mart.",
        "row_count": "Rows of the mart.",
        "checksum": "Sum of DuckDB's 64-bit hashes of all rows, whatever their order; decimal digits.",
        "fingerprint": "Fingerprint of the inputs; equal for equal inputs.",
    },
    DATASET_FRESHNESS: {
        "": "How fresh the data behind this version is: one row for each dataset that was loaded.",
        "dataset": "Entity of the landing files, or raw table of another source.",
        "last_event_at": "Newest event up to the as-of moment, UTC; null where the entity has none.",
        "last_load_at": "When something new was last loaded, UTC; null where nothing was.",
        "limit_hours": "Greatest age of the newest event that is not late, in hours; null for none.",
    },
}


def publish(settings: Settings, as_of: datetime, fingerprint: str, tables: Sequence[str] | None = None) -> Version:
    """Write the marts of the warehouse as a new version, audit it, and make it the one that readers see.

    `as_of` is aware; `fingerprint` stands for the inputs (`versions.needs_publishing`); `tables` are the
    names of the marts, by default all of schema `marts`. Versions beyond `keep_versions` are removed.
    Raises PublicationError, and then the last good version stands. Only for the holder of the refresh lock.
    """
    published_at = datetime.now(UTC)
    business = settings.business
    if not settings.warehouse.exists():
        raise PublicationError(f"there is no warehouse {settings.warehouse}; run `repline refresh`")
    building = versions_dir(settings) / f".building-{os.getpid()}"
    try:
        clear_leftovers(settings)
        number = max(version_numbers(settings), default=0) + 1
        written = _write_files(
            building,
            settings.warehouse,
            number=number,
            published_at=published_at,
            as_of=as_of,
            fingerprint=fingerprint,
            freshness=dataset_freshness_sql(sources_of(settings), as_of, business.freshness_limit_hours),
            tables=tables,
        )
        path = version_path(settings, number)
        building.rename(path)
        sync_folder(path.parent)
        release(settings, number)
        prune(settings, business.keep_versions)
    except (duckdb.Error, OSError) as error:
        raise PublicationError(_explanation(error, settings)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Version(number, path, published_at, as_of.astimezone(UTC), fingerprint, written)


def _write_files(
    folder: Path,
    warehouse: Path,
    *,
    number: int,
    published_at: datetime,
    as_of: datetime,
    fingerprint: str,
    freshness: str,
    tables: Sequence[str] | None = None,
) -> tuple[PublishedTable, ...]:
    """Write the marts of the warehouse and the records about them into `folder`, and audit them.

    `freshness` is the query of the table `dataset_freshness`.

    Raises PublicationError where the written files are not the marts, duckdb.Error and OSError where they
    cannot be written. When it returns, the files are on disk and read-only.
    """
    (folder / PARQUET).mkdir(parents=True)
    database = folder / DATABASE
    spill = str(folder.with_name(".spill"))
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": spill}) as connection:
        connection.execute(f"ATTACH {_literal(warehouse)} AS warehouse (READ_ONLY)")
        connection.execute("USE warehouse")
        names = _marts(connection, tables)
        _attach(connection, database, f"STORAGE_VERSION '{STORAGE_VERSION}'")
        connection.execute(f"CREATE SCHEMA published.{SCHEMA}")
        for name in names:
            _write_table(connection, folder, name, f"FROM warehouse.{SCHEMA}.{_quoted(name)}")
            _comment(connection, name, _comments(connection, name))
        # Attached anew, so that the audit reads what is in the file and not what is in memory.
        connection.execute("DETACH published")
        _attach(connection, database, "READ_ONLY")
        audited = tuple(_audit(connection, folder, name) for name in names)
        connection.execute("DETACH published")
        _attach(connection, database)
        records = {
            PUBLICATION: _publication_sql(audited, number, published_at, as_of, fingerprint),
            DATASET_FRESHNESS: freshness,
        }
        for name, query in records.items():
            _write_table(connection, folder, name, query)
            _comment(connection, name, _RECORD_COMMENTS[name])
        connection.execute("DETACH published")
    _make_durable(folder)
    return audited


def _attach(connection: duckdb.DuckDBPyConnection, database: Path, options: str = "") -> None:
    connection.execute(f"ATTACH {_literal(database)} AS published {f'({options})' if options else ''}")


def _marts(connection: duckdb.DuckDBPyConnection, wanted: Sequence[str] | None) -> list[str]:
    present = {
        name
        for (name,) in connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'warehouse' AND table_schema = ?",
            [SCHEMA],
        ).fetchall()
        # What a dbt run that was killed left behind.
        if not name.endswith(("__dbt_tmp", "__dbt_backup"))
    }
    names = sorted(present if wanted is None else wanted)
    if missing := [name for name in names if name not in present]:
        raise PublicationError(f"the warehouse has no table {SCHEMA}.{missing[0]}; run `repline refresh`")
    if not names:
        raise PublicationError(f"the warehouse has no tables in schema {SCHEMA}; run `repline refresh`")
    if taken := [name for name in names if name in RECORD_TABLES]:
        raise PublicationError(f"the mart {SCHEMA}.{taken[0]} must be renamed: publication uses this name itself")
    return names


def _write_table(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str) -> None:
    connection.execute(f"CREATE TABLE published.{SCHEMA}.{_quoted(name)} AS {query}")
    connection.execute(f"COPY ({query}) TO {_literal(_parquet(folder, name))} ({PARQUET_OPTIONS})")


def _audit(connection: duckdb.DuckDBPyConnection, folder: Path, name: str) -> PublishedTable:
    """Compare the table and the Parquet file with the mart. Raises PublicationError where they differ.

    The two forms were written from the mart separately: where their checksums agree, both have its values,
    and the mart need not be read a third time for that.
    """
    table = f"published.{SCHEMA}.{_quoted(name)}"
    [(expected,)] = connection.execute(f"SELECT count(*) FROM warehouse.{SCHEMA}.{_quoted(name)}").fetchall()
    columns = connection.execute(f"DESCRIBE {table}").fetchall()
    # Cast: Parquet has no type for some of DuckDB's (enumerations, HUGEINT); equal values must hash equally.
    row = ", ".join(f"CAST({_quoted(column)} AS {type_})" for column, type_, *_ in columns)
    counts, sums = {}, {}
    for form, source in ((DATABASE, table), ("Parquet", f"read_parquet({_literal(_parquet(folder, name))})")):
        query = f"SELECT count(*), coalesce(sum(hash({row})), 0)::VARCHAR FROM {source}"
        [(counts[form], sums[form])] = connection.execute(query).fetchall()
    for form, count in counts.items():
        if count != expected:
            raise PublicationError(
                f"nothing was published: {SCHEMA}.{name} has {expected} rows, its {form} copy {count}"
            )
    if len(set(sums.values())) > 1:
        raise PublicationError(f"nothing was published: the copies of {SCHEMA}.{name} differ in their values")
    return PublishedTable(name, expected, sums[DATABASE])


def _comments(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """The descriptions of a mart in the warehouse, by column; that of the table under the empty name."""
    place = "WHERE database_name = 'warehouse' AND schema_name = $1 AND {} = $2 AND comment IS NOT NULL"
    rows = connection.execute(
        f"SELECT '', comment FROM duckdb_tables() {place.format('table_name')}"
        f" UNION ALL SELECT '', comment FROM duckdb_views() {place.format('view_name')}"
        f" UNION ALL SELECT column_name, comment FROM duckdb_columns() {place.format('table_name')}",
        [SCHEMA, name],
    ).fetchall()
    return dict(rows)


def _comment(connection: duckdb.DuckDBPyConnection, name: str, comments: Mapping[str, str]) -> None:
    table = f"published.{SCHEMA}.{_quoted(name)}"
    for column, comment in comments.items():
        what = f"COLUMN {table}.{_quoted(column)}" if column else f"TABLE {table}"
        connection.execute(f"COMMENT ON {what} IS {_literal(comment)}")


def _publication_sql(
    tables: Iterable[PublishedTable], number: int, published_at: datetime, as_of: datetime, fingerprint: str
) -> str:
    rows = ", ".join(f"({_literal(table.name)}, {table.row_count}, {_literal(table.checksum)})" for table in tables)
    return f"""
        SELECT
            CAST({number} AS BIGINT) AS version,
            {_timestamp(published_at)} AS published_at,
            {_timestamp(as_of)} AS as_of,
            table_name,
            CAST(row_count AS BIGINT) AS row_count,
            checksum,
            {_literal(fingerprint)} AS fingerprint
        FROM (VALUES {rows}) AS marts (table_name, row_count, checksum)
    """


def _make_durable(folder: Path) -> None:
    """Read-only, so that a BI tool that opens for writing gets an error instead of locking the others out."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(0o444)
    sync_folder(folder / PARQUET)
    sync_folder(folder)


def _parquet(folder: Path, name: str) -> Path:
    return folder / PARQUET / f"{name}.parquet"


def _explanation(error: Exception, settings: Settings) -> str:
    text = one_line(error)
    if fault := storage_fault(error, settings):
        return f"nothing was published: {fault}"
    if is_held(error):
        return (
            f"nothing was published: {settings.warehouse} is open for writing in another program; close it "
            f"there and refresh again ({text})"
        )
    return f"nothing was published: {text}"


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def _literal(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
