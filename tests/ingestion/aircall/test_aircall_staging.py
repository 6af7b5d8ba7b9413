"""What Aircall's calls and people mean in the landing contract: whose call it is, what came of it, what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestion.contract import ENTITIES_BY_NAME
from tests.dbt_project.warehouse import build
from tests.ingestion.aircall.records import MAIN_LINE, SECOND_LINE, Record, at, call, team, user
from tests.ingestion.aircall.server import AircallServer
from tests.ingestion.raw_warehouse import RawWarehouse

ANNA, BOB, CARL, DORA = (
    user(1, "Anna Ash"),
    user(2, "Bob Beech"),
    user(3, "Carl Cedar"),
    user(4, "Dora Dane", "dora.dane@example.com"),
)
FINN = user(6, "Finn Fir")
NINE = at("2025-01-06T09:00:00")
OTHER = "+44 20 7946 0000"


def missed(number: int, minute: int, reason: str = "no_available_agent", **fields: Any) -> Record:
    return call(
        number, NINE + 60 * minute, None, direction="inbound", talk_seconds=None, missed_call_reason=reason, **fields
    )


def during(number: int, minutes: tuple[int, int], by: Record | None, direction: str, **fields: Any) -> Record:
    """A call of some minutes after nine, answered at once."""
    begin, end = (NINE + 60 * minute for minute in minutes)
    return call(number, begin, by, direction=direction, talk_seconds=end - begin, ring_seconds=0, **fields)


CALLS = [
    call(100, NINE, ANNA, talk_seconds=95, ring_seconds=12),
    call(101, NINE, ANNA, talk_seconds=None, ring_seconds=30),
    call(102, NINE, BOB, direction="inbound", talk_seconds=240),
    call(103, NINE, BOB, direction="inbound", talk_seconds=None, voicemail="https://signed.example.com/103"),
    # Nobody's: missed in the queue, with and without a voicemail.
    missed(110, 0),
    missed(111, 0, "agents_did_not_answer", voicemail="https://signed.example.com/111"),
    # Going on: ringing, and answered.
    call(120, NINE, ANNA, talk_seconds=None) | {"status": "initial", "ended_at": None, "duration": 0},
    call(121, NINE, ANNA) | {"status": "answered", "ended_at": None, "duration": 0},
    # Internal: between two lines of the company, written with and without spaces.
    call(130, NINE, ANNA, raw_digits=SECOND_LINE.replace(" ", "")),
    call(131, NINE, BOB, direction="inbound", raw_digits=MAIN_LINE, on=SECOND_LINE),
    call(132, NINE, BOB, direction="internal"),
    # Transferred to a person, and to a team of which Carl took it.
    call(140, NINE, ANNA, direction="inbound", transferred_by=ANNA, transferred_to=BOB),
    call(141, NINE, CARL, direction="inbound", transferred_by=ANNA),
    # Transferred to Finn's team: Aircall names the first of it, whoever took the call.
    call(142, NINE, ANNA, direction="inbound", transferred_by=ANNA, transferred_to=FINN),
    call(143, NINE, CARL, direction="inbound", transferred_by=ANNA, transferred_to=FINN),
    # Transferred to another line, where Bob took it; and on to Carl's line.
    during(150, (10, 30), ANNA, "inbound", raw_digits=OTHER, transferred_by=ANNA),
    during(151, (15, 30), BOB, "inbound", raw_digits=OTHER, on=SECOND_LINE, transferred_by=BOB),
    during(152, (20, 30), CARL, "inbound", raw_digits=OTHER, on=SECOND_LINE),
    # Transferred to another line, where nobody took it.
    during(160, (40, 50), ANNA, "inbound", raw_digits=OTHER, transferred_by=ANNA),
    missed(161, 45, raw_digits=OTHER, on=SECOND_LINE),
    # Transferred outside; Anna made another call meanwhile.
    during(170, (60, 80), ANNA, "inbound", raw_digits=OTHER, transferred_by=ANNA),
    during(171, (62, 80), ANNA, "outbound", raw_digits="+1 555 0100"),
    during(172, (65, 70), ANNA, "outbound", raw_digits="+1 555 0200"),
    # The same number calls again, afterwards and while another, not transferred, call goes on: a switchboard.
    during(180, (90, 95), BOB, "inbound", raw_digits=OTHER),
    during(181, (92, 94), ANNA, "inbound", raw_digits=OTHER),
    # Anonymous callers are not one caller.
    during(190, (100, 110), BOB, "inbound", raw_digits="anonymous", transferred_by=BOB, transferred_to=ANNA),
    during(191, (103, 105), CARL, "inbound", raw_digits="anonymous"),
    # By somebody who is on no list any more, and to somebody like that.
    call(200, NINE, DORA | {"name": "Dora Day"}),
    call(201, NINE + 60, DORA),
    call(202, NINE, ANNA, transferred_by=ANNA, transferred_to=user(5, "Emil Elm")),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> RawWarehouse:
    home: Path = tmp_path_factory.mktemp("aircall")
    warehouse = RawWarehouse("aircall", home)
    with (
        AircallServer(
            users=[ANNA, BOB, CARL, FINN],
            teams=[team(7, "Sales", FINN, ANNA, BOB), team(8, "Europe", FINN, BOB)],
            calls=list(CALLS),
        ) as server,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in server.settings.items():
            environment.setenv(name, value)
        warehouse.load(custom_fields={"calls": ["sid"], "users": ["language"]})
        odd = call(210, NINE, ANNA) | {"ended_at": "yesterday", "direction": "sideways"}
        server.calls.append(odd)
        server.users = [ANNA, BOB, FINN]
        server.teams = server.teams[:1]
        warehouse.load(custom_fields={"calls": ["sid"], "users": ["language"]})
    variables = {"sources": ["aircall"], "pass_through_columns": {"calls": ["sid"], "users": ["language"]}}
    build(home, variables, "--select", "staging.aircall", command="run")
    return warehouse


def calls(
    warehouse: RawWarehouse, columns: str = "user_id, direction, disposition, duration_seconds::INTEGER"
) -> dict[int, Any]:
    rows = warehouse.query(f"SELECT split_part(call_id, ':', 2)::INTEGER, {columns} FROM staging.stg_aircall__calls")
    return {number: row for number, *row in rows}


def test_calls_by_what_came_of_them(warehouse: RawWarehouse) -> None:
    found = calls(warehouse)
    assert found[100] == ["aircall:1", "outbound", "connected", 95]
    assert found[101] == ["aircall:1", "outbound", "no_answer", 0]
    assert found[102] == ["aircall:2", "inbound", "connected", 240]
    assert found[103] == ["aircall:2", "inbound", "voicemail", 0]
    assert found[120] == ["aircall:1", "outbound", None, None]
    assert found[121] == ["aircall:1", "outbound", "connected", None]


def test_a_transferred_call_counts_once_for_whom_it_ended_with(warehouse: RawWarehouse) -> None:
    found = calls(warehouse)
    assert found[140] == ["aircall:2", "inbound", "connected", 60]
    assert found[141] == ["aircall:3", "inbound", "connected", 60]
    assert [found[142][0], found[143][0]] == ["aircall:1", "aircall:3"]
    assert found[150] == ["aircall:3", "inbound", "connected", 1200]
    assert found[160] == ["aircall:1", "inbound", "connected", 600]
    assert found[170] == ["aircall:1", "inbound", "connected", 1200]
    assert not {151, 152, 161, 171} & set(found)
    assert {172, 180, 181, 190, 191} <= set(found)
    assert found[190][0] == "aircall:1"


def test_what_is_left_out_is_kept_apart_with_its_reason(warehouse: RawWarehouse) -> None:
    left_out = dict(warehouse.query("SELECT call_id, reason FROM staging.stg_aircall__left_out_calls"))
    assert left_out == {
        "aircall:110": "no_rep",
        "aircall:111": "no_rep",
        "aircall:130": "internal",
        "aircall:131": "internal",
        "aircall:132": "internal",
        "aircall:151": "part_of_transfer",
        "aircall:152": "part_of_transfer",
        "aircall:161": "part_of_transfer",
        "aircall:171": "part_of_transfer",
    }
    assert len(left_out) + len(calls(warehouse)) == len(CALLS) + 1


def test_what_cannot_be_read_is_named(warehouse: RawWarehouse) -> None:
    marked = {number: mark for number, (mark,) in calls(warehouse, "unreadable").items() if mark}
    assert marked == {210: "direction: sideways"}


def test_users_keep_what_was_known_of_them(warehouse: RawWarehouse) -> None:
    assert warehouse.query(
        "SELECT user_id, full_name, email, team, is_deleted, language FROM staging.stg_aircall__users ORDER BY user_id"
    ) == [
        ("aircall:1", "Anna Ash", "anna@example.com", "Sales", False, "en-US"),
        ("aircall:2", "Bob Beech", "bob@example.com", "Sales", False, "en-US"),
        ("aircall:3", "Carl Cedar", "carl@example.com", None, True, "en-US"),
        ("aircall:4", "Dora Dane", "dora.dane@example.com", None, True, None),
        ("aircall:5", "Emil Elm", "emil@example.com", None, True, None),
        ("aircall:6", "Finn Fir", "finn@example.com", "Sales", False, "en-US"),
    ]


def test_times_and_extra_columns(warehouse: RawWarehouse) -> None:
    found = calls(warehouse, "started_at::VARCHAR, sid, is_deleted")
    assert found[100] == ["2025-01-06 09:00:00", f"CA{100:032x}", False]


def test_columns_and_types_are_the_contracts(warehouse: RawWarehouse) -> None:
    for entity, extra in ((ENTITIES_BY_NAME["calls"], "sid"), (ENTITIES_BY_NAME["users"], "language")):
        columns = dict(
            warehouse.query(
                "SELECT column_name, data_type FROM duckdb_columns() "
                f"WHERE schema_name = 'staging' AND table_name = 'stg_aircall__{entity.name}'"
            )
        )
        expected = {column.name: column.type.value.replace(" ", "") for column in entity.columns}
        assert columns == expected | {extra: "VARCHAR", "unreadable": "VARCHAR"}
