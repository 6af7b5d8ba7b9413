"""What becomes of Salesforce's records in the landing contract: cases that a whole company does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import build
from tests.ingestion.salesforce.conftest import Warehouse
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


def _naive(hours: float) -> datetime:
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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A warehouse with the staging models of one organisation."""
    folder = tmp_path_factory.mktemp("staging")
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
    for fill in (_stages, _territories, _opportunities, _activities, _touches, _quotas_and_rates, _campaigns):
        fill(org)
    org.hidden_fields |= {("Account", "Industry"), ("Task", "CallObject")}
    org.put("Account", START, Id=ACCOUNT, Name="Company", BillingCountry="France", OwnerId=ADA)
    with SalesforceServer(org) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
        patch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("SOURCES__SALESFORCE__LOGIN_URL", server.url)
        Warehouse(folder).load()
    settings = {"sources": ["salesforce"], "as_of": "2026-01-10T12:00:00"}
    build(folder, settings, "--select", "staging.salesforce", command="run")
    yield folder


@pytest.fixture(scope="module")
def query(home: Path) -> Query:
    def run(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql.replace("stg_", "staging.stg_salesforce__")).fetchall()

    return run


def _history(query: Query, name: str, columns: str) -> list[tuple[Any, ...]]:
    return query(
        f"SELECT {columns} FROM stg_opportunity_history AS history JOIN stg_opportunities AS opportunity "
        f"USING (opportunity_id) WHERE opportunity.name = '{name}' ORDER BY changed_at"
    )


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


def test_owners_come_from_field_history(query: Query) -> None:
    columns = "changed_at, history.stage, history.owner_id, history.amount, history.forecast_category, changed_by"
    ada, bo = f"salesforce:{ADA}", f"salesforce:{BO}"
    assert _history(query, "Handed over", columns) == [
        (_naive(0), "New", ada, Decimal(100), "Best Case", ada),
        (_naive(2), "Proposal", ada, None, "Best Case", ada),
        (_naive(5), "Proposal", bo, None, "Best Case", bo),
        (_naive(7), "New", bo, Decimal(50), "Best Case", ada),
        (_naive(9), "Proposal", bo, Decimal(70), "Best Case", ada),
    ]


def test_field_history_alone_begins_at_the_creation(query: Query) -> None:
    ada, bo, june, july = f"salesforce:{ADA}", f"salesforce:{BO}", date(2025, 6, 30), date(2025, 7, 31)
    columns = "changed_at, history.stage, history.owner_id, history.amount, history.close_date"
    assert _history(query, "Tracked fields only", columns) == [
        (_naive(0), "New", ada, Decimal(200), june),
        (_naive(1), "New", ada, Decimal(300), june),
        (_naive(2), "Proposal", bo, Decimal(300), june),
        (_naive(3), "Proposal", bo, Decimal(300), july),
    ]


def test_history_without_tracked_changes_stands_as_it_is(query: Query) -> None:
    expected = [(_naive(0), "New", f"salesforce:{ADA}", Decimal(10))]
    assert _history(query, "Plain", "changed_at, history.stage, history.owner_id, history.amount") == expected


def test_stages_are_those_of_the_picklist_and_of_records(query: Query) -> None:
    columns = "pipeline, stage, is_closed, is_won, probability"
    assert query(f"SELECT {columns} FROM stg_pipeline_stages ORDER BY position") == [
        ("salesforce:default", "New", False, False, Decimal("0.2")),
        ("salesforce:default", "Proposal", False, False, Decimal("0.2")),
        ("salesforce:default", "Demo", False, False, Decimal("0.2")),
        ("salesforce:default", "Won", True, True, Decimal(1)),
        # Deleted from the picklist: what they were is what deals in them are.
        ("salesforce:default", "Pilot", True, True, None),
        ("salesforce:default", "Trial", False, False, None),
    ]


def test_opportunities(query: Query) -> None:
    rows = query("SELECT name, stage, product, amount, unreadable, is_deleted FROM stg_opportunities ORDER BY name")
    assert rows == [
        ("Deleted", "New", None, None, None, True),
        ("Handed over", "Proposal", "Seats", None, None, False),
        ("In a deleted stage", "Pilot", None, None, None, False),
        ("Plain", "New", "H-1", None, None, False),
        ("Tracked fields only", "Proposal", "Seats", Decimal(300), None, False),
        ("Unreadable", "New", None, None, "amount: a lot", False),
    ]


def test_splits_are_shares_of_the_amount(query: Query) -> None:
    rows = query(
        "SELECT opportunity.name, split.user_id, share, split.unreadable, split.is_deleted "
        "FROM stg_opportunity_splits AS split JOIN stg_opportunities AS opportunity USING (opportunity_id) "
        "ORDER BY ALL"
    )
    ada, bo = f"salesforce:{ADA}", f"salesforce:{BO}"
    assert rows == [
        ("Handed over", ada, Decimal("0.333333"), None, False),
        ("Handed over", bo, Decimal("0.666667"), None, False),
        ("Plain", ada, Decimal("0.5"), None, True),
        ("Plain", bo, None, "share: half", False),
        ("Tracked fields only", bo, Decimal(1), None, False),
    ]


def test_calls(query: Query) -> None:
    columns = "started_at, direction, disposition, duration_seconds, opportunity_id, account_id, lead_id"
    account = f"salesforce:{ACCOUNT}"
    opportunity, lead = f"salesforce:{record_id('Opportunity', 9)}", f"salesforce:{record_id('Lead', 1)}"
    assert query(f"SELECT {columns} FROM stg_calls ORDER BY call_id") == [
        (_naive(0), "outbound", "voicemail", None, None, None, None),
        (_naive(0), "inbound", "no_answer", Decimal(12), None, account, None),
        (_naive(50), "outbound", "other", None, None, None, None),
        (datetime(2025, 2, 20, 12), "outbound", "failed", None, None, None, None),
        (_naive(0), "outbound", "connected", None, None, None, None),
        (_naive(0), "outbound", None, None, opportunity, account, lead),
    ]


def test_meetings(query: Query) -> None:
    assert query("SELECT starts_at, ends_at, account_id FROM stg_meetings ORDER BY starts_at") == [
        (_naive(1), _naive(2), f"salesforce:{ACCOUNT}"),
        (_naive(10), _naive(11), None),
        (_naive(34), _naive(35), None),
        (datetime(2025, 3, 7), None, None),
    ]


def test_touches(home: Path, query: Query) -> None:
    # Repline reads no subjects; the order of the ids is the order in which they were made.
    rows = query(
        "SELECT channel, user_id, sent_at, replied_at, is_automated, is_deleted, unreadable FROM stg_touches "
        "ORDER BY touch_id"
    )
    bo = f"salesforce:{BO}"
    assert rows == [
        ("email", bo, _naive(1), None, False, False, None),
        # The answer belongs to the reminder.
        ("email", bo, _naive(3), _naive(5), False, False, None),
        ("email", bo, _naive(1), _naive(2), False, False, None),
        ("email", bo, _naive(1), None, False, False, None),
        ("email", bo, _naive(7), None, True, False, None),
        ("email", bo, _naive(0), None, False, False, None),
        # A queue is nobody.
        ("social", None, _naive(0), None, False, False, None),
        ("email", bo, _naive(0), None, False, True, None),
    ]
    lead, account = f"salesforce:{record_id('Lead', 1)}", f"salesforce:{ACCOUNT}"
    assert query("SELECT DISTINCT lead_id, account_id, opportunity_id FROM stg_touches ORDER BY ALL") == [
        (lead, None, None),
        (None, account, None),
    ]


def test_leads(query: Query) -> None:
    ada = f"salesforce:{ADA}"
    assert query("SELECT owner_id, converted_at FROM stg_leads ORDER BY lead_id") == [
        (ada, datetime(2025, 3, 5)),
        (None, None),
        # On the day of its creation: not before it.
        (ada, _naive(0)),
    ]


def test_quotas_of_one_forecast_type_are_bookings(query: Query) -> None:
    assert query("SELECT metric, period_start, period_end, amount, currency FROM stg_quotas ORDER BY amount") == [
        ("OpportunityOverlay", date(2025, 1, 1), date(2025, 1, 31), Decimal(10), "EUR"),
        ("bookings", date(2025, 1, 1), date(2025, 3, 31), Decimal(20), "EUR"),
    ]


@pytest.mark.parametrize(
    ("base_currency", "rates"),
    [
        (
            "USD",
            [
                ("EUR", date(1990, 1, 1), Decimal("1.25")),
                ("EUR", date(2025, 2, 1), Decimal("1.1111111111")),
                ("GBP", date(1990, 1, 1), Decimal(2)),
                ("GBP", date(2025, 1, 1), Decimal("1.6666666667")),
            ],
        ),
        (
            "EUR",
            [
                ("GBP", date(1990, 1, 1), Decimal("1.6")),
                ("GBP", date(2025, 1, 1), Decimal("1.3333333333")),
                ("GBP", date(2025, 2, 1), Decimal("1.5")),
                ("USD", date(1990, 1, 1), Decimal("0.8")),
                ("USD", date(2025, 2, 1), Decimal("0.9")),
            ],
        ),
        # None of the organisation's currencies: no rate is better than a wrong one.
        ("SEK", []),
    ],
)
def test_rates_are_in_the_base_currency(
    home: Path, query: Query, base_currency: str, rates: list[tuple[Any, ...]]
) -> None:
    settings = {"sources": ["salesforce"], "base_currency": base_currency}
    build(home, settings, "--select", "stg_salesforce__exchange_rates", command="run")
    assert query("SELECT currency, rate_date, rate FROM stg_exchange_rates ORDER BY ALL") == rates
    assert query("SELECT unreadable FROM stg_exchange_rates WHERE unreadable IS NOT NULL") == []


def test_costs_of_campaigns_are_spread_over_their_days(query: Query) -> None:
    columns = "channel, amount, month, category"
    assert query(f"SELECT {columns} FROM stg_spend ORDER BY channel NULLS FIRST, month") == [
        (None, Decimal(7), date(2025, 3, 3), "marketing"),
        ("Advertisement", Decimal("29.27"), date(2025, 1, 20), "marketing"),
        ("Advertisement", Decimal("68.29"), date(2025, 2, 1), "marketing"),
        ("Advertisement", Decimal("2.44"), date(2025, 3, 1), "marketing"),
        ("Referral", Decimal("1.01"), date(2025, 1, 31), "marketing"),
        ("Referral", Decimal("1.00"), date(2025, 2, 1), "marketing"),
        ("Seminar", Decimal("16.24"), date(2025, 12, 21), "marketing"),
        ("Seminar", Decimal("14.76"), date(2026, 1, 1), "marketing"),
        ("Trade Show", Decimal("50.5"), date(2025, 2, 3), "marketing"),
    ]
    assert query("SELECT count(DISTINCT spend_id), count(unreadable) FROM stg_spend") == [(9, 0)]
