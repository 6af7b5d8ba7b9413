"""A company refreshed on DuckDB and then on Spark: every published table is the same.

Run by `make test-spark`: each refresh on Spark takes minutes. Skips where there is no Java or no pyspark.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingestion.demo import DEFAULT_UNTIL, generate
from pipelines.publication.publish import RECORD_TABLES
from pipelines.spark.connection import java
from tests.dbt_project.golden import ALL_KEYS
from tests.dbt_project.golden import differences as from_expected
from tests.end_to_end.company import Company
from tests.processes import run_forked
from tests.spark.comparing import differences
from tests.spark.measures import print_unequal

pytestmark = [
    pytest.mark.skipif("REPLINE_TEST_SPARK" not in os.environ, reason="takes an hour; `make test-spark` runs it"),
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(java() is None, reason="there is no Java"),
]
GOLDEN = (
    "case_1",
    "case_2",
    "practice_steering_1",
    "practice_steering_2",
    "practice_developing_1",
    "practice_developing_2",
)
# Of small tables Java would take most of the time to compile each statement.
QUICK = (
    "--conf spark.sql.shuffle.partitions=1 --conf spark.sql.codegen.wholeStage=false "
    "--conf spark.sql.codegen.factoryMode=NO_CODEGEN --driver-java-options "
    "'-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m' pyspark-shell"
)


@dataclass
class Both:
    """The two published versions of a company, DuckDB's and Spark's, and the tables that are expected."""

    company: Company
    duckdb: Path
    spark: Path
    expected: Path


@pytest.fixture(scope="module", params=["demo", *GOLDEN, "loan_desk"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp(request.param)
    folder = home / "landing" if request.param == "demo" else request.getfixturevalue("shared_dir")
    if request.param == "demo":
        generate(folder, calls=3000)
        company = Company(folder, home, DEFAULT_UNTIL.isoformat(), {})
    elif request.param == "loan_desk":
        folder = folder / "data" / "loan_desk"
        company = Company(folder, home, "2011-11-30T22:59:59Z", {"base_currency": "EUR"})
    else:
        folder = folder / "golden" / request.param
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        company = Company(folder / "landing", home, settings.pop("as_of"), settings)
    company.refresh()
    done = company.run("refresh", REPLINE_TARGET="spark", PYSPARK_SUBMIT_ARGS=QUICK)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    versions = home / "published" / "versions"
    first, second = (versions / name / "repline.duckdb" for name in sorted(path.name for path in versions.iterdir()))
    yield Both(company, first, second, folder / "expected")


def test_every_table_is_the_same(both: Both) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{both.duckdb}' AS duck (READ_ONLY)")
        connection.execute(f"ATTACH '{both.spark}' AS spark (READ_ONLY)")
        tables = connection.execute(
            "SELECT database_name, table_name FROM duckdb_tables() WHERE schema_name = 'marts'"
        ).fetchall()
        names = {database: {name for found, name in tables if found == database} for database in ("duck", "spark")}
        assert names["duck"] == names["spark"]
        found = {
            name: differences(connection, f"duck.marts.{name}", f"spark.marts.{name}")
            for name in sorted(names["duck"] - {*RECORD_TABLES})
        }
    assert {name: each for name, each in found.items() if each} == {}


def test_tables_are_as_expected(both: Both) -> None:
    if not both.expected.is_dir():
        pytest.skip("nothing is expected of it but to be the same")
    with duckdb.connect(str(both.spark), read_only=True) as connection:
        found = {
            table: from_expected(connection, table, file)
            for table in ALL_KEYS
            if (file := both.expected / f"{table}.csv").exists()
        }
    assert found
    assert {table: rows for table, rows in found.items() if rows} == {}


def test_the_gates_measure_the_same(both: Both) -> None:
    if both.expected.is_dir():
        pytest.skip("it takes a minute, and the refresh has asked Spark already")
    environment = {**both.company.environment, "REPLINE_TARGET": "spark", "PYSPARK_SUBMIT_ARGS": QUICK}
    done = run_forked(print_unequal, [], environment)
    assert (done.returncode, done.stdout) == (0, "landing: {}\nmarts: {}\n"), done.stderr[-4000:]
