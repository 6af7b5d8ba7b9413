"""Columns beyond the contract go to their dimension or fact where the settings list them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.test_sparse_data import AS_OF, CALLS, OPPORTUNITIES, STAGES, USERS
from tests.dbt_project.warehouse import build, create_raw_tables, insert_rows

EXTRA = {
    "users": ["Cost centre"],
    "accounts": ["tier"],
    "pipeline_stages": ["colour"],
    "opportunities": ["campaign", "Order"],
    "calls": ["recording"],
}
TARGETS = {
    "users": "dim_rep",
    "accounts": "dim_account",
    "pipeline_stages": "dim_stage",
    "opportunities": "fct_opportunity",
    "calls": "fct_call",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with raw tables that have extra columns, each filled with its own name."""
    folder = tmp_path_factory.mktemp("pass_through")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        create_raw_tables(connection, EXTRA)
        rows: dict[str, list[dict[str, Any]]] = {
            "users": USERS,
            "accounts": [{"account_id": "a1"}],
            "pipeline_stages": STAGES,
            "opportunities": OPPORTUNITIES,
            "calls": CALLS,
        }
        for entity, given in rows.items():
            extra = {name: name for name in EXTRA[entity]}
            insert_rows(connection, entity, [{**row, **extra} for row in given])
    return folder


def test_listed_columns_arrive_unchanged(home: Path) -> None:
    build(home, {**AS_OF, "pass_through_columns": EXTRA}, "--exclude", "resource_type:unit_test")
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for entity, table in TARGETS.items():
            for name in EXTRA[entity]:
                values = connection.execute(
                    f'SELECT DISTINCT "{name}" FROM marts.{table} WHERE "{name}" IS NOT NULL'
                ).fetchall()
                assert values == [(name,)], (table, name)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"opportunities": ["campain"]}, "'campain' for opportunities, which no source of it has"),
        ({"deals": ["campaign"]}, "pass_through_columns names the unknown entity 'deals'"),
    ],
)
def test_what_is_not_there_is_said(home: Path, listed: dict[str, list[str]], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        build(
            home,
            {**AS_OF, "pass_through_columns": listed},
            "--select",
            "+int_opportunities_unioned",
            command="run",
        )
