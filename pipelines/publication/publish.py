"""Write, audit, publish: a new version of the marts, made from the warehouse and put in place at once.

Belongs here: what a version contains, and that it is complete. Does not belong here: which versions there
are, and going back to one (`pipelines.publication.versions`).
"""

from __future__ import annotations

import os
import shutil
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion.clearing import last_version_in_clear
from ingestion.text import first_line, literal, quoted
from pipelines.pages.site import SITE, has_marts, is_installed, write_site
from pipelines.publication.content import SCHEMA, Form, Mart, count_and_checksum, forms_of, measure
from pipelines.publication.datasets import DATASET_FRESHNESS, dataset_freshness_sql
from pipelines.publication.reuse import is_untouched, take_over
from pipelines.publication.versions import (
    DATABASE,
    PARQUET,
    PUBLICATION,
    PublicationError,
    PublishedTable,
    Version,
    clear_leftovers,
    prune,
    read_version,
    release,
    sync_folder,
    version_numbers,
    version_path,
    versions_dir,
)
from pipelines.publication.views import beside_the_file, create_view, point_views
from pipelines.settings import Settings
from pipelines.sources import sources_of
from pipelines.storage_faults import is_held, storage_fault

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

Log = Callable[[str], None]

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


def publish(
    settings: Settings,
    as_of: datetime,
    fingerprint: str,
    tables: Sequence[str] | None = None,
    log: Log = lambda _: None,
    warn: Log = lambda _: None,
) -> Version:
    """Write the marts of the warehouse as a new version, audit it, and make it the one that readers see.

    `as_of` is aware; `fingerprint` stands for the inputs (`versions.needs_publishing`); `tables` are the
    names of the marts, by default all of schema `marts`; `log` is told which is written, `warn` why the version has no
    pages. Versions beyond `keep_versions` are removed, and those that may hold what is hidden or forgotten by now.
    Raises PublicationError, and then the last good version stands. Only for the holder of the refresh lock.
    """
    published_at = datetime.now(UTC)
    business = settings.business
    if not settings.warehouse.exists():
        raise PublicationError(f"there is no warehouse {settings.warehouse}; run `repline refresh`")
    building = versions_dir(settings) / f".building-{os.getpid()}"
    try:
        clear_leftovers(settings)
        newest = max(version_numbers(settings), default=0)
        number = newest + 1
        in_clear = last_version_in_clear(settings.warehouse)
        written = _write_files(
            settings,
            building,
            version_path(settings, newest) if newest > in_clear else None,
            number=number,
            published_at=published_at,
            as_of=as_of,
            fingerprint=fingerprint,
            freshness=dataset_freshness_sql(sources_of(settings), as_of, business.freshness_limit_hours),
            tables=tables,
            log=log,
            warn=warn,
        )
        path = version_path(settings, number)
        building.rename(path)
        sync_folder(path.parent)
        release(settings, number)
        prune(settings, business.keep_versions, through=in_clear)
    except (duckdb.Error, OSError) as error:
        raise PublicationError(_explanation(error, settings)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return Version(number, path, published_at, as_of.astimezone(UTC), fingerprint, written)


def _write_files(
    settings: Settings,
    folder: Path,
    last: Path | None,
    *,
    number: int,
    published_at: datetime,
    as_of: datetime,
    fingerprint: str,
    freshness: str,
    tables: Sequence[str] | None,
    log: Log,
    warn: Log,
) -> tuple[PublishedTable, ...]:
    """Write the marts of the warehouse, the records about them and the site into `folder`, and audit the marts.

    `last` is the folder of the version before, of which everything is taken over that is still the same; None to
    write all. `freshness` is the query of the table `dataset_freshness`.

    Raises PublicationError where the written files are not the marts, duckdb.Error and OSError where they
    cannot be written. When it returns, the files are on disk and read-only.
    """
    (folder / PARQUET).mkdir(parents=True)
    database = folder / DATABASE
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(folder.with_name(".spill")),
        # The order of rows in a mart says nothing. Keeping it took 19 s instead of 14 for six million rows.
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute(f"ATTACH {literal(settings.warehouse)} AS warehouse (READ_ONLY)")
        connection.execute("USE warehouse")
        marts = measure(connection, "warehouse", _marts(connection, tables))
        beside = beside_the_file(marts, settings.business.duckdb_file_max_rows)
        unchanged = take_over(connection, last, folder, marts, beside) if last else frozenset()
        changed = [mart for mart in marts if mart.name not in unchanged]
        audited = tuple(PublishedTable(mart.name, mart.row_count, mart.checksum) for mart in marts)
        records = {
            DATASET_FRESHNESS: freshness,
            PUBLICATION: _publication_sql(audited, number, published_at, as_of, fingerprint),
        }
        _attach(connection, database, "" if database.exists() else f"STORAGE_VERSION '{STORAGE_VERSION}'")
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS published.{SCHEMA}")
        for number_of_mart, mart in enumerate(changed, start=1):
            log(f"{number_of_mart} of {len(changed)} changed tables: {mart.name}, {mart.row_count:,} rows")
            if mart.name in beside:
                _write_parquet(connection, folder, mart.name, mart.form, "warehouse")
            else:
                _write_table(connection, mart.name, f"FROM warehouse.{SCHEMA}.{quoted(mart.name)}", mart.form.comments)
        if beside:
            point_views(connection, folder / PARQUET)
        for mart in (mart for mart in marts if mart.name in beside):
            create_view(connection, mart)
            _comment(connection, "VIEW", mart.name, mart.form.comments)
        for name, query in records.items():
            _write_table(connection, name, query, _RECORD_COMMENTS[name])
        # Attached anew, so that what is read from here on is what is in the file and not what is in memory.
        connection.execute("DETACH published")
        _attach(connection, database, "READ_ONLY")
        if settings.pages and (
            reason := _write_site(connection, settings, folder, last, [mart.name for mart in marts])
        ):
            warn(f"Version {number} has no pages: {reason}")
        # The version's own record comes last: `is_untouched` trusts what is older than it.
        forms = forms_of(connection, "published")
        for name in (*(mart.name for mart in changed if mart.name not in beside), *records):
            _write_parquet(connection, folder, name, forms[name])
        for mart in marts:
            _audit(connection, folder, mart, is_new=mart in changed)
        connection.execute("DETACH published")
        if beside:
            _attach(connection, database)
            point_views(connection, version_path(settings, number) / PARQUET)
            connection.execute("DETACH published")
            (folder / PARQUET / f"{PUBLICATION}.parquet").touch()  # It is the newest file again.
    _make_durable(folder)
    return audited


def _write_site(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path, last: Path | None, marts: Sequence[str]
) -> str:
    """Write the pages of the version in `folder`; return why there are none, empty where there are."""
    if not is_installed():
        return "they need the extra `pages`; run `pip install 'repline[pages]'`"
    if not has_marts([*marts, *RECORD_TABLES]):
        return "the version lacks marts that they show"
    site = folder / SITE
    try:
        with connection.cursor() as cursor:
            cursor.execute("USE published")
            write_site(
                cursor,
                site,
                last / SITE if last else None,
                lambda file: last is not None and is_untouched(last, file),
                _history(settings),
                language=settings.business.language,
                currency=settings.business.base_currency,
            )
    except (duckdb.Error, OSError):
        raise
    except Exception:  # Whatever fails in drawing them, it keeps no figure from its readers.
        shutil.rmtree(site, ignore_errors=True)
        return f"they could not be made.\n{traceback.format_exc()}"
    return ""


def _history(settings: Settings) -> list[tuple[int, datetime, datetime, int]]:
    """Number, moments of publication and as-of, and rows of the kept versions; one that is damaged is none."""
    kept = []
    for number in version_numbers(settings):
        with suppress(PublicationError):
            version = read_version(settings, number)
            kept.append((number, version.published_at, version.as_of, version.row_count))
    return kept


def _attach(connection: duckdb.DuckDBPyConnection, database: Path, options: str = "") -> None:
    connection.execute(f"ATTACH {literal(database)} AS published {f'({options})' if options else ''}")


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


def _write_table(connection: duckdb.DuckDBPyConnection, name: str, query: str, comments: Mapping[str, str]) -> None:
    connection.execute(f"CREATE TABLE published.{SCHEMA}.{quoted(name)} AS {query}")
    _comment(connection, "TABLE", name, comments)


def _comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, comments: Mapping[str, str]) -> None:
    relation = f"published.{SCHEMA}.{quoted(name)}"
    for column, comment in comments.items():
        what = f"COLUMN {relation}.{quoted(column)}" if column else f"{kind} {relation}"
        connection.execute(f"COMMENT ON {what} IS {literal(comment)}")


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, form: Form, database: str = "published"
) -> None:
    """Write the Parquet file of a table: by default from the published one, so that who audits the file audits both.

    The descriptions are in its metadata, where they make no two files of the same content differ.
    """
    target = literal(folder / PARQUET / f"{name}.parquet")
    described = ", ".join(f"{key}: {literal(text)}" for key, text in form.parquet_metadata.items())
    options = f"{PARQUET_OPTIONS}, KV_METADATA {{{described}}}" if described else PARQUET_OPTIONS
    connection.execute(f"COPY (FROM {database}.{SCHEMA}.{quoted(name)}) TO {target} ({options})")


def _audit(connection: duckdb.DuckDBPyConnection, folder: Path, mart: Mart, *, is_new: bool) -> None:
    """Compare both forms with the mart. Raises PublicationError where they differ.

    A new Parquet file was written from the published table, or is what its view shows: where its values are the
    mart's, the other form's are too. Of what was taken over the rows are counted; the values were audited when it was
    written.
    """
    parquet = f"read_parquet({literal(folder / PARQUET / f'{mart.name}.parquet')})"
    for form, source in ((DATABASE, f"published.{SCHEMA}.{quoted(mart.name)}"), ("Parquet", parquet)):
        [(count,)] = connection.execute(f"SELECT count(*) FROM {source}").fetchall()
        if count != mart.row_count:
            raise PublicationError(
                f"nothing was published: {SCHEMA}.{mart.name} has {mart.row_count} rows, its {form} copy {count}"
            )
    if is_new and count_and_checksum(connection, parquet, mart.form)[1] != mart.checksum:
        raise PublicationError(f"nothing was published: the copies of {SCHEMA}.{mart.name} differ in their values")


def _publication_sql(
    tables: Iterable[PublishedTable], number: int, published_at: datetime, as_of: datetime, fingerprint: str
) -> str:
    rows = ", ".join(f"({literal(table.name)}, {table.row_count}, {literal(table.checksum)})" for table in tables)
    return f"""
        SELECT
            CAST({number} AS BIGINT) AS version,
            {_timestamp(published_at)} AS published_at,
            {_timestamp(as_of)} AS as_of,
            table_name,
            CAST(row_count AS BIGINT) AS row_count,
            checksum,
            {literal(fingerprint)} AS fingerprint
        FROM (VALUES {rows}) AS marts (table_name, row_count, checksum)
    """


def _make_durable(folder: Path) -> None:
    """Read-only, so that a BI tool that opens for writing gets an error instead of locking the others out.

    Who may read stays as the umask of the refresh made it.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(path.stat().st_mode & ~0o222)
    for part in folder.iterdir():
        if part.is_dir():
            sync_folder(part)
    sync_folder(folder)


def _explanation(error: Exception, settings: Settings) -> str:
    text = first_line(error)
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
