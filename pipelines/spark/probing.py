"""Asks the lake and the cluster small questions, for the doctor.

Belongs here: what may keep a refresh on Spark from reading and writing. Does not belong here: packages and Java
(`pipelines.spark.connection`, `pipelines.doctor.machine`).
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import duckdb

from ingestion.lake import Folder, folder_at, remove
from ingestion.masking import Secrets
from ingestion.text import literal, one_line
from pipelines.settings import Settings
from pipelines.spark.connection import Endpoint, said


def lake_fault(settings: Settings) -> str | None:
    """Write a file of Parquet into the lake, read it, and let the cluster, where there is one, do the same beside it.

    All is removed again. What is wrong, in one line without a secret; None where nothing is.
    """
    endpoint = Endpoint.of(settings)
    secrets = Secrets([endpoint.password or ""] if endpoint else [])
    try:
        probe = folder_at(settings.lake) / "_probe"
        remove(probe)
        probe.mkdir(parents=True, exist_ok=True)
        # As dlt does, and as DuckDB does.
        (probe / "of_dlt").write_text("1")
        ours, theirs = f"{settings.lake}/_probe/part-0.parquet", f"{settings.lake}/_probe/of_spark"
        duckdb.sql("SELECT 1 AS id").write_parquet(ours)
        _read(ours)
        if endpoint:
            _let_write(endpoint, ours, theirs)
            _read(f"{theirs}/*.parquet")
        return _left(probe)
    except Exception as error:
        return secrets.masked(one_line(said(str(error))))


def _read(files: str) -> None:
    duckdb.sql(f"FROM read_parquet({literal(files)})").fetchall()


def _let_write(endpoint: Endpoint, ours: str, theirs: str) -> None:
    """Let the cluster write what it reads of our file into a folder."""
    from dbt.adapters.contracts.connection import Connection, Identifier
    from dbt.adapters.spark.connections import SparkConnectionManager, SparkCredentials

    options: dict[str, Any] = {
        name: value == "true" if name == "use_ssl" else value for name, value in endpoint.options.items()
    }
    server = SparkCredentials(
        method="thrift",
        host=endpoint.host,
        port=endpoint.port,
        user=endpoint.user,
        password=endpoint.password,
        schema="default",
        **options,
    )
    opened = SparkConnectionManager.open(Connection(type=Identifier("spark"), name="probe", credentials=server))
    with closing(opened.handle) as handle:
        handle.cursor().execute(
            f"INSERT OVERWRITE DIRECTORY {literal(theirs)} USING parquet SELECT id FROM parquet.`{ours}`"
        )


def _left(probe: Folder) -> str | None:
    """Remove the probe: a build writes over what the cluster wrote."""
    remove(probe)
    return f"{probe} cannot be removed, with what the cluster wrote there" if probe.is_dir() else None
