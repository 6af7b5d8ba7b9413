"""Where a copy goes: the database, with the password from the environment or dlt's secrets, the schema, the reader.

Belongs here: that, and errors of the database in one line that holds no secret. Does not belong here: what is sent
(`pipelines.copying.tables`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dlt
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.masking import Secrets
from ingestion.text import first_line
from pipelines.settings import Settings
from pipelines.storage_faults import causes

PASSWORD = "copy.password"  # noqa: S105 - its name, as dlt reads it: COPY__PASSWORD, or [copy] in secrets.toml


class CopyError(RuntimeError):
    """The copy cannot be made; the message is one line with the way out. Readers go on with the copy that was there."""


@dataclass(frozen=True)
class Target:
    """A schema in a PostgreSQL database. `reader` is the role that may read it, None to grant nothing.

    `url` has no password; nothing that is printed of this object has one.
    """

    url: str
    schema: str
    reader: str | None

    @property
    def loading(self) -> str:
        """The schema that takes in what is sent, before readers see it."""
        return f"{self.schema}__loading"

    def credentials(self) -> PostgresCredentials:
        credentials = PostgresCredentials(self.url)
        if password := _password():
            credentials.password = password
        return credentials

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection of psycopg2 outside any transaction. Raises CopyError where the database or the load fails."""
        import psycopg2

        try:
            connection = psycopg2.connect(
                self.credentials().to_native_representation(), application_name="repline copy"
            )
            try:
                connection.autocommit = True
                yield connection
            finally:
                connection.close()
        except (psycopg2.Error, PipelineStepFailed) as error:
            # Not chained: the errors beneath may name the URL with its password.
            raise CopyError(self._explanation(error)) from None

    def _explanation(self, error: Exception) -> str:
        # dlt wraps what the database says in a report of the load.
        innermost = list(causes(error))[-1]
        text = Secrets([_password() or ""]).masked(first_line(innermost))
        return f"the copy in {self.url} was not renewed, and its readers keep the one before: {text}"


def target_of(settings: Settings) -> Target:
    """The target that the settings name. Raises CopyError where they name none, or its drivers are missing."""
    if settings.copy_to is None:
        raise CopyError("no database is named; use `repline copy --to postgresql://user@host/database`, or set copy_to")
    try:
        import adbc_driver_postgresql  # noqa: F401 - dlt sends Parquet files by it
        import psycopg2  # noqa: F401
    except ImportError as error:
        raise CopyError(f"{error.name} is not installed; run `pip install 'repline[copy]'`") from None
    return Target(settings.copy_to, settings.copy_schema, settings.copy_reader)


def _password() -> str | None:
    found: object = dlt.secrets.get(PASSWORD)
    return None if found is None else str(found)
