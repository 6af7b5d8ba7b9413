"""What passes between the warehouse and Spark, without a Spark; with one, `tests/spark` does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipelines.spark.lake import fill_lake, show_lake


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        for schema in ("raw", "marts", "snapshots"):
            connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE raw.landing__users AS SELECT 'u1' AS user_id, TIMESTAMP '2025-01-01' AS at")
        connection.execute("CREATE TABLE raw.not_wanted AS SELECT 1 AS id")
        connection.execute("CREATE TABLE snapshots.users_seen AS SELECT 'u1' AS user_id")
        # As a build on DuckDB left it.
        connection.execute("CREATE TABLE marts.dim_rep AS SELECT 'old' AS user_id")
    return path


def rows(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def node(schema: str, name: str, *columns: str) -> SimpleNamespace:
    described = {each: SimpleNamespace(name=each, description=f"What {each} means.") for each in columns}
    docs = {"relation": True, "columns": True} if schema == "marts" else {}
    config = SimpleNamespace(persist_docs=docs)
    return SimpleNamespace(schema=schema, name=name, description=f"The {name}.", columns=described, config=config)


def test_what_spark_reads_is_copied_whole(warehouse: Path, tmp_path: Path) -> None:
    wanted = [("raw", "landing__users"), ("raw", "landing__calls"), ("snapshots", "users_seen")]
    lake = tmp_path / "lake"
    left = lake / "raw" / "landing__users" / "left_by_an_earlier_build.parquet"
    left.parent.mkdir(parents=True)
    left.touch()
    assert fill_lake(warehouse, lake, wanted) == {"raw": ["landing__users"], "snapshots": ["users_seen"]}
    assert sorted(each.name for each in (lake / "raw").iterdir()) == ["landing__users"]
    files = f"'{lake}/raw/landing__users/*.parquet'"
    assert rows(warehouse, f"FROM raw.landing__users EXCEPT ALL FROM {files}") == []
    assert rows(warehouse, f"SELECT count(*) FROM {files}") == [(1,)]


def test_the_warehouse_shows_what_spark_made(warehouse: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for schema, table in (("marts", "dim_rep"), ("snapshots", "users_seen")):
        folder = lake / schema / table
        folder.mkdir(parents=True)
        rows(warehouse, f"COPY (SELECT 'new' AS user_id) TO '{folder}/part-0.parquet' (FORMAT parquet)")
    a_view = node("staging", "stg_of_spark")
    built = [node("marts", "dim_rep", "user_id"), node("snapshots", "users_seen"), a_view]
    show_lake(warehouse, lake, built)
    assert rows(warehouse, "FROM marts.dim_rep") == rows(warehouse, "FROM snapshots.users_seen") == [("new",)]
    comments = "SELECT comment FROM duckdb_views() WHERE view_name = 'dim_rep'"
    assert rows(warehouse, comments) == [("The dim_rep.",)]
    comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'dim_rep'"
    assert rows(warehouse, comments) == [("What user_id means.",)]
    # What was seen stays, also where the lake is removed.
    assert rows(warehouse, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'snapshots'") == [
        ("users_seen",)
    ]
