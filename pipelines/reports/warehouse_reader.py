"""Looking into the warehouse from outside a refresh, without getting into its way.

Belongs here: when the file may be opened, and what to say when it may not. Does not belong here: what is
read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from filelock import FileLock, Timeout

from ingestion.contract import RAW_SCHEMA
from ingestion.register import SOURCES_BY_NAME
from pipelines.settings import Settings
from pipelines.sources import sources_of
from pipelines.storage_faults import is_held, storage_fault

# Another program's query is over, or it is not: nobody on call waits longer for an answer.
PATIENCE_SECONDS = 3.0
_POLL_SECONDS = 0.2


class WarehouseUnavailableError(RuntimeError):
    """The warehouse cannot be read now; the message is a clause that says why."""


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the warehouse. Raises WarehouseUnavailableError where there is none to be had.

    While a refresh is running the file is not even tried: DuckDB lets one process write or several read, so a
    look between two steps could make the next one fail.
    """
    if not settings.warehouse.exists():
        raise WarehouseUnavailableError("nothing was loaded yet; run `repline refresh`")
    if is_refreshing(settings):
        raise WarehouseUnavailableError("a refresh is running")
    connection = _connect(settings)
    try:
        yield connection
    except duckdb.CatalogException:
        raise WarehouseUnavailableError(_what_is_missing(settings, connection)) from None
    finally:
        connection.close()


def _what_is_missing(settings: Settings, connection: duckdb.DuckDBPyConnection) -> str:
    """Why the warehouse lacks a table: other sources were on when it was filled, or a first load was interrupted."""
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ?"
    names = connection.execute(query, [RAW_SCHEMA]).fetchall()
    loaded = {name.partition("__")[0] for (name,) in names} & SOURCES_BY_NAME.keys()
    here = sources_of(settings).names
    if not loaded or loaded >= set(here):
        return "the warehouse is not complete; run `repline refresh`"
    where = settings.file or "no repline.yml"
    return (
        f"the settings here are not those of the last refresh: `sources` is {', '.join(here)} ({where}), and it loaded "
        f"{', '.join(sorted(loaded))}; start Repline where its repline.yml is, or set REPLINE_VARS as it was"
    )


def is_refreshing(settings: Settings) -> bool:
    """Whether a refresh holds the warehouse, in whatever process."""
    if not settings.refresh_lock.exists():
        return False
    lock = FileLock(settings.refresh_lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False  # a lock file that this user may not open; DuckDB's own lock decides
    lock.release()
    return False


def _connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return duckdb.connect(str(settings.warehouse), read_only=True)
        except duckdb.IOException as error:
            if not is_held(error):
                fault = storage_fault(error, settings)
                raise WarehouseUnavailableError(fault or f"{settings.warehouse} cannot be read") from error
            if time.monotonic() > deadline:
                raise WarehouseUnavailableError("another program has the warehouse open for writing") from None
            time.sleep(_POLL_SECONDS)
