"""What Spark is asked for a gate, and with which tables, without a Spark; with one, `tests/spark` does."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt_common.clients.agate_helper import table_from_data_flat

from expectations.checks import GateError
from expectations.gate import RunnableGate
from expectations.landing import LandingGate
from ingestion.register import SOURCES
from pipelines.assets.gates import measure_on_spark
from pipelines.runs import dbt_runs
from pipelines.settings import Settings, default_vars
from pipelines.sources import sources_of
from pipelines.spark.queries import in_spark_words, tables_for, tables_of
from tests.dbt_project.spark import faults
from tests.expectations.declared import MODELS, marts_gate
from tests.pipelines.small_warehouse import make_settings

# All sources.
ALL = sources_of(make_settings(Path("home"), sources=[each.name for each in SOURCES]))
GATES = (LandingGate(ALL.arrivals), marts_gate())
# A model's schema is that of its folder.
MARTS = {("marts" if "marts" in path.parts else "intermediate", path.stem) for path in MODELS.rglob("*.sql")}
READABLE = MARTS | {("raw", name) for name in (*ALL.raw_tables, "landing_files")}


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.SUITE)
def test_spark_understands_the_query_of_a_gate(gate: RunnableGate) -> None:
    variables = {**default_vars(), "as_of": "2025-03-31T18:00:00.123456Z"}
    query = gate.gate.summary_sql(gate.literals(variables, {"fct_call": 7}))
    spark = in_spark_words(query)
    # Of a moment Spark's makes one with a zone, which no column may be; a gate only subtracts it, or takes its day.
    assert {*faults(spark)} <= {"the function date_trunc"}
    assert [check.column for check in gate.gate.checks if f" AS `{check.column}`" not in spark] == []
    assert tables_of(query) <= READABLE
    assert len(tables_of(query)) > 40


def test_what_differs_in_spark_is_said_otherwise() -> None:
    query = """
        WITH days AS MATERIALIZED (SELECT TIMESTAMP '2025-01-01' AS "the.day")
        SELECT count_if("the.day" > TIMESTAMP '2024-01-01') AS "a.b" FROM days
    """
    assert in_spark_words(query) == (
        "WITH days AS (SELECT CAST('2025-01-01' AS TIMESTAMP_NTZ) AS `the.day`)"
        " SELECT SUM(CAST(`the.day` > CAST('2024-01-01' AS TIMESTAMP_NTZ) AS INT)) AS `a.b` FROM days"
    )


def test_a_table_is_read_where_it_lies(tmp_path: Path) -> None:
    warehouse, lake = tmp_path / "warehouse.duckdb", tmp_path / "lake"
    (lake / "marts" / "dim_rep").mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA quality; CREATE TABLE quality.noted AS SELECT 1 AS rows_read")
    wanted = {("quality", "noted"), ("quality", "missing"), ("marts", "dim_rep"), ("raw", "landing_files")}
    assert tables_for(warehouse, lake, wanted) == {"quality": ["noted"], "marts": ["dim_rep"]}
    with duckdb.connect() as connection:
        assert connection.execute(f"FROM '{lake}/quality/noted/*.parquet'").fetchall() == [(1,)]


class Dbt:
    """Stands for dbt, and keeps what it was told."""

    def __init__(self, answer: Any) -> None:
        self.told: list[str] = []
        self.answer = answer

    def __call__(self, settings: Settings, arguments: list[str], *_: Any, **__: Any) -> Any:
        self.told.append(" ".join(arguments[:3]))
        if arguments[0] != "show":
            return SimpleNamespace(results=[SimpleNamespace(status="success")])
        if isinstance(self.answer, Exception):
            raise self.answer
        return SimpleNamespace(results=[SimpleNamespace(agate_table=self.answer)])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(dbt_runs, "connection", lambda settings: nullcontext())
    monkeypatch.setattr(dbt_runs, "_parse", lambda *_: None)
    settings = replace(make_settings(tmp_path), target="spark")
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE TABLE raw.landing_files AS SELECT 1 AS rows_read")
    return settings


QUERY = 'SELECT count(*) AS "files.row_count" FROM raw.landing_files'


def test_tables_are_declared_before_spark_is_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"files.row_count": 1.0, "files.share": 0.1 + 0.2, "files.age": None}
    dbt = Dbt(table_from_data_flat([row], list(row)))
    monkeypatch.setattr(dbt_runs, "_invoke", dbt)
    found = measure_on_spark(settings, {}, "landing")(QUERY)
    assert {name: None if number is None else float(number) for name, number in found.items()} == row
    assert dbt.told == [
        "run-operation read_lake --args",
        "show --inline {% raw %}SELECT COUNT(*) AS `files.row_count` FROM raw.landing_files{% endraw %}",
    ]


def test_an_error_names_the_gate_and_no_statement(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        "dbt show failed: Runtime Error Runtime Error in sql_operation inline_query (from remote system.sql)"
        " Runtime Error [DIVIDE_BY_ZERO] Division by zero."
    )
    monkeypatch.setattr(dbt_runs, "_invoke", Dbt(dbt_runs.DbtError(said)))
    with pytest.raises(GateError, match=r"^the landing gate failed on Spark: \[DIVIDE_BY_ZERO\] Division by zero\.$"):
        measure_on_spark(settings, {}, "landing")(QUERY)
