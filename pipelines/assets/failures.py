"""How an error inside a step reaches the user: one clear line, retried only where that can help.

Belongs here: telling errors of the data and the settings from passing ones of the machine. Does not belong
here: finding the errors, or printing them (`pipelines.cli`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb

from pipelines.errors import KNOWN_ERRORS
from pipelines.settings import Settings
from pipelines.storage_faults import causes, is_held, storage_fault

# Another program that looks into the warehouse holds it for a moment. Five attempts over about 30 s outlast a
# query typed by hand; the run as a whole waits longer before it begins (`pipelines.runs.exclusion`).
MAX_RETRIES = 5
RETRY_SECONDS = 6.0


@contextmanager
def clear_failures(settings: Settings) -> Iterator[None]:
    """Turn known errors into dagster.Failure with one line, and ask for a retry of passing ones.

    A wrong file stays wrong, and so do a full disk and a programming error: none is retried.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        chain = list(causes(error))
        if any(is_passing(cause) for cause in chain):
            raise dg.RetryRequested(MAX_RETRIES, RETRY_SECONDS) from error
        if fault := storage_fault(error, settings):
            raise dg.Failure(fault, allow_retries=False) from error
        for cause in chain:
            if isinstance(cause, KNOWN_ERRORS):
                raise dg.Failure(str(cause), allow_retries=False) from error
        raise


def is_passing(error: BaseException) -> bool:
    """Whether the error is that another process has the warehouse file open."""
    return isinstance(error, duckdb.IOException) and is_held(error)
