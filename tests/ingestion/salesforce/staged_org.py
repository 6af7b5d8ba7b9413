"""One Salesforce organisation with cases that a whole company does not have, loaded and staged once for all workers.

Belongs here: the organisation's records, and the moments and people in them. Does not belong here: what is expected of
them (`test_staged_*`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.warehouse import build
from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.org import Org, moment, record_id
from tests.ingestion.salesforce.server import CLIENT_ID, CLIENT_SECRET, SalesforceServer

START = datetime(2025, 3, 3, 9, tzinfo=UTC)
ADA, BO = record_id("User", 1), record_id("User", 2)
ACCOUNT = record_id("Account", 1)
# Who else has a user: partners, customers, guests, and what runs by itself.
NO_EMPLOYEES = (
    *("PowerPartner", "PowerCustomerSuccess", "CustomerSuccess", "CspLitePortal", "SelfService"),
    *("Guest", "AutomatedProcess", "CloudIntegrationUser"),
)
Query = Callable[[str], list[tuple[Any, ...]]]


def _at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def naive(hours: float) -> datetime:
    return _at(hours).replace(tzinfo=None)


def _stages(org: Org) -> None:
    def stage(label: str, order: int, closed: bool = False, won: bool = False, **more: Any) -> str:
        values = {"ApiName": label, "IsActive": True, "DefaultProbability": 20.0, "ForecastCategoryName": "Pipeline"}
        values |= {"MasterLabel": label, "SortOrder": order, "IsClosed": closed, "IsWon": won}
        return org.put("OpportunityStage", START, **(values | more))

    stage("Won", 40, closed=True, won=True, DefaultProbability=100.0)
    stage("New", 10)
    stage("Proposal", 20, ApiName="Offer")
    stage("Demo", 30, IsActive=False)


def _campaigns(org: Org) -> None:
    def campaign(kind: str | None, cost: float | None, start: str | None, end: str | None = None) -> None:
        org.put("Campaign", START, Type=kind, ActualCost=cost, StartDate=start, EndDate=end, HierarchyActualCost=9999.0)

    # 12, 28 and 1 days.
    campaign("Advertisement", 100.0, "2025-01-20", "2025-03-01")
    campaign("Trade Show", 50.5, "2025-02-03")
    campaign("Webinar", 0.0, "2025-02-03")
    campaign("Email", None, "2025-02-03")
    campaign(None, 7.0, None)
    # Half a cent, which is 2.01 / 2 but not as a binary fraction.
    campaign("Referral", 2.01, "2025-01-31", "2025-02-01")
    # Runs beyond the as-of day: its cost so far is of the days until then.
    campaign("Seminar", 31.0, "2025-12-21", "2026-06-30")


def _territories(org: Org) -> None:
    active, planned = (org.put("Territory2Model", START, State=state) for state in ("Active", "Planning"))

    def territory(name: str, api_name: str, parent: str | None = None, model: str = active) -> str:
        values = {"Name": name, "DeveloperName": api_name, "Territory2ModelId": model}
        return org.put("Territory2", START, **values, ParentTerritory2Id=parent)

    def place(user: str, territory: str, is_active: bool = True) -> None:
        org.put("UserTerritory2Association", START, UserId=user, Territory2Id=territory, IsActive=is_active)

    world = territory("World", "World")
    europe = territory("Europe", "Europe", world)
    north = territory("North", "Europe_North", europe)
    territory("North", "America_North", world)
    alps = territory("Alps", "Alps", europe)
    later = territory("Alps", "Alps_2026", model=planned)
    # Bo has left the Alps, and Ada is nowhere yet.
    place(BO, alps, is_active=False)
    place(BO, north)
    place(BO, europe)
    place(ADA, later)


def _opportunities(org: Org) -> None:
    def opportunity(name: str, **values: Any) -> str:
        usual = {"OwnerId": ADA, "StageName": "New", "CloseDate": "2025-06-30", "IsClosed": False, "IsWon": False}
        return org.put("Opportunity", START, **(usual | {"Name": name} | values))

    def state(key: str, hours: float, stage: str, amount: float | None, **values: Any) -> None:
        usual = {"CloseDate": "2025-06-30", "CreatedById": ADA, "ForecastCategory": "BestCase"}
        org.put(
            "OpportunityHistory",
            _at(hours),
            **(usual | {"OpportunityId": key, "StageName": stage, "Amount": amount} | values),
        )

    def field(key: str, hours: float, name: str, old: Any, new: Any) -> None:
        change = {"OpportunityId": key, "Field": name, "OldValue": old, "NewValue": new, "CreatedById": BO}
        org.put("OpportunityFieldHistory", _at(hours), **change)

    handed = opportunity("Handed over", OwnerId=BO, StageName="Offer")
    state(handed, 0, "New", 100.0)
    state(handed, 2, "Offer", None)
    field(handed, 2, "Amount", 100.0, None)
    field(handed, 5, "Owner", "Ada Berg", "Bo Dahl")
    # Ids of 15 characters.
    field(handed, 5, "Owner", ADA[:15], BO[:15])
    state(handed, 7, "New", 50.0)
    # Twice in one second: the later record stands.
    state(handed, 9, "New", 60.0)
    state(handed, 9, "Offer", 70.0)

    tracked = opportunity("Tracked fields only", Amount=300.0, OwnerId=BO, StageName="Offer")
    field(tracked, 1, "Amount", 200.0, 300.0)
    field(tracked, 2, "StageName", "New", "Offer")
    field(tracked, 2, "Owner", ADA, BO)
    field(tracked, 3, "CloseDate", "2025-06-30", "2025-07-31")

    plain = opportunity("Plain")
    state(plain, 0, "New", 10.0)
    gone = opportunity("In a deleted stage", StageName="Pilot", IsClosed=True, IsWon=True)
    state(gone, 0, "Trial", 10.0)
    state(gone, 1, "Pilot", 10.0)
    opportunity("Unreadable", Amount="a lot")
    _products(org, handed, tracked, plain)
    _splits(org, handed, tracked, plain)
    org.delete("Opportunity", opportunity("Deleted"), _at(30))


def _products(org: Org, handed: str, tracked: str, plain: str) -> None:
    seats, setup, hidden = (
        org.put("Product2", START, **values)
        for values in ({"Name": "Seats"}, {"Name": "Setup", "IsDeleted": True}, {"Name": None, "ProductCode": "H-1"})
    )

    def line(opportunity: str, product: str, price: float | None, **values: Any) -> None:
        org.put(
            "OpportunityLineItem",
            START,
            **{"OpportunityId": opportunity, "Product2Id": product, "TotalPrice": price} | values,
        )

    # Two years of seats are more than the setup.
    line(handed, seats, 60.0)
    line(handed, seats, 60.0)
    line(handed, setup, 100.0)
    line(handed, hidden, 900.0, IsDeleted=True)
    line(tracked, setup, 10.0)
    line(tracked, seats, 10.0)
    line(plain, hidden, None, ProductCode="H-1")


def _splits(org: Org, handed: str, tracked: str, plain: str) -> None:
    revenue, overlay, margin = (
        org.put("OpportunitySplitType", START, DeveloperName=name, IsTotalValidated=is_validated, IsActive=True)
        for name, is_validated in (("Revenue", True), ("Overlay", False), ("A_Margin", True))
    )

    def split(opportunity: str, user: str, percentage: Any, kind: str = revenue, **values: Any) -> None:
        of = {"OpportunityId": opportunity, "SplitOwnerId": user, "SplitTypeId": kind, "SplitPercentage": percentage}
        org.put("OpportunitySplit", START, **of | values)

    split(handed, ADA, 33.333333)
    split(handed, BO, 60.0, IsDeleted=True)
    split(handed, BO, 66.666667)
    split(handed, ADA, 100.0, overlay)
    split(handed, ADA, 100.0, margin)
    split(tracked, ADA, 0.0)
    split(tracked, BO, 100.0)
    split(plain, ADA, 50.0, IsDeleted=True)
    split(plain, BO, "half")


def _activities(org: Org) -> None:
    def call(subject: str, **values: Any) -> None:
        usual = {"OwnerId": ADA, "TaskSubtype": "Call", "IsClosed": True, "ActivityDate": "2025-03-03"}
        org.put("Task", START, **(usual | {"Subject": subject} | values))

    def event(**values: Any) -> None:
        org.put("Event", START, OwnerId=ADA, **values)

    call("by hand", CallDisposition="Left a Message")
    call("inbound", CallType="Inbound", CallDisposition="Not connected", WhatId=ACCOUNT, CallDurationInSeconds=12)
    call("internal", CallType="Internal")
    call("planned", IsClosed=False)
    call("completed later", CompletedDateTime=moment(_at(50)), ActivityDate="2025-03-05", CallDisposition="ours: 7")
    call("logged late", ActivityDate="2025-02-20", CallDisposition="Disconnected")
    call("time zone", ActivityDate="2025-03-02", CallDisposition="Spoke with Jane")
    call("lead", WhoId=record_id("Lead", 1), WhatId=record_id("Opportunity", 9), AccountId=ACCOUNT)
    event(StartDateTime=moment(_at(1)), EndDateTime=moment(_at(2)), WhatId=ACCOUNT)
    event(StartDateTime=moment(_at(1)), EndDateTime=moment(_at(2)), IsChild=True)
    event(StartDateTime=moment(_at(1)), EndDateTime=moment(_at(2)), IsRecurrence=True)
    event(ActivityDate="2025-03-07", IsAllDayEvent=True)
    # A series of Lightning is a record beside its two meetings, and begins when the first of them does.
    event(StartDateTime=moment(_at(10)), EndDateTime=moment(_at(11)), IsRecurrence2=True, GroupEventType="3")
    for hours in (10, 34):
        times = {"StartDateTime": moment(_at(hours)), "EndDateTime": moment(_at(hours + 1))}
        event(**times, IsRecurrence2=True, GroupEventType="1")


def _touches(org: Org) -> None:
    def task(subject: str, subtype: str = "Email", **values: Any) -> str:
        usual = {"OwnerId": BO, "TaskSubtype": subtype, "IsClosed": True, "WhoId": record_id("Lead", 1)}
        return org.put("Task", START, **(usual | {"Subject": subject} | values))

    def email(subject: str, hours: float, thread: str | None = "t1", **values: Any) -> str:
        of_task = {name: values.pop(name) for name in ("WhoId", "WhatId", "OwnerId", "TaskSubtype") if name in values}
        activity = task(subject, of_task.pop("TaskSubtype", "Email"), **of_task)
        message = {"ActivityId": activity, "ThreadIdentifier": thread, "MessageDate": moment(_at(hours)), "Status": "3"}
        return org.put("EmailMessage", START, **(message | values))

    email("first mail", 1)
    email("reminder", 3)
    email("deleted answer", 4, Incoming=True, IsDeleted=True)
    email("answer", 5, Incoming=True)
    email("second answer", 6, Incoming=True)
    unthreaded = email("without a thread", 1, None, WhoId=None, WhatId=ACCOUNT)
    email("its answer", 2, None, Incoming=True, ReplyToEmailMessageId=unthreaded)
    email("unanswered", 1, None)
    email("bounced", 1, "t2", IsBounced=True)
    email("draft", 1, "t2", Status="5")
    email("of a case", 1, "t2", ParentId="5005g00000AbCdEEAV", TaskSubtype="Task")
    task("to many", "ListEmail", CompletedDateTime=moment(_at(7)))
    task("only logged")
    task("on LinkedIn", "LinkedIn", OwnerId="00G5g00000ABCDEEA4")
    task("planned", "LinkedIn", IsClosed=False)
    task("to-do", "Task")
    org.delete("Task", task("gone"), _at(9))


def _quotas_and_rates(org: Org) -> None:
    revenue = org.put("ForecastingType", START, DeveloperName="OpportunityRevenue")
    splits = org.put("ForecastingType", START, DeveloperName="OpportunityOverlay")
    quarter = org.put("Period", START, StartDate="2025-01-01", EndDate="2025-03-31", Type="Quarter")
    usual = {"QuotaOwnerId": ADA, "IsAmount": True, "CurrencyIsoCode": "EUR"}
    org.put("ForecastingQuota", START, **usual, QuotaAmount=10.0, ForecastingTypeId=splits, StartDate="2025-01-01")
    org.put(
        "ForecastingQuota",
        START,
        **usual,
        QuotaAmount=20.0,
        ForecastingTypeId=revenue,
        PeriodId=quarter,
        StartDate="2025-01-01",
    )
    org.put("ForecastingQuota", START, QuotaOwnerId=ADA, IsQuantity=True, QuotaQuantity=5.0, StartDate="2025-01-01")
    org.put("CurrencyType", START, IsoCode="USD", ConversionRate=1.0, IsCorporate=True)
    org.put("CurrencyType", START, IsoCode="EUR", ConversionRate=0.9)
    for code, rate, start, end in (
        ("EUR", 0.8, "0001-01-01", "2025-02-01"),
        ("EUR", 0.9, "2025-02-01", None),
        ("GBP", 0.5, "0001-01-01", "2025-01-01"),
        ("GBP", 0.6, "2025-01-01", None),
    ):
        org.put("DatedConversionRate", START, IsoCode=code, ConversionRate=rate, StartDate=start, NextStartDate=end)


def fill(folder: Path) -> None:
    """Load the organisation, and build the staging models of it."""
    org = Org()
    role = org.put("UserRole", START, Name="Account Executive")
    person = {"UserRoleId": role, "Department": "EMEA 1", "Division": "DACH"}
    standard = {"UserType": "Standard"}
    org.put("User", START, Id=ADA, Name="Ada Berg", Email="ada@example.com", IsActive=True, **person, **standard)
    org.put("User", START, Id=BO, Name="Bo Dahl", IsActive=False, ManagerId=ADA, **standard)
    for number, kind in enumerate((*NO_EMPLOYEES, "CsnOnly"), start=10):
        org.put("User", START, Id=record_id("User", number), Name=kind, IsActive=True, UserType=kind)
    for owner, values in (
        (ADA, {"ConvertedDate": "2025-03-05"}),
        ("00G5g00000ABCDEEA4", {}),
        (ADA, {"ConvertedDate": "2025-03-03"}),
    ):
        org.put("Lead", START, OwnerId=owner, Status="New", IsConverted=bool(values), **values)
    for put in (_stages, _territories, _opportunities, _activities, _touches, _quotas_and_rates, _campaigns):
        put(org)
    org.hidden_fields |= {("Account", "Industry"), ("Task", "CallObject")}
    org.put("Account", START, Id=ACCOUNT, Name="Company", BillingCountry="France", OwnerId=ADA)
    with SalesforceServer(org) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
        patch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("SOURCES__SALESFORCE__LOGIN_URL", server.url)
        Warehouse(folder).load()
    settings = {"sources": ["salesforce"], "as_of": "2026-01-10T12:00:00"}
    build(folder, settings, "--select", "staging.salesforce", command="run")
