"""What of Aircall reaches the raw tables: paging and its limit, late changes, faults, secrets, settings."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

import pytest
import requests
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.aircall import TABLES
from ingestion.api.client import ApiError
from ingestion.api.options import Slice
from ingestion.personal import PersonalColumns
from tests.ingestion.aircall.records import (
    CALL_FIELDS,
    META_FIELDS,
    TEAM_FIELDS,
    USER_FIELDS,
    at,
    call,
    team,
    user,
)
from tests.ingestion.aircall.server import API_ID, API_TOKEN, AircallServer
from tests.ingestion.raw_warehouse import RawWarehouse

ANNA, BOB = user(1, "Anna Ash"), user(2, "Bob Beech")
MONDAY = at("2025-01-06T09:00:00")


@pytest.fixture
def office(server: AircallServer) -> AircallServer:
    """Two people in two teams, and 120 calls, one a minute."""
    server.users = [ANNA, BOB]
    server.teams = [team(7, "Sales", ANNA, BOB), team(8, "Europe", BOB)]
    server.calls = [call(number, MONDAY + 60 * number, ANNA) for number in range(120)]
    return server


def loaded_ids(warehouse: RawWarehouse) -> list[int]:
    return [int(number) for (number,) in warehouse.query("SELECT id FROM raw.aircall__calls ORDER BY id::INTEGER")]


def test_the_server_answers_in_the_documented_shape(office: AircallServer) -> None:
    """Aircall has no Python client of its own to check the server with; its documented examples take its place."""

    def get(path: str) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(office.url + path, auth=(API_ID, API_TOKEN)).json()
        return answer

    calls = get("/v1/calls")
    assert set(calls) == {"calls", "meta"}
    assert set(calls["calls"][0]) == CALL_FIELDS
    assert set(calls["meta"]) == META_FIELDS
    assert calls["meta"] == {
        "count": 20,
        "total": 120,
        "current_page": 1,
        "per_page": 20,
        "next_page_link": f"{office.url}/v1/calls?page=2",
        "previous_page_link": None,
    }
    assert set(get("/v2/users")["users"][0]) == USER_FIELDS
    assert set(get("/v1/teams")["teams"][0]) == TEAM_FIELDS
    assert requests.get(f"{office.url}/v1/calls?per_page=51", auth=(API_ID, API_TOKEN)).status_code == 400
    assert requests.get(f"{office.url}/v1/calls?page=501", auth=(API_ID, API_TOKEN)).status_code == 400
    newest = get(f"/v1/calls?order=desc&per_page=1&from={MONDAY}&to={MONDAY + 600}")["calls"][0]
    assert newest["started_at"] == MONDAY + 600


def test_users_team_members_and_calls_are_read(office: AircallServer, warehouse: RawWarehouse) -> None:
    office.calls[0] |= {"voicemail": "https://signed.example.com/1?token=secret", "transferred_to": BOB}
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(120))
    assert warehouse.query(
        "SELECT started_at::VARCHAR, answered_at, user_id, user_email, has_voicemail, transferred_to_id, raw_digits "
        "FROM raw.aircall__calls WHERE id IN ('0', '1') ORDER BY id"
    ) == [
        ("2025-01-06 09:00:00", str(MONDAY + 6), "1", "anna@example.com", "true", "2", "+1 800-123-4567"),
        ("2025-01-06 09:01:00", str(MONDAY + 66), "1", "anna@example.com", "false", None, "+1 800-123-4567"),
    ]
    assert warehouse.query("SELECT id, name, email, _is_gone FROM raw.aircall__users ORDER BY id") == [
        ("1", "Anna Ash", "anna@example.com", False),
        ("2", "Bob Beech", "bob@example.com", False),
    ]
    assert warehouse.query("SELECT team_id, user_id, team_name FROM raw.aircall__team_users ORDER BY ALL") == [
        ("7", "1", "Sales"),
        ("7", "2", "Sales"),
        ("8", "2", "Europe"),
    ]


def test_an_empty_account_makes_empty_tables(server: AircallServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    assert {name: len(rows) for name, rows in warehouse.contents().items()} == {table.raw_name: 0 for table in TABLES}


def test_a_second_load_changes_nothing_and_asks_for_a_day(office: AircallServer, warehouse: RawWarehouse) -> None:
    office.calls += [call(1000 + number, MONDAY + 86400 * number, BOB) for number in range(1, 40)]
    warehouse.load()
    before, requests = warehouse.contents(), len(office.requests)
    warehouse.load()
    assert warehouse.contents() == before
    assert len(office.requests) - requests == 3
    last = MONDAY + 86400 * 39
    assert f"from={last - 86400}" in office.requests[-1]


def test_late_changes_replace_what_was_read(office: AircallServer, warehouse: RawWarehouse) -> None:
    """A call in progress is final only later; one may turn up after younger ones; a person may change and go."""
    last = MONDAY + 60 * 119
    office.calls.append(
        call(500, last, ANNA) | {"status": "answered", "ended_at": None, "duration": 0, "answered_at": last + 3}
    )
    warehouse.load()
    office.calls[-1] = call(500, last, BOB, talk_seconds=300)
    office.calls.append(call(501, last - 20 * 3600, BOB))
    office.users, office.teams = [ANNA | {"name": "Anna Oak"}], [team(7, "Sales", ANNA)]
    unchanged = warehouse.query("FROM raw.aircall__calls WHERE id <> '500' ORDER BY ALL")
    warehouse.load()
    assert warehouse.query("SELECT status, user_id, ended_at FROM raw.aircall__calls WHERE id = '500'") == [
        ("done", "2", str(last + 306))
    ]
    assert loaded_ids(warehouse) == [*range(120), 500, 501]
    assert warehouse.query("FROM raw.aircall__calls WHERE id NOT IN ('500', '501') ORDER BY ALL") == unchanged
    assert warehouse.query("SELECT id, name, email, _is_gone FROM raw.aircall__users ORDER BY id") == [
        ("1", "Anna Oak", "anna@example.com", False),
        ("2", "Bob Beech", "bob@example.com", True),
    ]
    office.users = [ANNA, BOB]
    warehouse.load()
    assert warehouse.query("SELECT _is_gone FROM raw.aircall__users WHERE id = '2'") == [(False,)]


def test_more_calls_than_a_query_gives(server: AircallServer, warehouse: RawWarehouse) -> None:
    """The limit falls within calls of one second: those behind it are neither lost nor read for ever."""
    server.calls = [call(number, MONDAY + number // 40, ANNA) for number in range(10_025)]
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(10_025))
    # 200 pages; then, from a minute before the 10,000th call on, 2,465 calls; and a page each of users and teams.
    assert len(server.requests) == 200 + 50 + 2
    assert not any("page=201" in request for request in server.requests)


def test_more_calls_in_a_minute_than_a_query_gives_is_an_error(
    server: AircallServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A smaller limit on both sides: thousands of calls in a minute take half a minute here.
    monkeypatch.setattr(sys.modules["ingestion.aircall.source"], "RECORDS_PER_QUERY", 500)
    monkeypatch.setattr("tests.ingestion.aircall.server.RECORDS_PER_QUERY", 500)
    server.calls = [call(number, MONDAY, ANNA) for number in range(501)]
    with pytest.raises(PipelineStepFailed, match="more than that started within 60 s of 2025-01-06 08:59:00 UTC"):
        warehouse.load()
    assert len(server.requests) < 500


def test_calls_that_come_in_meanwhile_are_not_lost(office: AircallServer, warehouse: RawWarehouse) -> None:
    def ring() -> None:
        number = 1000 + len(office.calls)
        if len(office.calls) < 200:
            office.calls.append(call(number, office.calls[-1]["started_at"] + 1, BOB))

    office.on_call_page = ring
    warehouse.load()
    office.on_call_page = None
    warehouse.load()
    assert loaded_ids(warehouse) == sorted(record["id"] for record in office.calls)


def test_a_load_goes_on_after_its_last_slice(office: AircallServer, warehouse: RawWarehouse) -> None:
    office.calls = [call(number, MONDAY + 3600 * number, ANNA) for number in range(5000)]
    slices = 1
    while warehouse.load(slice=Slice(1000)):
        slices += 1
        assert loaded_ids(warehouse) == list(range(len(loaded_ids(warehouse))))
    assert slices > 2
    assert loaded_ids(warehouse) == list(range(5000))
    first_of_slices = [request for request in office.requests if "calls" in request and "&page=" not in request]
    assert len(first_of_slices) == slices
    # Each begins where the one before ended, less the overlap.
    begins = [int(request.split("from=")[1]) for request in first_of_slices[1:]]
    assert begins == sorted(begins) and begins[0] == MONDAY + 3600 * 1999 - 86400


def test_a_load_that_is_cut_off_goes_on(office: AircallServer, warehouse: RawWarehouse) -> None:
    office.calls = [call(number, MONDAY + 3600 * number, ANNA) for number in range(5000)]
    warehouse.load(slice=Slice(1000))
    held = len(loaded_ids(warehouse))
    office.faults = [(403, {}, {"error": "Forbidden", "troubleshoot": "Your API key was revoked"})]
    with pytest.raises(PipelineStepFailed, match="revoked"):
        warehouse.load()
    assert len(loaded_ids(warehouse)) == held
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(5000))


def test_the_first_day_can_be_set(
    office: AircallServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.calls.append(call(900, at("2024-12-31T23:59:59"), ANNA))
    monkeypatch.setenv("SOURCES__AIRCALL__START_DATE", "2025-01-01")
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(120))


def test_the_rate_limit_is_waited_out(office: AircallServer, warehouse: RawWarehouse) -> None:
    """Aircall says when its counter starts again in a header of its own; an attempt before that would be wasted."""
    office.requests_a_window, office.window_seconds = 2, 3
    time.sleep(3 - time.time() % 3)
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(120))
    # Five requests need three windows: refused is one in each of the first two.
    assert len(office.requests) - 5 <= 2


@pytest.mark.parametrize("status", [500, 502, 503])
def test_passing_faults_are_retried(office: AircallServer, warehouse: RawWarehouse, status: int) -> None:
    office.faults = [(status, {}, "<html>Bad gateway</html>")]
    warehouse.load()
    assert loaded_ids(warehouse) == list(range(120))


def test_a_refusal_names_the_request_and_no_secret(
    office: AircallServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOURCES__AIRCALL__API_TOKEN", API_TOKEN + "-old")
    office.faults = [(403, {}, {"error": "Forbidden", "troubleshoot": f"{API_ID}:{API_TOKEN}-old is unknown"})]
    with caplog.at_level(logging.DEBUG), pytest.raises(PipelineStepFailed) as failed:
        warehouse.load()
    cause: BaseException | None = failed.value
    while cause and not isinstance(cause, ApiError):
        cause = cause.__cause__
    assert str(cause) == ("Aircall: GET /v2/users was answered with 403 Forbidden: Forbidden: ***:*** is unknown")
    assert len(office.requests) == 1
    assert API_TOKEN not in str(failed.value) + caplog.text


def test_secrets_reach_neither_tables_nor_state(
    office: AircallServer, warehouse: RawWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    office.calls[0] |= {
        "voicemail": "https://signed.example.com/1?signature=abc",
        "recording": "https://x/?signature=abc",
    }
    with caplog.at_level(logging.DEBUG):
        warehouse.load()
    written = [path.read_bytes() for path in warehouse.home.rglob("*") if path.is_file()]
    for secret in (API_TOKEN, "signature=abc"):
        assert not any(secret.encode() in content for content in written)
    assert API_TOKEN not in caplog.text
    state = warehouse.query("SELECT state FROM raw._dlt_pipeline_state")
    assert API_TOKEN not in json.dumps(state)


def test_custom_fields_are_read_as_text(office: AircallServer, warehouse: RawWarehouse) -> None:
    office.calls[0]["tags"] = [{"id": 1, "name": "Demo booked"}]
    office.users[0]["extension"] = "001"
    warehouse.load(custom_fields={"calls": ["tags", "costCentre"], "users": ["extension"]})
    assert warehouse.query("SELECT tags::JSON->>'$[0].name', cost_centre FROM raw.aircall__calls WHERE id = '0'") == [
        ("Demo booked", None)
    ]
    assert warehouse.query("SELECT extension FROM raw.aircall__users ORDER BY id") == [("001",), (None,)]


def test_a_field_may_change_its_type_appear_and_disappear(office: AircallServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    later = [call(number, MONDAY + 60 * number, ANNA) for number in range(200, 203)]
    later[0] |= {"ended_at": "2025-01-06T12:00:00Z", "id": "200"}
    later[1]["new_field"] = {"nested": [1]}
    del later[2]["answered_at"]
    later[2]["user"] = "Anna"
    office.calls += later
    office.calls[-3]["id"] = 200
    warehouse.load()
    assert warehouse.query(
        "SELECT id, ended_at, answered_at, user_id FROM raw.aircall__calls WHERE id LIKE '20_' ORDER BY id"
    ) == [
        ("200", "2025-01-06T12:00:00Z", str(MONDAY + 12006), "1"),
        ("201", str(MONDAY + 12126), str(MONDAY + 12066), "1"),
        ("202", str(MONDAY + 12186), None, None),
    ]


def test_personal_columns_are_hashed_or_dropped(office: AircallServer, warehouse: RawWarehouse) -> None:
    hidden = {"aircall__calls.raw_digits": "hash", "aircall__calls.user_name": "drop"}
    warehouse.load(personal_columns=PersonalColumns(hidden, "a key"))
    ((digits,),) = warehouse.query("SELECT DISTINCT raw_digits FROM raw.aircall__calls")
    assert len(digits) == 64
    assert warehouse.query("SELECT count(user_name), count(user_email) FROM raw.aircall__calls") == [(0, 120)]
