"""Gong into raw tables: pages, windows of time, what comes late, faults, and what is not let in."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.personal import PersonalColumns
from tests.ingestion.gong.account import Account, linked, monologue, said
from tests.ingestion.gong.conftest import Warehouse
from tests.ingestion.gong.server import ACCESS_KEY, ACCESS_KEY_SECRET, Fault, GongServer, Refusal

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GREETING = [monologue("rep", said(0, 1.5, "Hello."))]


@pytest.fixture
def rep(account: Account) -> str:
    return account.add_user("mia@example.com", "Mia", "Berg")


def add_calls(account: Account, rep: str, count: int, every: timedelta = HOUR) -> list[str]:
    """Calls up to now, the oldest first; every second one has a transcript."""
    call_ids = [account.add_call(rep, NOW - every * number) for number in reversed(range(count))]
    account.transcripts.update(dict.fromkeys(call_ids[::2], GREETING))
    return call_ids


def loaded_ids(warehouse: Warehouse, table: str = "calls", column: str = "id") -> set[str]:
    return {str(found) for (found,) in warehouse.query(f"SELECT {column} FROM raw.gong__{table}")}


def narrow_windows(monkeypatch: pytest.MonkeyPatch, records: int) -> None:
    monkeypatch.setattr("ingestion.gong.windows.RECORDS_PER_WINDOW", records)


def failure(load: Callable[[], Any]) -> str:
    """The message of a load that fails, which is that of its cause."""
    with pytest.raises(PipelineStepFailed) as caught:
        load()
    return str(caught.value)


def test_all_pages_are_read(account: Account, rep: str, warehouse: Warehouse) -> None:
    for number in range(230):
        account.add_user(f"rep.{number}@example.com")
    call_ids = add_calls(account, rep, 250)
    question = account.question("Did the rep listen?")
    scorecard = account.add_scorecard("Discovery", question)
    reviews = [account.review(call_id, rep, scorecard, [(question, 4)], NOW) for call_id in call_ids[:120]]
    warehouse.load()
    assert warehouse.count("users") == 231
    assert loaded_ids(warehouse) == set(call_ids)
    assert loaded_ids(warehouse, "call_transcripts", "call_id") == set(call_ids[::2])
    assert loaded_ids(warehouse, "answered_scorecards", "answered_scorecard_id") == {str(each) for each in reviews}
    assert warehouse.count("scorecard_questions") == 1


def test_an_empty_account_makes_empty_tables(server: GongServer, warehouse: Warehouse) -> None:
    warehouse.load()
    assert {table: rows for table, rows in warehouse.rows().items() if rows} == {}
    assert list(warehouse.rows()) == [
        f"gong__{name}"
        for name in (
            *("answered_scorecards", "call_transcripts", "calls", "keyword_trackers", "scorecard_questions", "users"),
        )
    ]
    assert [each.status for each in server.asked("/v2/calls/extensive")] == [404]


def test_run_twice_it_loads_nothing(account: Account, rep: str, warehouse: Warehouse) -> None:
    add_calls(account, rep, 30)
    question = account.question("Did the rep listen?")
    scorecard = account.add_scorecard("Discovery", question)
    account.review(next(iter(account.calls)), rep, scorecard, [(question, 4)], NOW)
    warehouse.load()
    before = warehouse.query("SELECT max(_loaded_at) FROM raw.gong__calls"), warehouse.rows()
    again = warehouse.load()
    assert sum(again.rows.values()) == 0
    assert (warehouse.query("SELECT max(_loaded_at) FROM raw.gong__calls"), warehouse.rows()) == before


def test_a_list_in_another_order_is_no_change(account: Account, rep: str, warehouse: Warehouse) -> None:
    context = linked("Salesforce", Opportunity="006A", Account="001A") + linked("HubSpot", Account="77")
    call = account.calls[account.add_call(rep, NOW, context=context)]
    warehouse.load()
    call["parties"].reverse()
    call["context"].reverse()
    call["context"][-1]["objects"].reverse()
    assert warehouse.load().rows["gong__calls"] == 0


def test_too_many_calls_for_one_window_are_read_in_halves(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three years of calls, many of them within one hour, and a window that takes forty."""
    narrow_windows(monkeypatch, 40)
    call_ids = add_calls(account, rep, 150, every=7 * DAY)
    call_ids += [account.add_call(rep, NOW - 30 * DAY + timedelta(seconds=number)) for number in range(90)]
    warehouse.load()
    assert loaded_ids(warehouse) == set(call_ids)
    windows = [
        (each.body["filter"]["fromDateTime"], each.body["filter"]["toDateTime"])
        for each in server.asked("/v2/calls/extensive")
    ]
    narrow = [window for window in windows if not any(_is_within(other, window) for other in windows)]
    assert narrow == sorted(narrow), "the oldest first"
    assert all(end == start for (_, end), (start, _) in pairwise(narrow)), "no gap, no overlap"


def _is_within(inner: tuple[str, str], outer: tuple[str, str]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def test_calls_that_gong_shows_late_are_found(account: Account, rep: str, warehouse: Warehouse) -> None:
    add_calls(account, rep, 5)
    warehouse.load()
    late = account.add_call(rep, NOW - 6 * DAY)
    conference = account.add_call(rep, NOW - 2 * DAY, direction="Conference")
    warehouse.load()
    assert {late, conference} <= loaded_ids(warehouse)


def test_what_gong_adds_to_a_call_later_replaces_it(account: Account, rep: str, warehouse: Warehouse) -> None:
    call_id = account.add_call(rep, NOW - DAY)
    warehouse.load()
    account.calls[call_id]["context"] = linked("Salesforce", Opportunity="006A")
    account.calls[call_id]["metaData"]["sdrDisposition"] = "Left voicemail"
    changed = warehouse.load()
    assert changed.rows == {"gong__calls": 1}
    [(context, disposition)] = warehouse.query("SELECT context, sdr_disposition FROM raw.gong__calls")
    assert json.loads(context)[0]["objects"] == [{"objectType": "Opportunity", "objectId": "006A"}]
    assert disposition == "Left voicemail"


def test_a_transcript_that_comes_later_is_asked_for_again(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse
) -> None:
    """Only calls without one are asked for: those that are new, and those that had none, for a week."""
    done, pending = account.add_call(rep, NOW - DAY), account.add_call(rep, NOW - 2 * DAY)
    too_old = account.add_call(rep, NOW - 20 * DAY)
    account.transcripts[done] = GREETING
    warehouse.load()
    assert loaded_ids(warehouse, "call_transcripts", "call_id") == {done}
    account.transcripts |= {pending: GREETING, too_old: GREETING}
    server.requests.clear()
    assert warehouse.load().rows == {"gong__call_transcripts": 1}
    [asked] = server.asked("/v2/calls/transcript")
    assert asked.body["filter"]["callIds"] == [pending]
    assert loaded_ids(warehouse, "call_transcripts", "call_id") == {done, pending}
    server.requests.clear()
    warehouse.load()
    assert server.asked("/v2/calls/transcript") == []


def test_what_colleagues_say_is_not_asked_for(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse
) -> None:
    internal = account.add_call(rep, NOW - HOUR, scope="Internal")
    account.transcripts[internal] = GREETING
    warehouse.load()
    warehouse.load()
    assert server.asked("/v2/calls/transcript") == []


def test_changes_cost_work_in_proportion(server: GongServer, account: Account, rep: str, warehouse: Warehouse) -> None:
    """A year of calls behind, a refresh asks for a week of them, once."""
    account.transcripts |= dict.fromkeys(add_calls(account, rep, 365, every=DAY), GREETING)
    warehouse.load()
    server.requests.clear()
    account.transcripts[account.add_call(rep, NOW)] = GREETING
    again = warehouse.load()
    assert again.rows == {"gong__calls": 1, "gong__call_transcripts": 1}
    assert again.requests["Gong"] == len(server.requests) == 6


def test_reviews_on_the_days_of_the_company(account: Account, rep: str, warehouse: Warehouse) -> None:
    """A review late in the day of a company far ahead of UTC, and one far behind."""
    question = account.question("Did the rep listen?")
    scorecard = account.add_scorecard("Discovery", question)
    call_id = account.add_call(rep, NOW - 9 * DAY)
    warehouse.load()
    for offset in (14, -12):
        account.utc_offset_hours = offset
        account.review(call_id, rep, scorecard, [(question, 4)], NOW - timedelta(minutes=offset))
        assert warehouse.load().rows == {"gong__answered_scorecards": 1}


def test_a_question_that_was_removed_keeps_its_text(account: Account, rep: str, warehouse: Warehouse) -> None:
    kept, removed = account.question("Did the rep listen?"), account.question("Was the budget named?")
    scorecard = account.add_scorecard("Discovery", kept, removed)
    warehouse.load()
    account.scorecards[scorecard]["questions"].remove(removed)
    warehouse.load()
    assert warehouse.query("SELECT question_text, _is_gone FROM raw.gong__scorecard_questions ORDER BY 2") == [
        ("Did the rep listen?", False),
        ("Was the budget named?", True),
    ]


def test_phrases_of_trackers_that_are_gone_or_not_shown_any_more(
    account: Account, server: GongServer, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = account.add_tracker("Pricing", eng=["list price", "discount"], spa=["descuento", "discount"])
    account.add_tracker("Nothing yet")
    warehouse.load()
    listed = "SELECT tracker_name, phrase, _is_gone FROM raw.gong__keyword_trackers ORDER BY phrase"
    assert warehouse.query(listed) == [("Pricing", phrase, False) for phrase in ("descuento", "discount", "list price")]
    tracker["languageKeywords"][0]["keywords"].remove("list price")
    warehouse.load()
    gone = [("Pricing", phrase, phrase == "list price") for phrase in ("descuento", "discount", "list price")]
    assert warehouse.query(listed) == gone
    # A key without the right: what is known stands, and the rest is read.
    server.faults.append(Fault(403, path="/settings/trackers", message="api:settings:trackers:read is required"))
    account.add_user("new@example.com")
    warehouse.load()
    assert warehouse.query(listed) == gone and warehouse.count("users") == 1
    assert "gong__keyword_trackers is not read" in caplog.text


def test_killed_it_goes_on_and_ends_alike(
    server: GongServer, account: Account, rep: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow_windows(monkeypatch, 30)
    add_calls(account, rep, 120, every=3 * DAY)
    undisturbed, killed = Warehouse(tmp_path / "undisturbed"), Warehouse(tmp_path / "killed")
    while undisturbed.load(rows_per_slice=25).slice.is_cut:
        pass
    server.requests.clear()

    def break_once(path: str) -> None:
        if len(server.requests) in (12, 40, 41):
            raise Refusal(403, "Somebody pulled the plug")

    server.before = break_once
    slices, breaks = 0, 0
    while True:
        try:
            if not killed.load(rows_per_slice=25).slice.is_cut:
                break
            slices += 1
        except PipelineStepFailed:
            breaks += 1
    assert slices >= 3
    assert breaks == 3
    assert killed.rows() == undisturbed.rows()
    assert killed.count("calls") == 120
    assert killed.count("call_transcripts") == 60


def test_limits_and_faults_are_waited_out(server: GongServer, account: Account, rep: str, warehouse: Warehouse) -> None:
    """Three requests a second, refused with the seconds to wait, and an error of the server's own."""
    call_ids = add_calls(account, rep, 450)
    server.requests_per_second = 3
    server.faults = [
        Fault(500, path="/extensive"),
        Fault(429, path="/transcript", headers=(("Retry-After", "2"),)),
    ]
    begun = time.monotonic()
    warehouse.load()
    assert loaded_ids(warehouse) == set(call_ids)
    assert {each.status for each in server.requests} == {200, 429, 500}
    assert time.monotonic() - begun >= 2


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        (Fault(401, message="Failed to verify access key"), ("GET /v2/users", "401", "Failed to verify access key")),
        (
            Fault(403, path="/extensive", message=f"{ACCESS_KEY} lacks the scope 'api:calls:read:extensive'"),
            ("POST /v2/calls/extensive", "403", "*** lacks the scope 'api:calls:read:extensive'"),
        ),
        (Fault(400, path="/transcript", message="Malformed request"), ("POST /v2/calls/transcript", "400")),
    ],
)
def test_a_refusal_stops_with_the_systems_message(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse, fault: Fault, parts: tuple[str, ...]
) -> None:
    account.add_call(rep, NOW)
    server.faults = [fault]
    message = failure(warehouse.load)
    for part in ("Gong", *parts):
        assert part in message
    assert len([each for each in server.requests if each.status == fault.status]) == 1, "not retried"


def test_an_address_that_is_not_gongs_is_an_error(
    server: GongServer, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__GONG__BASE_URL", f"{server.url}/elsewhere")
    assert "404" in failure(warehouse.load)


def test_404_means_nothing_found_only_where_gong_says_so(server: GongServer, warehouse: Warehouse) -> None:
    for fault in (Fault(404, path="/extensive", is_of_gong=False), Fault(404, path="/extensive", message="Not found")):
        server.faults = [fault]
        assert "POST /v2/calls/extensive was answered with 404" in failure(warehouse.load)


def test_trackers_and_interaction_come_in_the_request_of_the_call(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse
) -> None:
    trackers = [
        {"id": str(number), "name": name, "count": count, "type": "KEYWORD", "occurrences": []}
        for number, (name, count) in enumerate({"Pricing": 3, "Competitors": 0}.items())
    ]
    interaction = {
        "speakers": [
            {"id": "rep", "userId": rep, "talkTime": 145.5},
            {"id": "customer", "userId": None, "talkTime": 314},
        ],
        "interactionStats": [{"name": "Interactivity", "value": 5.16}, {"name": "Talk Ratio", "value": 0.31}],
        "questions": {"companyCount": 4, "nonCompanyCount": 1},
    }
    call = account.calls[account.add_call(rep, NOW, trackers=trackers, interaction=interaction)]
    warehouse.load()
    assert len(server.asked("/v2/calls/extensive")) == 1
    [(found, speakers, stats, *counts)] = warehouse.query(
        "SELECT trackers, speakers, interaction_stats, company_question_count, other_question_count "
        "FROM raw.gong__calls"
    )
    assert {each["name"]: each["count"] for each in json.loads(found)} == {"Pricing": "3", "Competitors": "0"}
    assert {each["id"]: each["talkTime"] for each in json.loads(speakers)} == {"rep": "145.5", "customer": "314"}
    assert {each["name"]: each["value"] for each in json.loads(stats)} == {
        "Interactivity": "5.16",
        "Talk Ratio": "0.31",
    }
    assert counts == ["4", "1"]
    for order in (call["content"]["trackers"], *(interaction[name] for name in ("speakers", "interactionStats"))):
        assert isinstance(order, list)
        order.reverse()
    assert warehouse.load().rows["gong__calls"] == 0


def test_no_secret_is_left_anywhere(
    server: GongServer, account: Account, rep: str, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    add_calls(account, rep, 3)
    server.faults = [Fault(403, path="/transcript", message=f"Basic {ACCESS_KEY}:{ACCESS_KEY_SECRET} may not")]
    message = failure(warehouse.load)
    warehouse.load()
    assert ACCESS_KEY_SECRET not in message + caplog.text
    for path in warehouse.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert ACCESS_KEY_SECRET.encode() not in content, path
            assert ACCESS_KEY.encode() not in content, path


def test_of_customers_nothing_personal_is_read(account: Account, rep: str, warehouse: Warehouse) -> None:
    account.add_call(rep, NOW)
    warehouse.load()
    [(parties,)] = warehouse.query("SELECT parties FROM raw.gong__calls")
    assert {name for party in json.loads(parties) for name in party} == {
        "userId",
        "speakerId",
        "affiliation",
        "context",
    }


def test_personal_columns_are_hashed_or_dropped(account: Account, rep: str, warehouse: Warehouse) -> None:
    account.transcripts[account.add_call(rep, NOW)] = GREETING
    warehouse.load(
        personal_columns=PersonalColumns(
            {
                "gong__users.email_address": "hash",
                "gong__users.last_name": "drop",
                "gong__call_transcripts.sentences": "drop",
            },
            "a long random text",
        ),
    )
    [(email, last_name)] = warehouse.query("SELECT email_address, last_name FROM raw.gong__users")
    assert len(email) == 64
    assert last_name is None
    [(speech, sentences)] = warehouse.query("SELECT speech, sentences FROM raw.gong__call_transcripts")
    assert json.loads(speech) == [{"speakerId": "rep", "sentences": [{"start": "0", "end": "1500"}]}]
    assert sentences is None
    contents = (warehouse.home / "warehouse.duckdb").read_bytes()
    assert b"mia@example.com" not in contents
    assert b"Hello." not in contents


def test_custom_fields_come_and_go(account: Account, rep: str, warehouse: Warehouse) -> None:
    wanted = {"calls": ["purpose", "customData"], "users": ["phoneNumber"]}
    call = account.calls[account.add_call(rep, NOW, purpose="Demo", customData="x1")]["metaData"]
    warehouse.load(custom_fields=wanted)
    assert warehouse.query("SELECT purpose, custom_data FROM raw.gong__calls") == [("Demo", "x1")]
    assert warehouse.query("SELECT phone_number FROM raw.gong__users") == [("+1 123-567-8989",)]
    del call["purpose"]
    warehouse.load(custom_fields=wanted)
    assert warehouse.query("SELECT purpose, custom_data FROM raw.gong__calls") == [(None, "x1")]


def test_a_type_that_flips_is_text(account: Account, rep: str, warehouse: Warehouse) -> None:
    call = account.calls[account.add_call(rep, NOW, duration=460)]["metaData"]
    warehouse.load()
    call |= {"duration": "7:40", "isPrivate": "perhaps", "primaryUserId": 42}
    warehouse.load()
    assert warehouse.query("SELECT duration, primary_user_id FROM raw.gong__calls") == [("7:40", "42")]


def test_a_start_date_leaves_out_what_is_older(
    account: Account, rep: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.add_call(rep, NOW - 5 * DAY)
    newer = account.add_call(rep, NOW - DAY)
    monkeypatch.setenv("SOURCES__GONG__START_DATE", (NOW - 2 * DAY).date().isoformat())
    warehouse.load()
    warehouse.load()
    assert loaded_ids(warehouse) == {newer}
