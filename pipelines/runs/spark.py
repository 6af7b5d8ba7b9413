"""Apache Spark as the engine of the models: what it is given before a build, and what DuckDB shows of it after one.

Belongs here: the lake between the two, and Spark's session. Does not belong here: running dbt
(`pipelines.runs.dbt_runs`), what a statement says on Spark (`dbt_project/macros/engine`).

The warehouse's DuckDB file stays what it is on DuckDB: it holds what no build can make again, the raw tables and what
snapshots saw. A build copies them into the lake, Spark makes all models from there, and the file shows Spark's tables
as views on their Parquet files. So landing, hiding and forgetting, gates, publication and reports are the same on both
engines, and the lake can be removed at any time.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from ingestion.text import literal, quoted

SNAPSHOTS_SCHEMA = "snapshots"
# Made again by each build, from the others.
_DERIVED = ("staging", "intermediate", "marts")
# Of files that a task of Spark reads at once; a smaller table is one file.
_FILE_BYTES = "128MB"
# What has to be said before Java starts; what holds of each statement stands in dbt's profile. Where nothing else is
# said (PYSPARK_SUBMIT_ARGS, spark-defaults.conf), the master is this machine with all its cores.
SESSION = {
    "spark.driver.memory": "2g",
    # The tables of a build are declared by the build.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

LEAST_JAVA = 17
NO_JAVA = f"Spark needs Java {LEAST_JAVA} or newer; install it, or set JAVA_HOME to where it is"

Tables = Mapping[str, Sequence[str]]


class SparkError(RuntimeError):
    """Spark cannot be used; the message is one line that says what is missing."""


def fill_lake(warehouse: Path, lake: Path, wanted: Collection[tuple[str, str]]) -> Tables:
    """Copy the wanted tables (schema, name) into the lake, as far as they are there, and return them by schema.

    Each is complete before it takes the place of the one before.
    """
    copied: dict[str, list[str]] = {}
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        held = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        for schema, table in sorted({*wanted} & {*connection.execute(held).fetchall()}):
            folder = lake / schema / table
            new = folder.with_name(f"{table}.new")
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            connection.execute(
                f"COPY {quoted(schema)}.{quoted(table)} TO {literal(new)}"
                f" (FORMAT parquet, FILE_SIZE_BYTES '{_FILE_BYTES}', OVERWRITE)"
            )
            shutil.rmtree(folder, ignore_errors=True)
            new.rename(folder)
            copied.setdefault(schema, []).append(table)
    return copied


def show_lake(warehouse: Path, lake: Path, built: Iterable[Any]) -> None:
    """Let the warehouse show the tables that Spark made: as views, and those of snapshots as tables that it keeps.

    `built` are dbt's nodes; of views there is nothing to show. Descriptions that are kept become comments.
    """
    with closing(duckdb.connect(str(warehouse))) as connection:
        connection.begin()
        for schema in _DERIVED:
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        for node in built:
            folder = lake / node.schema / node.name
            if not folder.is_dir():
                continue
            name = f"{quoted(node.schema)}.{quoted(node.name)}"
            kind = "TABLE" if node.schema == SNAPSHOTS_SCHEMA else "VIEW"
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(node.schema)}")
            files = literal(f"{folder}/*.parquet")
            connection.execute(f"CREATE OR REPLACE {kind} {name} AS FROM read_parquet({files})")
            if node.config.persist_docs.get("columns"):
                connection.execute(f"COMMENT ON {kind} {name} IS {literal(node.description)}")
                for column in node.columns.values():
                    connection.execute(
                        f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {literal(column.description)}"
                    )
        connection.commit()


def said(message: str) -> str:
    """What Spark says of an error, without the statement and Java's stack behind it."""
    return re.split(r"\s*(?:SQLSTATE: \w+|== SQL|JVM stacktrace|\n\s+at )", message)[0]


@contextmanager
def session(lake: Path) -> Iterator[None]:
    """A session of Spark, which dbt takes up; it ends with the block. Raises SparkError where Spark does not start."""
    require()
    from dbt.adapters.spark.connections import SparkCredentials
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("repline")
    for name, value in {**SESSION, "spark.sql.warehouse.dir": str(lake / "_spark")}.items():
        builder = builder.config(name, value)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        started = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise SparkError(f"Spark does not start: {error}") from error
    started.sparkContext.setLogLevel("ERROR")
    after_init = SparkCredentials.__post_init__

    def with_ansi(self: SparkCredentials) -> None:
        """dbt-spark switches ANSI off, whatever a profile says: what does not fit would become null unseen."""
        after_init(self)
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    SparkCredentials.__post_init__ = with_ansi  # type: ignore[method-assign]
    try:
        yield
    finally:
        SparkCredentials.__post_init__ = after_init  # type: ignore[method-assign]
        started.stop()


def require() -> None:
    """Raise SparkError where there is no dbt-spark, no pyspark or no Java."""
    for module in ("dbt.adapters.spark", "pyspark"):
        if find_spec(module) is None:
            raise SparkError(f"{module} is missing; run `pip install 'repline[spark]'`")
    if java() is None:
        raise SparkError(NO_JAVA)


def java() -> str | None:
    """The Java that Spark would start; None where there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
