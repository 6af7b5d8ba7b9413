"""Columns of HubSpot's raw tables that a company asks for, that change, or that it hides."""

from __future__ import annotations

from ingestion.personal import PersonalColumns
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import Loads
from tests.ingestion.hubspot.server import HubSpotApi


def test_custom_fields_are_columns(loads: Loads, account: Account) -> None:
    loads.options["custom_fields"] = {"opportunities": ["Churn_Risk"], "accounts": ["tier"]}
    account.create("deals", {"Churn_Risk": "high", "dealname": "Deal"})
    account.create("companies", {"tier": "gold"})
    loads.load()
    assert loads.query("SELECT churn_risk FROM raw.hubspot__deals") == [("high",)]
    assert loads.query("SELECT tier FROM raw.hubspot__companies") == [("gold",)]


def test_a_field_may_appear_disappear_and_change_its_type(loads: Loads, api: HubSpotApi, account: Account) -> None:
    first = account.create("deals", {"amount": "10"})
    loads.load()
    loads.options["custom_fields"] = {"opportunities": ["tier"]}
    second = account.create("deals", {"tier": "gold"})
    # As JSON numbers, booleans and objects, which HubSpot's text properties are not today.
    account.records["deals"][second].properties["amount"] = 12.5  # type: ignore[assignment]
    account.records["deals"][second].properties["dealname"] = {"text": "Deal"}  # type: ignore[assignment]
    account.records["deals"][second].properties["hubspot_owner_id"] = 11  # type: ignore[assignment]
    account.touch("deals", second, account.tick())
    loads.load()
    loads.options["custom_fields"] = {}
    third = account.create("deals", {"amount": "30"})
    loads.load()
    rows = loads.query("SELECT id, amount, hubspot_owner_id, tier FROM raw.hubspot__deals ORDER BY id::BIGINT")
    assert rows == [(first, "10", None, None), (second, "12.5", "11", "gold"), (third, "30", None, None)]


def test_personal_columns_are_hashed_or_dropped_at_the_door(loads: Loads, account: Account) -> None:
    hidden = {
        "hubspot__owners.email": "hash",
        "hubspot__owners.last_name": "drop",
        "hubspot__companies.name": "drop",
    }
    loads.options["personal_columns"] = PersonalColumns(hidden, "a long random text")
    account.create("companies", {"name": "Acme Secret Customer"})
    loads.load()
    ((email, first_name, last_name),) = loads.query(
        "SELECT email, first_name, last_name FROM raw.hubspot__owners WHERE id = '11'"
    )
    assert (len(email), first_name, last_name) == (64, "Ada", None)
    for path in loads.folder.rglob("*"):
        if path.is_file():
            assert b"ada@example.com" not in path.read_bytes(), path
            assert b"Acme Secret Customer" not in path.read_bytes(), path
