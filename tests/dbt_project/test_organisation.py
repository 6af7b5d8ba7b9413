"""Who was where and below whom, as bad organisation data would have it: named, and never a wrong sum."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.warehouse import build, create_raw_tables, insert_rows

USERS = ["top", "a", "b", "rep", "behind", "mover"]
# In February a and b manage each other.
HISTORY = [
    ("rep", "2024-01-01", "a", "North"),
    ("a", "2024-01-01", "top", "North"),
    ("a", "2024-02-01", "b", "North"),
    ("b", "2024-01-01", "top", "South"),
    ("b", "2024-02-01", "a", "South"),
    ("b", "2024-03-01", "top", "South"),
    # Nobody knows them; their team is no team of anybody.
    ("nobody", "2024-01-01", "top", "Lost"),
    ("behind", "2024-01-01", None, "South"),
    # Not yet, and no more.
    ("mover", "2024-01-01", None, "South"),
    ("mover", "2024-05-01", "rep", "Later"),
]
DEALS = [
    ("rep", "2024-01-15", 100),
    ("rep", "2024-02-15", 200),
    ("rep", "2024-03-05", 400),
    ("mover", "2024-03-05", 50),
    ("nobody", "2024-01-20", 1000),
    (None, "2024-01-21", 7),
]
SELECTED = ("dim_rep", "kpi_team_scorecard", "kpi_company_scorecard", "kpi_manager_scorecard", "data_quality_warnings")


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("organisation")
    _land(home)
    build(
        home, {"as_of": "2024-03-10T12:00:00Z"}, "--exclude-resource-type", "unit_test",
        "--indirect-selection", "cautious", "--select", *(f"+{model}" for model in SELECTED),
    )  # fmt: skip
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def _land(home: Path) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        insert_rows(connection, "users", [
            {"user_id": user, "full_name": user, "team": "East", "updated_at": "2023-12-31"} for user in USERS
        ])  # fmt: skip
        connection.execute("UPDATE raw.landing__users SET updated_at = '2024-02-02' WHERE user_id = 'behind'")
        insert_rows(connection, "user_history", [
            {"user_id": user, "valid_from": valid_from, "manager_id": manager, "team": team}
            for user, valid_from, manager, team in HISTORY
        ])  # fmt: skip
        insert_rows(connection, "user_history", [
            {"user_id": "mover", "valid_from": "2024-02-01", "team": "Deleted", "is_deleted": True},
        ])  # fmt: skip
        insert_rows(connection, "pipeline_stages", [
            {"stage": "Talk", "position": 1, "is_closed": False, "is_won": False},
            {"stage": "Won", "position": 2, "is_closed": True, "is_won": True},
        ])  # fmt: skip
        insert_rows(connection, "opportunities", [
            {"opportunity_id": f"o{number}", "stage": "Won", "owner_id": owner, "amount": amount,
             "created_at": "2024-01-10 10:00:00", "close_date": closed_on}
            for number, (owner, closed_on, amount) in enumerate(DEALS)
        ])  # fmt: skip


def _won(marts: duckdb.DuckDBPyConnection, table: str, column: str) -> set[tuple[int, str, Decimal]]:
    return set(
        marts.execute(
            f"SELECT month(period_start), {column}, won_amount FROM marts.{table}"
            " WHERE period_type = 'month' AND won_amount > 0"
        ).fetchall()
    )


def test_each_rule_names_whom_it_found(marts: duckdb.DuckDBPyConnection) -> None:
    named = marts.execute(
        "SELECT rule, subject FROM marts.data_quality_warnings WHERE subject IS NOT NULL AND entity = 'user_history'"
        " ORDER BY ALL"
    ).fetchall()
    assert named == [
        ("history_of_unknown_user", "nobody"),
        ("manager_cycle", "a"),
        ("manager_cycle", "b"),
        ("user_history_behind", "behind"),
    ]


def test_teams_are_those_of_the_day_and_of_known_users(marts: duckdb.DuckDBPyConnection) -> None:
    assert _won(marts, "kpi_team_scorecard", "team") == {
        (1, "North", Decimal(100)),
        (1, "unassigned", Decimal(1007)),
        (2, "North", Decimal(200)),
        (3, "North", Decimal(400)),
        (3, "South", Decimal(50)),
    }
    assert _won(marts, "kpi_company_scorecard", "'all'") == {
        (1, "all", Decimal(1107)),
        (2, "all", Decimal(200)),
        (3, "all", Decimal(450)),
    }


def test_nobody_is_above_a_circle_of_managers(marts: duckdb.DuckDBPyConnection) -> None:
    assert _won(marts, "kpi_manager_scorecard", "manager_id") == {
        (1, "a", Decimal(100)),
        (1, "top", Decimal(100)),
        (2, "a", Decimal(200)),
        (3, "a", Decimal(400)),
        (3, "b", Decimal(400)),
        (3, "top", Decimal(400)),
    }
