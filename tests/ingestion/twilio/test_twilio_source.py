"""What of Twilio reaches the raw tables: windows and paging, late changes, faults, secrets, settings, agents."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.api.client import ApiError
from ingestion.api.options import Slice
from ingestion.personal import PersonalColumns
from ingestion.twilio import TABLES
from tests.ingestion.raw_warehouse import RawWarehouse
from tests.ingestion.twilio.records import ACCOUNT_SID, CUSTOMER, conference, leg, sid, utc
from tests.ingestion.twilio.server import API_KEY_SECRET, API_KEY_SID, AUTH_TOKEN, TwilioServer

START = utc("2025-03-03T09:00:00")


@pytest.fixture
def account(server: TwilioServer, monkeypatch: pytest.MonkeyPatch) -> TwilioServer:
    """Three days with 900, 1,200 and 300 legs of calls, which end with today."""
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    monkeypatch.setenv("SOURCES__TWILIO__START_DATE", first.date().isoformat())
    for day, count in enumerate((900, 1200, 300)):
        server.calls += [
            leg(10_000 * day + number, first + timedelta(days=day, seconds=number), 60) for number in range(count)
        ]
    return server


def loaded(warehouse: RawWarehouse) -> list[str]:
    return [number for (number,) in warehouse.query("SELECT sid FROM raw.twilio__calls ORDER BY sid")]


def windows(requests: list[str]) -> list[tuple[str, str, int]]:
    """Of each window: its first day, the day after it, and its pages."""
    counts: dict[tuple[str, str], int] = {}
    for request in requests:
        query = parse_qs(urlsplit(request).query)
        days = (query["StartTime>"][0], query["StartTime<"][0])
        counts[days] = counts.get(days, 0) + 1
    return [(*days, count) for days, count in counts.items()]


def test_legs_are_read_window_by_window(account: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    assert loaded(warehouse) == sorted(call["sid"] for call in account.calls)
    # The first window of one day held few, so that the next has two.
    assert [pages for *_, pages in windows(account.requests)] == [1, 2]
    assert [len(parse_qs(urlsplit(request).query).get("PageToken", [])) for request in account.requests] == [0, 0, 1]


def test_values_are_text_and_the_start_is_a_moment(server: TwilioServer, warehouse: RawWarehouse) -> None:
    today = datetime.now(UTC).replace(microsecond=0)
    server.calls = [leg(7, today, 75, answered_by="machine_start", parent=3, direction="outbound-dial")]
    warehouse.load()
    assert warehouse.query("SELECT * EXCLUDE (_loaded_at) FROM raw.twilio__calls") == [
        (
            sid(7),
            sid(3),
            "outbound-dial",
            "completed",
            "machine_start",
            "+14155550100",
            CUSTOMER,
            today.replace(tzinfo=None),
            "75",
        )
    ]


def test_an_empty_account_makes_empty_tables_in_few_requests(server: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    assert {name: len(rows) for name, rows in warehouse.contents().items()} == {table.raw_name: 0 for table in TABLES}
    assert len(server.requests) == 17
    days = [
        (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).days for begin, end, _ in windows(server.requests)
    ]
    assert days[:6] == [1, 2, 4, 8, 16, 32]
    assert sum(days) == 401


def test_a_second_load_changes_nothing_and_reads_two_days(account: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    before = warehouse.contents()
    account.requests.clear()
    warehouse.load()
    assert warehouse.contents() == before
    assert len(account.requests) <= 3


def test_late_changes_replace_what_was_read(account: TwilioServer, warehouse: RawWarehouse) -> None:
    """A leg in progress gets its duration later; one may turn up after younger ones."""
    newest = max(account.calls, key=lambda call: call["sid"])
    final = dict(newest)
    newest |= {"status": "in-progress", "duration": None, "end_time": None, "price": None}
    warehouse.load()
    assert warehouse.query("SELECT status, duration FROM raw.twilio__calls ORDER BY sid DESC LIMIT 1") == [
        ("in-progress", None)
    ]
    unchanged = warehouse.query(f"FROM raw.twilio__calls WHERE sid <> '{newest['sid']}' ORDER BY ALL")
    account.calls[-1] = final
    yesterday = datetime.now(UTC) - timedelta(days=1)
    account.calls.append(leg(99_999, yesterday, 5))
    warehouse.load()
    assert warehouse.query(f"SELECT status, duration FROM raw.twilio__calls WHERE sid = '{newest['sid']}'") == [
        ("completed", "60")
    ]
    assert len(loaded(warehouse)) == 2401
    known = f"sid NOT IN ('{newest['sid']}', '{sid(99_999)}')"
    assert warehouse.query(f"FROM raw.twilio__calls WHERE {known} ORDER BY ALL") == unchanged


def test_a_leg_that_shows_up_behind_the_newest_is_found(account: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    started = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=20)
    account.calls.insert(0, leg(99_999, started, 60))
    warehouse.load()
    assert sid(99_999) in loaded(warehouse)


def test_conferences_are_read_where_they_are_switched_on(
    account: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    # Created at midnight, where two windows meet.
    account.conferences = [
        conference(1, today - timedelta(days=1), 1, 2),
        conference(2, today, 3, processing_state="partial"),
    ]
    participants = "SELECT conference_sid, call_sid, is_coach FROM raw.twilio__conference_participants ORDER BY ALL"
    warehouse.load()
    assert warehouse.query(participants) == []
    assert not [request for request in account.requests if "Conferences" in request]

    monkeypatch.setenv("SOURCES__TWILIO__CONFERENCES", "true")
    warehouse.load()
    first, second = (each["conference_sid"] for each in account.conferences)
    assert warehouse.query(participants) == [
        (first, sid(1), "false"),
        (first, sid(2), "false"),
        (second, sid(3), "false"),
    ]

    account.requests.clear()
    account.conferences[1] = conference(2, today, 3, 4, coaches=(4,))
    warehouse.load()
    assert warehouse.query(participants)[-2:] == [(second, sid(3), "false"), (second, sid(4), "true")]
    assert [urlsplit(each).path.split("/")[3] for each in account.requests if "Participants" in each] == [second]


def test_an_account_without_insights_is_told_what_was_refused(
    server: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__TWILIO__CONFERENCES", "true")
    server.has_insights = False
    with pytest.raises(PipelineStepFailed) as error:
        warehouse.load()
    assert "GET /v1/Conferences was answered with 403" in str(error.value)


def test_a_price_that_comes_later_is_no_change(account: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load()
    before = warehouse.contents()
    for call in account.calls:
        call |= {"price": "-0.5", "date_updated": call["date_created"]}
    warehouse.load()
    assert warehouse.contents() == before


def test_legs_that_begin_meanwhile_are_not_lost(account: TwilioServer, warehouse: RawWarehouse) -> None:
    def ring() -> None:
        account.calls.append(leg(50_000 + len(account.calls), datetime.now(UTC).replace(microsecond=0), 1))

    account.on_page = ring
    warehouse.load()
    account.on_page = None
    warehouse.load()
    assert loaded(warehouse) == sorted(call["sid"] for call in account.calls)


def test_a_load_goes_on_after_its_last_slice(
    server: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twilio gives the newest first: only whole windows count as read, so that none has a hole in its past."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=40)
    monkeypatch.setenv("SOURCES__TWILIO__START_DATE", begin.date().isoformat())
    # After fifteen quiet days a window has sixteen, which here hold 2,304 legs on three pages.
    first = begin + timedelta(days=15)
    server.calls = [leg(number, first + timedelta(minutes=10 * number), 60) for number in range(3400)]
    slices = 1
    while warehouse.load(slice=Slice(100)):
        slices += 1
        held = loaded(warehouse)
        assert held == sorted(call["sid"] for call in server.calls)[: len(held)]
    assert slices >= 3
    assert loaded(warehouse) == sorted(call["sid"] for call in server.calls)


def test_a_load_that_is_cut_off_goes_on(account: TwilioServer, warehouse: RawWarehouse) -> None:
    warehouse.load(slice=Slice(1))
    assert len(loaded(warehouse)) == 900
    account.faults = [(401, {}, {"code": 20003, "message": "Authenticate", "status": 401})]
    with pytest.raises(PipelineStepFailed, match="Authenticate"):
        warehouse.load()
    assert len(loaded(warehouse)) == 900
    warehouse.load()
    assert loaded(warehouse) == sorted(call["sid"] for call in account.calls)


def test_an_api_key_may_take_the_place_of_the_account(
    account: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__TWILIO__API_KEY_SID", API_KEY_SID)
    monkeypatch.setenv("SOURCES__TWILIO__AUTH_TOKEN", API_KEY_SECRET)
    warehouse.load()
    assert len(loaded(warehouse)) == 2400


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"Retry-After": "1"}, {"code": 20429, "message": "Too Many Requests", "status": 429}),
        (500, {}, {"code": 20500, "message": "Internal Server Error", "status": 500}),
        (503, {}, "<html>Service unavailable</html>"),
    ],
)
def test_passing_faults_are_retried(
    account: TwilioServer, warehouse: RawWarehouse, fault: tuple[int, dict[str, str], object]
) -> None:
    account.faults = [fault]
    warehouse.load()
    assert len(loaded(warehouse)) == 2400
    assert len(account.requests) == 4


def test_a_refusal_names_the_request_and_no_secret(
    account: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOURCES__TWILIO__AUTH_TOKEN", AUTH_TOKEN + "-old")
    account.faults = [(401, {}, {"code": 20003, "message": f"Authenticate: {AUTH_TOKEN}-old", "status": 401})]
    with caplog.at_level(logging.DEBUG), pytest.raises(PipelineStepFailed) as failed:
        warehouse.load()
    cause: BaseException | None = failed.value
    while cause and not isinstance(cause, ApiError):
        cause = cause.__cause__
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json"
    assert str(cause) == f"Twilio: GET {path} was answered with 401 Unauthorized: Authenticate: ***"
    assert len(account.requests) == 1
    assert AUTH_TOKEN not in str(failed.value) + caplog.text


def test_secrets_reach_neither_tables_nor_state(
    account: TwilioServer, warehouse: RawWarehouse, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        warehouse.load()
    written = [path.read_bytes() for path in warehouse.home.rglob("*") if path.is_file()]
    assert not any(AUTH_TOKEN.encode() in content for content in written)
    assert AUTH_TOKEN not in caplog.text
    assert AUTH_TOKEN not in json.dumps(warehouse.query("SELECT state FROM raw._dlt_pipeline_state"))


def test_custom_fields_are_read_as_text(account: TwilioServer, warehouse: RawWarehouse) -> None:
    account.calls[0]["annotation"] = "Asked for a demo"
    warehouse.load(custom_fields={"calls": ["annotation", "queue_time", "from"]})
    assert warehouse.query("SELECT annotation, queue_time FROM raw.twilio__calls ORDER BY sid LIMIT 1") == [
        ("Asked for a demo", "0")
    ]


def test_a_field_may_change_its_type_appear_and_disappear(account: TwilioServer, warehouse: RawWarehouse) -> None:
    account.calls[0] |= {"duration": 60, "answered_by": {"kind": "human"}, "new_field": [1]}
    del account.calls[1]["status"]
    warehouse.load()
    assert warehouse.query("SELECT duration, answered_by, status FROM raw.twilio__calls ORDER BY sid LIMIT 2") == [
        ("60", '{"kind":"human"}', "completed"),
        ("60", None, None),
    ]


def test_personal_columns_are_hashed_alike(
    account: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An agent whose end is hashed in the calls is found when the list is hashed, too."""
    listed(monkeypatch, tmp_path, f"endpoint,email\n{CUSTOMER},ann@example.com\n")
    columns = ("twilio__calls.from", "twilio__calls.to", "twilio__agents.endpoint")
    warehouse.load(personal_columns=PersonalColumns(dict.fromkeys(columns, "hash"), "a key"))
    assert warehouse.query('SELECT DISTINCT length("to"), length("from") FROM raw.twilio__calls') == [(64, 64)]
    assert warehouse.query(
        'SELECT email, count(*) FROM raw.twilio__calls JOIN raw.twilio__agents ON "to" = endpoint GROUP BY ALL'
    ) == [("ann@example.com", 2400)]


def listed(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> Path:
    file = folder / "agents.csv"
    file.write_text(text)
    monkeypatch.setenv("SOURCES__TWILIO__AGENTS", str(file))
    return file


def agents(warehouse: RawWarehouse) -> list[tuple[object, ...]]:
    return warehouse.query("SELECT endpoint, email, full_name, team, _is_gone FROM raw.twilio__agents ORDER BY ALL")


def test_agents_are_read_from_a_file(
    server: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = listed(
        monkeypatch,
        tmp_path,
        "email,endpoint,full_name,desk\n"
        "ann@example.com, client:ann ,Ann Ash,12\n"
        "ann@example.com,+14155550111,,12\n"
        'bob@example.com,sip:bob@example.sip.twilio.com,"Beech, Bob",13\n',
    )
    warehouse.load()
    ann, phone, bob = (
        ("client:ann", "ann@example.com", "Ann Ash", None, False),
        ("+14155550111", "ann@example.com", None, None, False),
        ("sip:bob@example.sip.twilio.com", "bob@example.com", "Beech, Bob", None, False),
    )
    assert agents(warehouse) == [phone, ann, bob]
    before = warehouse.contents()
    warehouse.load()
    assert warehouse.contents() == before
    file.write_text("endpoint,email,full_name,team\nclient:ann,ann@example.com,Ann Ash,Sales\n")
    warehouse.load()
    assert agents(warehouse) == [
        (*phone[:4], True),
        ("client:ann", "ann@example.com", "Ann Ash", "Sales", False),
        (*bob[:4], True),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("endpoint,name\nclient:ann,Ann\n", "has no column email; it has: endpoint, name"),
        ("endpoint,email\nclient:ann,a@x.com\nClient:ann,b@x.com\n", "lient:ann is listed 2 times"),
        ("endpoint,email\nclient:ann,\n", "client:ann has no e-mail"),
        ("endpoint,email\n,a@x.com\n", r"\(none\) "),
    ],
)
def test_a_list_of_agents_that_cannot_be_used_stops_the_load(
    server: TwilioServer,
    warehouse: RawWarehouse,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    message: str,
) -> None:
    file = listed(monkeypatch, tmp_path, text)
    with pytest.raises(PipelineStepFailed, match=message) as failed:
        warehouse.load()
    assert file.name in str(failed.value)


def test_a_list_of_agents_that_is_not_there_stops_the_load(
    server: TwilioServer, warehouse: RawWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__TWILIO__AGENTS", "/nowhere/agents.csv")
    with pytest.raises(PipelineStepFailed, match=r"names /nowhere/agents\.csv, which is no file"):
        warehouse.load()
