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

# Another program that looks into the warehouse holds it for a moment. Five attempts over about 30 s outlast a
# query typed by hand; the run as a whole waits longer before it begins (`pipelines.runs.exclusion`).
MAX_RETRIES = 5
RETRY_SECONDS = 6.0


@contextmanager
def clear_failures() -> Iterator[None]:
    """Turn known errors into dagster.Failure with their own text, and ask for a retry of passing ones.

    A wrong file stays wrong and a programming error too: neither is retried.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        causes = list(_causes(error))
        if any(is_passing(cause) for cause in causes):
            raise dg.RetryRequested(MAX_RETRIES, RETRY_SECONDS) from error
        for cause in causes:
            if isinstance(cause, KNOWN_ERRORS):
                raise dg.Failure(str(cause), allow_retries=False) from error
        raise


def is_passing(error: BaseException) -> bool:
    """Whether the error is that another process has the warehouse file open."""
    return isinstance(error, duckdb.IOException) and "lock" in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
