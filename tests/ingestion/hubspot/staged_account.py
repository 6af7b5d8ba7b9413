"""One HubSpot account with all that staging must get right, loaded and staged once for all workers.

Belongs here: the account's records, and how its tests ask for what became of them. Does not belong here: what is
expected (`test_staged_*`), or how the account's API behaves (`account`, `server`).
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from tests.dbt_project.warehouse import build
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import TOKEN, Loads
from tests.ingestion.hubspot.server import HubSpotApi, serve

CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
ADAS_USER_ID = 500_011
_IDS = "ids.json"
_US_DOLLARS = {"hs_goal_target_currency_code": "USD"}


def at(month: int, day: int, hour: int = 9, minute: int = 0, millisecond: int = 0) -> datetime:
    return datetime.fromisoformat(f"2025-{month:02}-{day:02}T{hour:02}:{minute:02}:00.{millisecond:03}Z")


class Staged:
    """The account's records by name, and what staging says of them. Only to be read."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = folder / "warehouse.duckdb"
        self.id: dict[str, str] = json.loads((folder / _IDS).read_text(encoding="utf-8"))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def rows(self, entity: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        return self.query(f"SELECT {columns} FROM staging.stg_hubspot__{entity} WHERE {where} ORDER BY ALL")

    def one(self, entity: str, columns: str, name: str) -> tuple[Any, ...]:
        key = {"opportunities": "opportunity_id", "accounts": "account_id", "leads": "lead_id", "calls": "call_id"}
        key["touches"] = "touch_id"
        (row,) = self.rows(entity, columns, f"{key.get(entity, 'meeting_id')} = 'hubspot:{self.id[name]}'")
        return row


def fill(folder: Path) -> None:
    """Load the account twice, and build the staging models of it."""
    account, ids = Account(at(1, 1)), dict[str, str]()
    api = HubSpotApi(account, TOKEN)
    with serve(api) as url:
        loads = Loads(folder, url, api, {"custom_fields": {"opportunities": ["Churn_Risk"]}})
        _settings(account)
        _records(account, ids)
        loads.load()
        _later(account, ids)
        loads.load()
    (folder / _IDS).write_text(json.dumps(ids), encoding="utf-8")
    variables = {"sources": ["hubspot"], "reporting_timezone": "America/New_York", "base_currency": "EUR"}
    variables["pass_through_columns"] = {"opportunities": ["Churn_Risk"]}  # type: ignore[assignment]
    build(folder, variables, "--select", "path:models/staging/hubspot", command="run")


def _settings(account: Account) -> None:
    account.add_owner("11", "Ada", "Quist", "ada@example.com", team="North")
    account.add_owner("12", "Ben", "Rowe", "ben@example.com")
    account.add_owner("13", "", "", "no-name@example.com")
    account.add_pipeline(
        "default",
        "Sales",
        [
            ("s1", "Discovery", "0.2", False),
            ("s2", "Proposal", "0.6", False),
            ("s3", "Won", "1.0", True),
            ("s4", "Lost", "0.0", True),
        ],
    )
    account.add_pipeline("p2", "Renewals", [("r1", "Due", "0.8", False), ("r2", "Renewed", "1.0", True)])
    account.add_pipeline("p3", "Renewals", [("q1", "Due", "0.8", False)])
    account.dispositions = [
        {"id": CONNECTED, "label": "Verbunden", "deleted": False},
        {"id": "custom-1", "label": "Connected - qualified", "deleted": False},
        {"id": "custom-2", "label": "Left a voice mail", "deleted": False},
        {"id": "custom-3", "label": "Gatekeeper", "deleted": False},
    ]
    account.add_exchange_rate("EUR", "USD", 1.1, at(1, 1, 0))
    account.add_exchange_rate("GBP", "USD", 1.3, at(1, 15, 0))
    account.add_exchange_rate("EUR", "USD", 1.9, at(2, 1, 0))
    # Corrected on the same day.
    account.add_exchange_rate("EUR", "USD", 1.2, at(2, 1, 12))


def _records(account: Account, ids: dict[str, str]) -> None:
    ids["acme"] = account.create("companies", {"name": "Acme", "country": "NL", "hubspot_owner_id": "11"}, at(1, 2))
    ids["other"] = account.create("companies", {"name": "Other"}, at(1, 2))
    for name in ("first half", "second half", "third part"):
        ids[name] = account.create("companies", {"name": name}, at(1, 3))
    ids["early contact"] = account.create(
        "contacts", {"hs_lead_status": "OPEN", "associatedcompanyid": ids["acme"]}, at(1, 4)
    )
    ids["moving"] = account.create(
        "deals",
        {
            "dealname": "Moving",
            "dealstage": "s1",
            "amount": "100.50",
            "hubspot_owner_id": "11",
            "closedate": "2025-03-31T00:00:00Z",
            "deal_currency_code": "EUR",
            "dealtype": "newbusiness",
            "Churn_Risk": "high",
        },
        at(1, 10),
    )
    # HubSpot writes the pipeline of a new deal some milliseconds after its stage.
    account.update("deals", ids["moving"], {"pipeline": "default"}, at(1, 10, millisecond=40))
    account.update("deals", ids["moving"], {"dealstage": "s2", "amount": "250"}, at(2, 1), by=ADAS_USER_ID)
    account.update("deals", ids["moving"], {"amount": None}, at(2, 2))
    account.update("deals", ids["moving"], {"pipeline": "p2", "dealstage": "r1"}, at(2, 3))
    # Picked as a day by somebody in New York, in whose evening it is the next day in UTC.
    account.update(
        "deals", ids["moving"], {"hubspot_owner_id": "12", "closedate": "2025-04-16T02:30:00.000Z"}, at(2, 4)
    )
    ids["unreadable"] = account.create("deals", {"pipeline": "default", "dealstage": "s1", "amount": "ten"}, at(1, 11))
    ids["forgotten stage"] = account.create("deals", {"pipeline": "default", "dealstage": "old1"}, at(1, 12))
    account.update("deals", ids["forgotten stage"], {"dealstage": "s1"}, at(1, 13))
    ids["second Renewals"] = account.create("deals", {"pipeline": "p3", "dealstage": "q1"}, at(1, 13))
    ids["archived"] = account.create("deals", {"pipeline": "default", "dealstage": "s1"}, at(1, 14))
    for name in ("other", "acme"):
        account.associate("deals", ids["moving"], "companies", ids[name], is_primary=name == "acme")
    ids["late contact"] = account.create("contacts", {"lifecyclestage": "lead"}, at(3, 1))
    for name in ("early contact", "late contact"):
        account.associate("deals", ids["moving"], "contacts", ids[name])
    for name, properties in {
        "by guid": {"hs_call_disposition": CONNECTED, "hs_call_duration": "61500", "hs_call_direction": "INBOUND"},
        "by label": {"hs_call_disposition": "custom-1"},
        "voicemail": {"hs_call_disposition": "custom-2"},
        "gatekeeper": {"hs_call_disposition": "custom-3", "hs_call_status": "COMPLETED"},
        "busy": {"hs_call_status": "BUSY"},
        "logged": {"hs_call_status": "COMPLETED"},
    }.items():
        call = {"hubspot_owner_id": "11", "hs_timestamp": "2025-01-20T10:00:00Z", **properties}
        ids[name] = account.create("calls", call, at(1, 20))
    ids["without owner"] = account.create(
        "calls", {"hs_timestamp": "2025-01-20T10:00:00Z", "hs_created_by_user_id": str(ADAS_USER_ID)}, at(1, 20)
    )
    account.associate("calls", ids["by guid"], "companies", ids["first half"])
    account.associate("calls", ids["by guid"], "contacts", ids["early contact"])
    for name, outcome in {"held": "COMPLETED", "no show": "NO_SHOW", "moved": "RESCHEDULED"}.items():
        ids[name] = account.create(
            "meetings",
            {
                "hubspot_owner_id": "12",
                "hs_timestamp": "2025-01-21T10:00:00Z",
                "hs_meeting_start_time": "2025-01-21T10:00:00Z",
                "hs_meeting_end_time": "2025-01-21T11:00:00Z",
                "hs_meeting_outcome": outcome,
            },
            at(1, 21),
        )

    _touches(account, ids)
    _goals(account, ids)
    _leads(account, ids)
    _campaigns(account)


def _touches(account: Account, ids: dict[str, str]) -> None:
    def put(kind: str, name: str, day: int, contact: str | None = "early contact", **properties: str | None) -> None:
        usual = {"hubspot_owner_id": "11", "hs_timestamp": f"2025-02-{day:02}T10:00:00Z"}
        ids[name] = account.create(kind, {**usual, **properties}, at(2, day))
        if contact:
            account.associate(kind, ids[name], "contacts", ids[contact])

    def email(name: str, day: int, direction: str = "EMAIL", thread: str | None = "t1", **more: str | None) -> None:
        usual = {"hs_email_direction": direction, "hs_email_thread_id": thread, "hs_email_status": "SENT"}
        put("emails", name, day, **{**usual, "hs_object_source": "EMAIL", **more})

    email("first mail", 3)
    email("reminder", 5)
    email("absence", 6, "INCOMING_EMAIL", hs_incoming_email_is_out_of_office="true")
    email("archived answer", 7, "INCOMING_EMAIL")
    email("answer", 8, "INCOMING_EMAIL")
    email("second answer", 9, "INCOMING_EMAIL")
    email("step", 3, thread=None, hs_object_source="CRM_UI", hs_sequence_id="77")
    email("by workflow", 3, thread="", hs_object_source="AUTOMATION_PLATFORM")
    email("answer to nothing", 4, "INCOMING_EMAIL", thread="")
    email("of a sequencer", 3, thread=None, hs_object_source="INTEGRATION", hubspot_owner_id=None)
    email("of a mailbox", 3, thread="t2", hubspot_owner_id=None, hs_owner_ids_from="12;13")
    email("bounced", 3, thread="t3", hs_email_status="BOUNCED")
    email("planned", 3, thread="t3", hs_email_status="SCHEDULED")
    email("forwarded", 3, "FORWARDED_EMAIL", "t3")
    email("undated", 3, thread="t4", hs_timestamp="soon")
    put("emails", "to nobody", 3, contact=None, hs_email_direction="EMAIL")
    put(
        "communications", "on LinkedIn", 10, hs_communication_channel_type="LINKEDIN_MESSAGE", hs_object_source="CRM_UI"
    )
    for name, day, kind, status in (
        ("call without record", 12, "CALL", "COMPLETED"),
        ("LinkedIn task", 14, "LINKED_IN_CONNECT", "COMPLETED"),
        ("LinkedIn task with its message", 10, "LINKED_IN_MESSAGE", "COMPLETED"),
        ("planned call", 12, "CALL", "NOT_STARTED"),
        ("mail task", 3, "EMAIL", "COMPLETED"),
        ("to-do", 3, "TODO", "COMPLETED"),
    ):
        # Due on another day than the one on which it was done.
        done = {"hs_task_completion_date": f"2025-02-{day:02}T11:00:00Z", "hs_timestamp": "2025-02-25T09:00:00Z"}
        put("tasks", name, day, hs_task_type=kind, hs_task_status=status, **done)
    # The call of this task is "by guid".
    put(
        "tasks", "call task with its call", 20,
        hs_task_type="CALL", hs_task_status="COMPLETED", hs_task_completion_date="2025-01-20T10:05:00Z",
    )  # fmt: skip


def _leads(account: Account, ids: dict[str, str]) -> None:
    """One contact who was a lead twice, and is called before, between and after."""
    account.add_lead_pipeline(
        "lead-pipeline-id", "Lead pipeline", [("new-stage-id", "New"), ("qualified-stage-id", "Qualified")]
    )
    person = {"hs_analytics_source": "PAID_SEARCH", "associatedcompanyid": ids["other"]}
    ids["prospect"] = account.create("contacts", person, at(1, 5))

    def lead(name: str, created: datetime, contact: str | None = "prospect", **properties: str | None) -> None:
        given = {"hubspot_owner_id": "11", "hs_pipeline_stage": "new-stage-id", **properties}
        ids[name] = account.create("leads", given, created)
        if contact:
            account.associate("leads", ids[name], "contacts", ids[contact])

    # Searched late: the first one is loaded last.
    lead("second lead", at(4, 1), hs_primary_contact_id=ids["prospect"], hs_pipeline_stage="gone-stage")
    lead("first lead", at(2, 1), hs_lead_source="Trade fair", hs_pipeline_stage="qualified-stage-id")
    lead("lead of nobody", at(2, 2), contact=None)
    lead("archived lead", at(2, 3), contact="early contact")
    for name, created in {"before": at(1, 20), "first": at(3, 1), "second": at(4, 2)}.items():
        ids[f"deal {name}"] = account.create("deals", {"pipeline": "default", "dealstage": "s1"}, created)
        account.associate("deals", ids[f"deal {name}"], "contacts", ids["prospect"])
    # Of the first lead, as the lead itself says, although the second one was there when it was made.
    ids["late deal of the first"] = account.create("deals", {"pipeline": "default", "dealstage": "s1"}, at(4, 3))
    account.associate("leads", ids["first lead"], "deals", ids["late deal of the first"])
    account.associate("deals", ids["late deal of the first"], "contacts", ids["prospect"])
    for name, day in {"call before": "01-10", "call to first": "02-10", "call to second": "04-10"}.items():
        call = {"hubspot_owner_id": "11", "hs_timestamp": f"2025-{day}T10:00:00Z"}
        ids[name] = account.create("calls", call, at(4, 11))
        account.associate("calls", ids[name], "contacts", ids["prospect"])


def _campaigns(account: Account) -> None:
    account.add_campaign("fair", {"hs_start_date": "2025-03-03", "hs_end_date": "2025-03-05"}, "USD")
    account.spend("fair", 1500.25, at(2, 20))
    account.spend("fair", 300, at(4, 2))
    account.add_campaign("adverts", {})
    account.spend("adverts", 80, at(5, 6))
    account.add_campaign("unspent", {"hs_start_date": "2025-03-03"})


def _goals(account: Account, ids: dict[str, str]) -> None:
    revenue = {
        "hs_goal_type": "sales_quota",
        "hs_goal_target_currency_code": "USD",
        "hs_kpi_object_type_id": "0-3",
        "hs_kpi_unit_type": "currency",
        "hs_kpi_time_period_property": "closedate",
        "hubspot_owner_id": "11",
    }

    def goal(name: str, family: str, start: str, end: str, amount: str, **properties: str | None) -> str:
        given = {
            "hs_goal_name": name,
            "hs_group_correlation_uuid": family,
            "hs_start_datetime": f"{start}T00:00:00Z",
            "hs_end_datetime": end,
            "hs_target_amount": amount,
        }
        return account.create("goal_targets", {**revenue, **given, **properties}, at(1, 2))

    goal("Quarter", "f1", "2025-01-01", "2025-03-31T23:59:59.999Z", "9000")
    goal("Month", "f2", "2025-01-01", "2025-01-31T23:59:59.999Z", "1000.50")
    goal("Month", "f2", "2025-02-01", "2025-02-28T23:59:59.999Z", "2000")
    goal("Renewals", "f3", "2025-01-01", "2025-03-31T23:59:59.999Z", "300", hs_pipeline_ids="p2")
    goal("Created", "f4", "2025-01-01", "2025-01-31T23:59:59.999Z", "500", hs_kpi_time_period_property="createdate")
    goal("Calls", "f5", "2025-01-01", "2025-01-31T23:59:59.999Z", "80", hs_kpi_object_type_id="0-48")
    goal("Team", "f6", "2025-01-01", "2025-01-31T23:59:59.999Z", "7000", hubspot_owner_id=None)
    # As the guide shows an older one: the end is the first moment after it, and what it counts is not said.
    old = {name: None for name in revenue if name.startswith("hs_kpi")}
    goal(
        "Old", "f7", "2023-12-01", "2024-01-01T00:00:00Z", "2000.00",
        hubspot_owner_id=None, hs_assignee_user_id="500012", **old,
    )  # fmt: skip
    team = {"hubspot_owner_id": None, "hs_assignee_team_id": "75", "hs_goal_target_currency_code": "EUR"}
    goal("Team revenue", "f8", "2025-01-01", "2025-03-31T23:59:59.999Z", "9000.5", **team)
    goal("Team abroad", "f9", "2025-01-01", "2025-03-31T23:59:59.999Z", "9", **{**team, **_US_DOLLARS})
    counted = {
        "hs_kpi_unit_type": "number",
        "hs_kpi_metric_type": "COUNT",
        "hs_kpi_tracking_method": "HIGHER_IS_BETTER",
    }
    made = {**counted, "hs_kpi_object_type_id": "0-48", "hs_kpi_time_period_property": "hs_timestamp"}
    goal("Calls made", "f10", "2025-01-01", "2025-01-31T23:59:59.999Z", "80", **made)
    created = {**counted, "hs_kpi_time_period_property": "createdate"}
    goal("Deals created", "f11", "2025-01-01", "2025-01-31T23:59:59.999Z", "6", **created)
    big = '[{"filters":[{"property":"amount","operator":"GT","value":"5000"}]}]'
    goal("Big deals", "f12", "2025-01-01", "2025-01-31T23:59:59.999Z", "2", **created, hs_kpi_filter_groups=big)
    won = '[{"filters":[{"value":"true","property":"hs_is_closed_won","operator":"EQ"}]}]'
    goal("Deals won", "f13", "2025-01-01", "2025-01-31T23:59:59.999Z", "3", **counted, hs_kpi_filter_groups=won)
    ids["dropped goal"] = goal("Dropped", "f0", "2025-01-01", "2025-01-31T23:59:59.999Z", "1")


def _later(account: Account, ids: dict[str, str]) -> None:
    """What happens after the first load."""
    account.now = at(5, 1)
    account.archive_owner("12")
    account.archive("deals", ids["archived"])
    account.archive("meetings", ids["no show"])
    for name in ("step", "archived answer"):
        account.archive("emails", ids[name])
    account.archive("goal_targets", ids["dropped goal"])
    account.archive("leads", ids["archived lead"])
    once = account.merge("companies", ids["first half"], ids["second half"])
    ids["merged"] = account.merge("companies", once, ids["third part"])
    # The old call is connected with the deal later, which changes only the deal.
    account.associate("deals", ids["moving"], "calls", ids["by guid"])
    account.update("deals", ids["moving"], {"num_notes": "1"})
    account.delete_stage("default", "s2")
