"""Measures what both gates judge by DuckDB and by Spark.

Belongs here: in which measures a home's engines differ. Does not belong here: how the home was filled.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb

from expectations.landing import LandingGate
from pipelines.assets.gates import marts_gate_of
from pipelines.runs.dbt_runs import prepare_manifest, row_of_spark
from pipelines.settings import Settings
from pipelines.sources import sources_of
from tests.spark.comparing import TOLERANCE


def print_unequal(_: Sequence[str] = ()) -> None:
    """Print for each gate the measures that differ, as DuckDB's and Spark's, for the home of the environment."""
    settings = Settings.from_environment()
    assert settings.as_of is not None
    variables = settings.dbt_vars(settings.as_of)
    marts_gate = marts_gate_of(json.loads(prepare_manifest(settings).read_text(encoding="utf-8")))
    for gate in (LandingGate(sources_of(settings).arrivals), marts_gate):
        query = gate.gate.summary_sql(gate.literals(variables, {"fct_call": 4000}))
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            (first,) = connection.execute(query).to_arrow_table().to_pylist()
        second = row_of_spark(settings, variables, query)
        assert first.keys() == second.keys()
        both = {name: (number, second[name]) for name, number in first.items()}
        print(f"{gate.SUITE}: { {name: numbers for name, numbers in both.items() if not _same(*numbers)} }")


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - float(second)) <= TOLERANCE * max(1, abs(first))
