"""The lake: what Spark is given before a build, and what DuckDB shows of it after one.

Belongs here: the tables between the two, as Parquet. Does not belong here: load packages (`ingestion.lake`), or how dbt
reaches Spark (`pipelines.spark.connection`).

Loads add their packages to the lake, Spark makes all models from there, and the warehouse's DuckDB file shows both as
views on Parquet files: so gates, publication and reports read the same names on both engines. The file itself holds
what snapshots saw, and what another tool landed in it; a build copies these into the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from ingestion.lake import FILE_BYTES, Folder, Lake, folder_at, has_used_one, remove
from ingestion.moving import settle
from ingestion.text import literal, quoted
from pipelines.settings import SPARK, Settings

SNAPSHOTS_SCHEMA = "snapshots"
# Made again by each build, from the others.
_DERIVED = ("staging", "intermediate", "marts")
# Where Spark sees all rows of the packages, of which schema raw shows the newest.
PACKAGES_SCHEMA = "raw_packages"

Tables = Mapping[str, Sequence[str]]


def settled_lake(settings: Settings, log: Callable[[str], None] = lambda _: None) -> Lake | None:
    """The lake of a home that Spark builds, or built before, with the raw tables where the target wants them.

    None where there is none. Only for the holder of the refresh lock. Raises LakeError where it cannot be used.
    """
    is_in_lake = settings.target == SPARK
    if not is_in_lake and not has_used_one(settings.warehouse):
        return None
    # All sources' packages are imported for it.
    from ingestion.keys import raw_keys

    lake = Lake(folder_at(settings.lake), raw_keys())
    settle(settings.warehouse, settings.dlt_home, lake, is_in_lake, log)
    return lake


def packages(lake: Lake) -> dict[str, str]:
    """What schema raw shows of the packages in Spark, by table: SQL of views on tables of PACKAGES_SCHEMA."""
    return {
        each.name: each.newest_rows(
            f"{PACKAGES_SCHEMA}.{_in_backticks(each.name)}", "split_part(_metadata.file_name, '-', 1)", _in_backticks
        )
        for each in lake.packages()
    }


def _in_backticks(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def fill_lake(warehouse: Path, lake: Folder, wanted: Collection[tuple[str, str]]) -> Tables:
    """Copy the wanted tables (schema, name) that the warehouse holds into the lake; return them by schema."""
    copied: dict[str, list[str]] = {}
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        held = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        for schema, table in sorted({*wanted} & {*connection.execute(held).fetchall()}):
            folder = lake / schema / table
            remove(folder)
            folder.mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"COPY {quoted(schema)}.{quoted(table)} TO {literal(str(folder))}"
                f" (FORMAT parquet, FILE_SIZE_BYTES '{FILE_BYTES}', OVERWRITE_OR_IGNORE)"
            )
            copied.setdefault(schema, []).append(table)
    return copied


def show_lake(warehouse: Path, lake: Folder, built: Iterable[Any]) -> None:
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
