"""The golden cases, from raw tables through dbt alone."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.golden import KEYS, differences
from tests.dbt_project.warehouse import build, create_raw_tables, load_landing_csv


@pytest.fixture(scope="module", params=["case_1", "case_2"])
def built_case(
    request: pytest.FixtureRequest, shared_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """A connection to the built warehouse of a golden case, and the folder of its expected tables."""
    case: Path = shared_dir / "golden" / request.param
    home = tmp_path_factory.mktemp(request.param)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        load_landing_csv(connection, case / "landing")
    # dbt's own tests meet these rows when the same companies are refreshed (`tests.end_to_end.test_golden_cases`).
    build(home, json.loads((case / "settings.json").read_text(encoding="utf-8")), command="run")
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True), case / "expected"


@pytest.mark.parametrize("table", KEYS)
def test_table_is_as_expected(built_case: tuple[duckdb.DuckDBPyConnection, Path], table: str) -> None:
    connection, expected_dir = built_case
    assert differences(connection, table, expected_dir / f"{table}.csv") == []


def test_a_difference_is_found(built_case: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path) -> None:
    connection, expected_dir = built_case
    text = (expected_dir / "kpi_slippage.csv").read_text(encoding="utf-8")
    head, first, *rest = text.splitlines()
    cells = first.split(",")
    cells[head.split(",").index("due_amount")] = "1.23"
    changed = tmp_path / "kpi_slippage.csv"
    changed.write_text("\n".join([head, ",".join(cells), *rest]), encoding="utf-8")
    assert [found for found, *_ in differences(connection, "kpi_slippage", changed)] == ["due_amount "]
