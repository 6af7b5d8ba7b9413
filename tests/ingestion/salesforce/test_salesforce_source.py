"""Loads from the server into raw tables: what is read, what is read again, and what is not there to be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.personal import PersonalColumns
from ingestion.salesforce.tables import OBJECTS
from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.org import Org
from tests.ingestion.salesforce.server import SalesforceServer

START = datetime(2025, 3, 1, 9, tzinfo=UTC)


def add_accounts(org: Org, count: int, start: datetime = START) -> list[str]:
    return [
        org.put("Account", start + timedelta(minutes=number), Name=f"Company {number}", Industry="Energy")
        for number in range(count)
    ]


def add_calls(org: Org, count: int) -> None:
    for number in range(count):
        org.put(
            "Task",
            # Not in the order of their ids, as bulk results are not in the order of their changes.
            START + timedelta(minutes=(number * 7) % count),
            Subject='Call "back", then\nwrite',
            TaskSubtype="Call",
            CallType="Outbound",
            CallDurationInSeconds=number % 300,
            CallDisposition='said "no",\nbut nicely' if number % 5 else None,
            IsClosed=True,
        )


def test_pages_are_followed_and_deleted_rows_come_too(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.page_size = 10
    keys = add_accounts(server.org, 25)
    server.org.delete("Account", keys[3], START + timedelta(days=1))
    warehouse.load("accounts")
    rows = warehouse.rows("accounts", "id", "name", "is_deleted", "created_date", "system_modstamp")
    assert [row[0] for row in rows] == sorted(keys)
    assert rows[3][1:] == ("Company 3", "true", "2025-03-01T09:03:00.000+0000", datetime(2025, 3, 2, 9))
    assert {row[2] for row in rows} == {"true", "false"}


def test_only_calls_and_messages_among_the_tasks_are_read(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.org.put("Task", START, TaskSubtype="Email", Subject="Offer")
    server.org.put("Task", START, TaskSubtype="Task", Subject="To do")
    server.org.put("Task", START, TaskSubtype="Call", Subject="Logged")
    server.org.put("Task", START, TaskSubtype="Task", CallType="Inbound", Subject="By the phone system")
    warehouse.load("tasks")
    assert warehouse.rows("tasks", "task_subtype", "call_type") == [
        ("Email", None),
        ("Call", None),
        ("Task", "Inbound"),
    ]


def test_a_second_load_brings_nothing(server: SalesforceServer, warehouse: Warehouse) -> None:
    add_accounts(server.org, 25)
    add_calls(server.org, 25)
    server.org.put("OpportunityStage", START, MasterLabel="New", IsActive=True, SortOrder=1)
    warehouse.load()
    first = warehouse.contents()
    assert warehouse.new_rows == {"accounts": 25, "tasks": 25, "opportunity_stages": 1}
    server.requests.clear()
    warehouse.load()
    assert warehouse.new_rows == {}
    assert warehouse.contents() == first
    # The formula of the documentation: two calls an object, and the login, which is none of the API's.
    assert len(server.requests) == 1 + 2 * len(OBJECTS)


def test_only_what_changed_is_asked_for_with_an_overlap(server: SalesforceServer, warehouse: Warehouse) -> None:
    keys = add_accounts(server.org, 25)
    warehouse.load("accounts")
    server.queries.clear()
    last = START + timedelta(minutes=24)
    # Written before the newest record that was seen, by a transaction that ended only now.
    server.org.put("Account", last - timedelta(minutes=5), Id=keys[2], Name="Late")
    server.org.put("Account", last + timedelta(hours=1), Id=keys[4], Name="Changed", IsDeleted=True)
    warehouse.load("accounts")
    assert warehouse.new_rows == {"accounts": 2}
    assert warehouse.rows("accounts", "name", "is_deleted")[2] == ("Late", "false")
    assert warehouse.rows("accounts", "name", "is_deleted")[4] == ("Changed", "true")
    (asked,) = [text for text in server.queries if " FROM Account" in text]
    assert "WHERE SystemModstamp >= 2025-03-01T08:24:00.000Z ORDER BY SystemModstamp, Id" in asked


def test_history_without_a_stamp_goes_by_its_creation(server: SalesforceServer, warehouse: Warehouse) -> None:
    def owner_change(hours: int) -> None:
        at = START + timedelta(hours=hours)
        server.org.put("OpportunityFieldHistory", at, Field="Owner", OldValue="a", NewValue="b")

    owner_change(0)
    server.org.put("OpportunityFieldHistory", START, Field="Loss_Reason__c", NewValue="Price")
    warehouse.load("opportunity_field_history")
    assert warehouse.new_rows == {"opportunity_field_history": 1}
    owner_change(1)
    warehouse.load("opportunity_field_history")
    assert warehouse.new_rows == {"opportunity_field_history": 1}


def test_settings_that_are_gone_are_marked(server: SalesforceServer, warehouse: Warehouse) -> None:
    key = server.org.put("OpportunityStage", START, MasterLabel="Old", IsActive=True)
    server.org.put("OpportunityStage", START, MasterLabel="New", IsActive=True)
    warehouse.load("opportunity_stages")
    server.org.delete("OpportunityStage", key, START)
    warehouse.load("opportunity_stages")
    assert warehouse.rows("opportunity_stages", "master_label", "_is_gone") == [("Old", True), ("New", False)]


def test_every_raw_table_is_there_from_the_first_load(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.org.hidden_objects |= {"ForecastingQuota", "OpportunityHistory"}
    warehouse.load()
    found = set(warehouse.contents())
    assert found == {sobject.table.raw_name for sobject in OBJECTS} | {"salesforce__unavailable"}
    for sobject in OBJECTS:
        assert warehouse.query(f"SELECT {', '.join(sobject.table.columns)} FROM raw.{sobject.table.raw_name}") == []


def test_what_the_user_may_not_see_is_named_and_the_rest_loads(
    server: SalesforceServer, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    add_accounts(server.org, 3)
    quota = server.org.put("ForecastingQuota", START, QuotaAmount=100.0)
    server.org.put("Opportunity", START, Name="Deal", Amount=10.5, StageName="New")
    server.org.hidden_objects.add("ForecastingQuota")
    server.org.hidden_fields.add(("Opportunity", "Amount"))
    warehouse.load("accounts", "forecasting_quotas", "opportunities", "unavailable")
    assert warehouse.query("SELECT object, field FROM raw.salesforce__unavailable ORDER BY ALL") == [
        ("ForecastingQuota", "*"),
        ("Opportunity", "Amount"),
    ]
    assert "ForecastingQuota is not read" in caplog.text and "Opportunity.Amount is not read" in caplog.text
    assert warehouse.rows("opportunities", "name", "amount") == [("Deal", None)]
    assert warehouse.new_rows["accounts"] == 3

    server.org.hidden_objects.clear()
    warehouse.load("accounts", "forecasting_quotas", "opportunities", "unavailable")
    assert warehouse.rows("forecasting_quotas", "id", "_is_gone") == [(quota, False)]
    assert warehouse.query("SELECT object FROM raw.salesforce__unavailable WHERE NOT _is_gone") == [("Opportunity",)]

    # Taken away again: what is known of it stands.
    server.org.hidden_objects.add("ForecastingQuota")
    warehouse.load("accounts", "forecasting_quotas", "opportunities", "unavailable")
    assert warehouse.rows("forecasting_quotas", "id", "_is_gone") == [(quota, False)]


def test_an_object_that_only_a_query_refuses_is_named_too(server: SalesforceServer, warehouse: Warehouse) -> None:
    tables = "accounts", "forecasting_quotas", "tasks", "unavailable"
    add_accounts(server.org, 3)
    quota = server.org.put("ForecastingQuota", START, QuotaAmount=100.0)
    warehouse.load(*tables)
    server.org.unqueryable |= {"ForecastingQuota", "Task"}
    add_accounts(server.org, 1, START + timedelta(days=1))
    warehouse.load(*tables)
    assert warehouse.new_rows == {"accounts": 1, "unavailable": 2}
    assert warehouse.query("SELECT object, field FROM raw.salesforce__unavailable ORDER BY ALL") == [
        ("ForecastingQuota", "*"),
        ("Task", "*"),
    ]
    assert warehouse.rows("forecasting_quotas", "id", "_is_gone") == [(quota, False)]


def test_one_currency_is_nothing_that_is_missing(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.org = Org(has_multi_currency=False)
    server.org.put("Opportunity", START, Name="Deal", Amount=10.5, StageName="New")
    warehouse.load("opportunities", "unavailable")
    assert warehouse.query("SELECT * FROM raw.salesforce__unavailable") == []
    assert warehouse.rows("opportunities", "amount", "currency_iso_code") == [("10.5", None)]


def test_custom_fields_become_columns(server: SalesforceServer, warehouse: Warehouse) -> None:
    fields = {"opportunities": ["Loss_Reason__c", "Amount", "Not_There__c"]}
    server.org.put("Opportunity", START, Name="Deal", Amount=10.0, StageName="New", Loss_Reason__c="Price")
    warehouse.load("opportunities", "unavailable", custom_fields=fields)
    assert warehouse.rows("opportunities", "loss_reason_c", "amount", "not_there_c") == [("Price", "10.0", None)]
    reported = warehouse.query("SELECT object, field FROM raw.salesforce__unavailable")
    assert reported == [("Opportunity", "Not_There__c")]


def test_a_custom_field_that_is_added_later_fills_with_changes(server: SalesforceServer, warehouse: Warehouse) -> None:
    key = server.org.put("Opportunity", START, Name="Deal", StageName="New")
    warehouse.load("opportunities")
    server.org.put("Opportunity", START + timedelta(hours=1), Id=key, Loss_Reason__c="Price")
    warehouse.load("opportunities", custom_fields={"opportunities": ["Loss_Reason__c"]})
    assert warehouse.rows("opportunities", "name", "loss_reason_c") == [("Deal", "Price")]


def test_a_field_may_change_its_type_and_disappear(server: SalesforceServer, warehouse: Warehouse) -> None:
    fields = {"opportunities": ["Score__c"]}
    server.org.custom_fields["Opportunity"] = {"Score__c": "double"}
    values: list[object] = [7.5, "high", True, None]
    for hours, value in enumerate(values):
        server.org.put("Opportunity", START + timedelta(hours=hours), StageName="New", Score__c=value)
        warehouse.load("opportunities", custom_fields=fields)
    assert warehouse.rows("opportunities", "score_c") == [("7.5",), ("high",), ("true",), (None,)]
    server.org.hidden_fields.add(("Opportunity", "Score__c"))
    server.org.put("Opportunity", START + timedelta(hours=9), StageName="New")
    warehouse.load("opportunities", custom_fields=fields)
    assert len(warehouse.rows("opportunities", "score_c")) == 5


def test_personal_columns_are_hashed_or_not_even_asked_for(server: SalesforceServer, warehouse: Warehouse) -> None:
    server.org.put("User", START, Name="Ada Berg", Email="Ada@Example.com", UserType="Standard", IsActive=True)
    server.org.put("User", START, Name="Bo Dahl", Email="ada@example.com ", UserType="Standard", IsActive=True)
    warehouse.load(
        "users",
        personal_columns=PersonalColumns(
            {"salesforce__users.email": "hash", "salesforce__users.name": "drop"}, "k" * 32
        ),
    )
    (first,), (second,) = warehouse.rows("users", "email")
    assert first == second and len(first) == 64
    # The column stays, for staging.
    assert warehouse.rows("users", "name") == [(None,), (None,)]
    counted, asked = [text for text in server.queries if " FROM User" in text]
    assert counted.startswith("SELECT COUNT()") and " Name," not in asked and "Email" in asked
