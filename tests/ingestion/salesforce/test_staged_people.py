"""Salesforce's users, territories, accounts and leads become the landing contract's."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from tests.ingestion.salesforce.staged_org import ADA, NO_EMPLOYEES, Query, naive


def test_users(query: Query) -> None:
    assert query("SELECT full_name, role, manager_id, team, territory, is_deleted FROM stg_users ORDER BY user_id") == [
        ("Ada Berg", "Account Executive", None, "EMEA 1", "DACH", False),
        ("Bo Dahl", None, f"salesforce:{ADA}", None, "Europe", True),
        ("CsnOnly", None, None, None, None, True),
    ]


def test_users_that_a_loader_landed_are_employees_only(home: Path, query: Query) -> None:
    """Repline does not ask for the others; Fivetran and Airbyte land them all."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        assert connection.sql("SELECT DISTINCT user_type FROM raw.salesforce__users ORDER BY 1").fetchall() == [
            ("CsnOnly",),
            ("Standard",),
        ]
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO raw.salesforce__users (id, name, user_type, _loaded_at) VALUES ($1, $1, $1, now())",
            [[kind] for kind in NO_EMPLOYEES],
        )
        named = connection.sql("SELECT full_name FROM staging.stg_salesforce__users ORDER BY user_id").fetchall()
        connection.execute("ROLLBACK")
    assert named == [("Ada Berg",), ("Bo Dahl",), ("CsnOnly",)]


def test_territories_are_those_of_the_active_model(query: Query) -> None:
    assert query("SELECT territory, name, parent, is_deleted FROM stg_territories ORDER BY territory") == [
        ("Alps", "Alps", "Europe", False),
        ("Europe", "Europe", "World", False),
        ("North (America_North)", "North", "World", False),
        ("North (Europe_North)", "North", "Europe", False),
        ("World", "World", None, False),
    ]


def test_a_hidden_field_is_null(query: Query) -> None:
    assert query("SELECT name, industry, country, is_deleted FROM stg_accounts") == [("Company", None, "France", False)]


def test_leads(query: Query) -> None:
    ada = f"salesforce:{ADA}"
    assert query("SELECT owner_id, converted_at FROM stg_leads ORDER BY lead_id") == [
        (ada, datetime(2025, 3, 5)),
        (None, None),
        # On the day of its creation: not before it.
        (ada, naive(0)),
    ]
