"""The golden cases of the practice, from raw tables through dbt alone.

Those of part 1 go the whole way, from files to publication (`tests.end_to_end.test_golden_cases`).
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.golden import PRACTICE_KEYS, differences
from tests.dbt_project.warehouse import build, create_raw_tables, load_landing_csv

# The tables that are expected, by case.
CASES = {f"{name}_{number}": tuple(tables) for name, tables in PRACTICE_KEYS.items() for number in (1, 2)}


@pytest.fixture(scope="module", params=CASES)
def built_case(
    request: pytest.FixtureRequest, shared_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[duckdb.DuckDBPyConnection, Path]:
    """A connection to the built warehouse of a golden case, and the folder of its expected tables."""
    case: Path = shared_dir / "golden" / request.param
    home = tmp_path_factory.mktemp(request.param)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        load_landing_csv(connection, case / "landing")
    settings = json.loads((case / "settings.json").read_text(encoding="utf-8"))
    build(home, settings, "--exclude-resource-type=unit_test")
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True), case / "expected"


def test_tables_are_as_expected(built_case: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    connection, expected_dir = built_case
    given = {path.stem for path in expected_dir.glob("*.csv")} - {"expected_warnings"}
    assert given == set(CASES[expected_dir.parent.name])
    found = {
        table: differences(connection, table, expected_dir / f"{table}.csv")
        for table in CASES[expected_dir.parent.name]
    }
    assert {table: rows for table, rows in found.items() if rows} == {}


def test_warnings_name_what_is_expected(built_case: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    connection, expected_dir = built_case
    expected = expected_dir / "expected_warnings.csv"
    if not expected.exists():
        pytest.skip("this case expects no warnings")
    query = "SELECT rule, subject FROM marts.data_quality_warnings WHERE subject IS NOT NULL"
    named = connection.execute(query).fetchall()
    rows = connection.read_csv(str(expected), all_varchar=True).fetchall()
    assert sorted(named) == sorted(rows)


def test_a_difference_is_found(built_case: tuple[duckdb.DuckDBPyConnection, Path], tmp_path: Path) -> None:
    connection, expected_dir = built_case
    if "kpi_company_scorecard" not in CASES[expected_dir.parent.name]:
        pytest.skip("one table is enough")
    text = (expected_dir / "kpi_company_scorecard.csv").read_text(encoding="utf-8")
    head, first, *rest = text.splitlines()
    cells = first.split(",")
    cells[head.split(",").index("won_amount")] = "1.23"
    changed = tmp_path / "kpi_company_scorecard.csv"
    changed.write_text("\n".join([head, ",".join(cells), *rest]), encoding="utf-8")
    assert [found for found, *_ in differences(connection, "kpi_company_scorecard", changed)] == ["won_amount "]
