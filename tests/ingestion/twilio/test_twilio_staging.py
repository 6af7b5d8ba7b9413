"""What Twilio's legs mean in the landing contract: which are one call, whose it is, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.contract import ENTITIES_BY_NAME
from tests.dbt_project.warehouse import build
from tests.ingestion.raw_warehouse import RawWarehouse
from tests.ingestion.twilio.records import COMPANY, CUSTOMER, Record, conference, leg, sid, utc
from tests.ingestion.twilio.server import TwilioServer

NINE = utc("2025-03-03T09:00:00")
ANN, BOB, CLEO = "client:ann", "client:bob", "client:cleo"
ANN_PHONE = "+14155550111"
BOB_SIP = "sip:bob@example.sip.twilio.com"
OTHER = "+442079460000"
AGENTS = f"""endpoint,email,full_name,team
{ANN},Ann@Example.com,Ann Ash,Sales
{ANN_PHONE},ann@example.com,,
{BOB},bob@example.com,Bob Beech,
{BOB_SIP},bob@example.com,Bob Beech,
"""


def minute(number: float) -> datetime:
    return NINE + timedelta(minutes=number)


def dialled(
    number: int, parent: int, start: datetime, seconds: int | None, to: str, status: str = "completed", **fields: Any
) -> Record:
    """A leg that <Dial> made."""
    return leg(number, start, seconds, to=to, status=status, parent=parent, direction="outbound-dial", **fields)


def from_client(number: int, caller: str = ANN, seconds: int = 100) -> Record:
    """The leg of a rep who calls from a client: it comes in at Twilio."""
    return leg(number, NINE, seconds, from_=caller, to=CUSTOMER, direction="inbound")


def outgoing(number: int, seconds: int | None, status: str, **fields: Any) -> list[Record]:
    """Ann calls a customer from her client; the customer's leg ends with a status."""
    return [from_client(number), dialled(number + 1, number, minute(0.1), seconds, CUSTOMER, status, **fields)]


def incoming(number: int, *children: Record, seconds: int = 300, to: str = COMPANY) -> list[Record]:
    return [leg(number, NINE, seconds, from_=CUSTOMER, to=to, direction="inbound"), *children]


LEGS: list[Record] = [
    *outgoing(100, 80, "completed"),
    *outgoing(110, None, "no-answer"),
    *outgoing(120, None, "busy"),
    *outgoing(130, None, "failed"),
    *outgoing(140, None, "canceled"),
    *outgoing(150, 20, "completed", answered_by="machine_start"),
    *outgoing(160, 20, "completed", answered_by="human"),
    *outgoing(170, 20, "completed", answered_by="fax"),
    *outgoing(180, None, "ringing"),
    *outgoing(190, None, "in-progress"),
    # A customer calls: Bob takes it; rings at both, and Bob takes it; rings at Ann alone, who does not.
    *incoming(200, dialled(201, 200, minute(1), 120, BOB)),
    *incoming(
        210, dialled(211, 210, minute(1), None, ANN, "canceled"), dialled(212, 210, minute(1), 90, f"{BOB_SIP};x=1")
    ),
    *incoming(220, dialled(221, 220, minute(1), None, ANN, "no-answer")),
    *incoming(230, dialled(231, 230, minute(1), None, ANN_PHONE, "busy")),
    *incoming(240, dialled(241, 240, minute(1), 25, ANN_PHONE, answered_by="machine_end_beep")),
    # A customer calls Ann's own number, which nothing rings at.
    *incoming(250, to=ANN_PHONE),
    # Transferred: by the leg of the customer who called, and of one who was called.
    *incoming(300, dialled(301, 300, minute(1), 60, ANN), dialled(302, 300, minute(2), 200, BOB)),
    *incoming(310, dialled(311, 310, minute(1), 60, ANN), dialled(312, 310, minute(2), None, BOB, "no-answer")),
    *outgoing(320, 400, "completed"),
    dialled(322, 321, minute(3), 200, BOB),
    # Transferred to somebody outside: it stays with whom it ended with in the company.
    *incoming(330, dialled(331, 330, minute(1), 60, ANN), dialled(332, 330, minute(2), 100, OTHER)),
    # Click to call: Twilio calls Ann, then the customer; a dialler calls the customer, then Ann, or finds nobody.
    leg(400, NINE, 130, to=ANN_PHONE, direction="outbound-api"),
    dialled(401, 400, minute(1), 70, CUSTOMER),
    leg(410, NINE, 130, to=CUSTOMER, direction="outbound-api"),
    dialled(411, 410, minute(1), 70, ANN),
    leg(420, NINE, 30, to=CUSTOMER, direction="outbound-api"),
    dialled(421, 420, minute(0.2), None, ANN, "no-answer"),
    # A conference brings the rep in on a leg of its own; the customer's leg knows no rep.
    leg(430, NINE, 55, from_=CUSTOMER, to=BOB, direction="outbound-api"),
    # A telephone exchange on a SIP trunk.
    leg(440, NINE, 45, from_=ANN_PHONE, to=CUSTOMER, direction="trunking-terminating"),
    leg(441, NINE, 46, from_=CUSTOMER, to=ANN_PHONE, direction="trunking-originating"),
    leg(442, NINE, None, from_=ANN_PHONE, to=CUSTOMER, direction="trunking-terminating", status="no-answer"),
    # Internal: from client to client, and to a colleague's SIP telephone.
    from_client(500),
    dialled(501, 500, minute(1), 60, BOB),
    leg(510, NINE, 60, from_=ANN_PHONE, to=BOB_SIP, direction="trunking-terminating"),
    # By somebody who was taken off the list since.
    from_client(520, CLEO),
    dialled(521, 520, minute(0.1), 33, CUSTOMER),
    # Nobody's: an announcement, a queue that nobody left, a group where nobody took it, a customer's web client.
    *incoming(600),
    leg(610, NINE, 15, to=CUSTOMER, direction="outbound-api"),
    *incoming(
        620, dialled(621, 620, minute(1), None, ANN, "no-answer"), dialled(622, 620, minute(1), None, BOB, "no-answer")
    ),
    leg(630, NINE, 60, from_="client:visitor1", to=COMPANY, direction="inbound"),
]
LEFT_OUT = {500: "internal", 510: "internal", 600: "no_rep", 610: "no_rep", 620: "no_rep", 630: "no_rep"}


def loaded(folder: Path, legs: list[Record], *lists: str, conferences: Sequence[Record] = ()) -> RawWarehouse:
    """A warehouse with the staging models, after a load with each of the lists of agents, or one without."""
    warehouse = RawWarehouse("twilio", folder)
    settings = {"SOURCES__TWILIO__START_DATE": "2025-03-01"}
    if conferences:
        settings["SOURCES__TWILIO__CONFERENCES"] = "true"
    with (
        TwilioServer(calls=legs, conferences=list(conferences)) as server,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in (server.settings | settings).items():
            environment.setenv(name, value)
        for text in lists or (None,):
            if text:
                (folder / "agents.csv").write_text(text)
                environment.setenv("SOURCES__TWILIO__AGENTS", str(folder / "agents.csv"))
            warehouse.load(custom_fields={"calls": ["queue_time"]})
    variables = {"sources": ["twilio"], "pass_through_columns": {"calls": ["queue_time"]}}
    build(folder, variables, "--select", "staging.twilio", command="run")
    return warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> RawWarehouse:
    odd = dialled(701, 700, minute(1), 60, CUSTOMER) | {"duration": "a minute"}
    legs = [*LEGS, from_client(700), odd]
    return loaded(tmp_path_factory.mktemp("twilio"), legs, f"{AGENTS}{CLEO},cleo@example.com,,\n", AGENTS)


def calls(warehouse: RawWarehouse, columns: str) -> dict[int, list[Any]]:
    rows = warehouse.query(f"SELECT call_id, {columns} FROM staging.stg_twilio__calls")
    return {int(call_id.removeprefix("twilio:CA"), 16): row for call_id, *row in rows}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (100, ("ann", "outbound", "connected", 80)),
        (110, ("ann", "outbound", "no_answer", 0)),
        (120, ("ann", "outbound", "busy", 0)),
        (130, ("ann", "outbound", "failed", 0)),
        (140, ("ann", "outbound", "no_answer", 0)),
        (150, ("ann", "outbound", "voicemail", 0)),
        (160, ("ann", "outbound", "connected", 20)),
        (170, ("ann", "outbound", "other", 0)),
        (180, ("ann", "outbound", None, None)),
        (190, ("ann", "outbound", "connected", None)),
        (200, ("bob", "inbound", "connected", 120)),
        (210, ("bob", "inbound", "connected", 90)),
        (220, ("ann", "inbound", "no_answer", 0)),
        (230, ("ann", "inbound", "busy", 0)),
        (240, ("ann", "inbound", "voicemail", 0)),
        (250, ("ann", "inbound", "no_answer", 0)),
        (300, ("bob", "inbound", "connected", 260)),
        (310, ("ann", "inbound", "connected", 60)),
        (320, ("bob", "outbound", "connected", 400)),
        (330, ("ann", "inbound", "connected", 60)),
        (400, ("ann", "outbound", "connected", 70)),
        (410, ("ann", "outbound", "connected", 130)),
        (420, ("ann", "outbound", "no_answer", 0)),
        (430, ("bob", "inbound", "connected", 55)),
        (440, ("ann", "outbound", "connected", 45)),
        (441, ("ann", "inbound", "connected", 46)),
        (442, ("ann", "outbound", "no_answer", 0)),
        (520, ("cleo", "outbound", "connected", 33)),
    ],
)
def test_a_call_and_what_came_of_it(
    warehouse: RawWarehouse, number: int, expected: tuple[str, str, str | None, int | None]
) -> None:
    user, *outcome = calls(warehouse, "user_id, direction, disposition, duration_seconds::INTEGER")[number]
    assert (user.removeprefix("twilio:").removesuffix("@example.com"), *outcome) == expected


def test_each_call_counts_once_or_is_left_out(warehouse: RawWarehouse) -> None:
    left_out = warehouse.query("SELECT call_id, reason FROM staging.stg_twilio__left_out_calls")
    assert {int(call_id.removeprefix("twilio:CA"), 16): reason for call_id, reason in left_out} == LEFT_OUT
    roots = [record["sid"] for record in LEGS if record["parent_call_sid"] is None] + [sid(700)]
    numbers = [*calls(warehouse, "1"), *LEFT_OUT]
    assert sorted(numbers) == sorted(int(root.removeprefix("CA"), 16) for root in roots)


def test_what_cannot_be_read_is_named(warehouse: RawWarehouse) -> None:
    marked = {number: mark for number, (mark,) in calls(warehouse, "unreadable").items() if mark}
    assert marked == {700: "duration_seconds: a minute"}


def test_times_and_extra_columns(warehouse: RawWarehouse) -> None:
    assert calls(warehouse, "started_at::VARCHAR, queue_time, is_deleted")[300] == ["2025-03-03 09:00:00", "0", False]


def test_users_are_the_people_of_the_list(warehouse: RawWarehouse) -> None:
    assert users(warehouse) == [
        ("twilio:ann@example.com", "Ann Ash", "ann@example.com", "Sales", False),
        ("twilio:bob@example.com", "Bob Beech", "bob@example.com", None, False),
        ("twilio:cleo@example.com", "cleo@example.com", "cleo@example.com", None, True),
    ]


def users(warehouse: RawWarehouse) -> list[tuple[Any, ...]]:
    return warehouse.query(
        "SELECT user_id, full_name, email, team, is_deleted FROM staging.stg_twilio__users ORDER BY 1"
    )


def test_columns_and_types_are_the_contracts(warehouse: RawWarehouse) -> None:
    for entity, extra in ((ENTITIES_BY_NAME["calls"], {"queue_time": "VARCHAR"}), (ENTITIES_BY_NAME["users"], {})):
        columns = dict(
            warehouse.query(
                "SELECT column_name, data_type FROM duckdb_columns() "
                f"WHERE schema_name = 'staging' AND table_name = 'stg_twilio__{entity.name}'"
            )
        )
        expected = {column.name: column.type.value.replace(" ", "") for column in entity.columns}
        assert columns == expected | extra | {"unreadable": "VARCHAR"}


def test_legs_that_met_in_a_conference_are_one_call(tmp_path: Path) -> None:
    """As Flex makes them: no leg has a parent. Cleo, a supervisor, coaches; Bob takes over in a second conference."""

    def in_conference(number: int, start: float, seconds: int, to: str) -> Record:
        return leg(number, minute(start), seconds, from_=COMPANY, to=to, direction="outbound-api")

    legs = [
        leg(10, NINE, 300, from_=CUSTOMER, to=COMPANY, direction="inbound"),
        in_conference(11, 1, 60, ANN),
        in_conference(12, 2, 200, BOB),
        in_conference(13, 3, 100, CLEO),
        # Ann calls a customer.
        in_conference(20, 10, 90, ANN),
        in_conference(21, 10.5, 80, CUSTOMER),
        # In no conference.
        *incoming(30, dialled(31, 30, minute(1), 70, ANN)),
    ]
    conferences = [
        conference(1, NINE, 10, 11, 13, coaches=(13,)),
        conference(2, minute(2), 10, 12),
        conference(3, minute(10), 20, 21),
    ]
    warehouse = loaded(tmp_path, legs, f"{AGENTS}{CLEO},cleo@example.com,,\n", conferences=conferences)
    assert calls(warehouse, "user_id, direction, disposition, duration_seconds::INTEGER") == {
        10: ["twilio:bob@example.com", "inbound", "connected", 260],
        20: ["twilio:ann@example.com", "outbound", "connected", 80],
        30: ["twilio:ann@example.com", "inbound", "connected", 70],
    }


def test_without_a_list_each_client_identity_is_a_rep(tmp_path: Path) -> None:
    flex, plain, address = "client:dora_2Edane_40example_2Ecom", "client:team_42", "client:Emil_ad@example.com"
    legs = [
        *incoming(1, dialled(2, 1, minute(1), 60, flex)),
        *incoming(3, dialled(4, 3, minute(1), 70, plain)),
        *incoming(5, dialled(6, 5, minute(1), 80, address)),
        *incoming(7, dialled(8, 7, minute(1), 90, ANN_PHONE)),
        *incoming(9, dialled(10, 9, minute(1), 95, "client:_FF_FF_40x_2Ecom")),
    ]
    warehouse = loaded(tmp_path, legs)
    found = {number: user for number, (user,) in calls(warehouse, "user_id").items()}
    assert found == {
        1: "twilio:dora.dane@example.com",
        3: "twilio:client:team_42",
        5: "twilio:emil_ad@example.com",
        9: "twilio:client:_ff_ff_40x_2ecom",
    }
    assert users(warehouse) == [
        ("twilio:client:_ff_ff_40x_2ecom", "_ff_ff_40x_2ecom", None, None, False),
        ("twilio:client:team_42", "team_42", None, None, False),
        ("twilio:dora.dane@example.com", "dora.dane@example.com", "dora.dane@example.com", None, False),
        ("twilio:emil_ad@example.com", "emil_ad@example.com", "emil_ad@example.com", None, False),
    ]
