"""Gong's objects in the landing contract: which calls count, for whom, what was said and how it was scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import build
from tests.ingestion.gong.account import Account, linked, monologue, said
from tests.ingestion.gong.conftest import Warehouse, running_server

STARTED = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
NAIVE = STARTED.replace(tzinfo=None)

Query = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Staged:
    """A warehouse with Gong's raw tables, whose staging models can be built for several choices of sources."""

    warehouse: Warehouse
    ids: dict[str, str]

    def build(self, *sources: str, **variables: Any) -> Query:
        """Build the models of Gong with these sources on, and return a function that queries them."""
        settings = {"sources": list(sources), **variables}
        build(self.warehouse.home, settings, "--select", "path:models/staging/gong", command="run")
        return self.warehouse.query


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    warehouse = Warehouse(tmp_path_factory.mktemp("staged"))
    with pytest.MonkeyPatch.context() as patch, running_server(patch) as server:
        ids = fill(server.account)
        warehouse.load(custom_fields={"calls": ["purpose"]})
    return Staged(warehouse, ids)


def fill(account: Account) -> dict[str, str]:
    """An account with one of each kind. Returns the ids by a name."""
    boss = account.add_user("Boss@Example.com", "Ada", "Boss", title="manager")
    mia = account.add_user("mia@example.com", "Mia", "Berg", managerId=boss, title="ae")
    gone = account.add_user("gone@example.com", active=False)
    ids = {"boss": boss, "mia": mia, "gone": gone}
    account.add_tracker("Competitors", mul=["acme"])
    account.add_tracker("Competitors", workspace_id="7", eng=["acme", "acme corp"])

    def call(name: str, started: datetime = STARTED, **fields: Any) -> None:
        ids[name] = account.add_call(fields.pop("user", mia), started, **fields)

    call(
        "linked",
        context=linked("Salesforce", Opportunity="006A", Account="001A"),
        lead=linked("Salesforce", Lead="00QA", Contact="003A"),
        purpose="Demo",
    )
    call("of a CRM of their own", context=linked("Generic", Opportunity="deal-7"))
    call("of HubSpot", context=linked("HubSpot", Opportunity="77", Account="88"))
    call("inbound", direction="Inbound", duration=0)
    call("unknown direction", direction="Unknown")
    call("unreadable", duration="a while")
    call("without a host", user=None)
    call("web conference", direction="Conference", started=STARTED + timedelta(hours=1))
    call("among colleagues", scope="Internal")
    call("all colleagues", scope="Unknown", parties=[account.rep(mia), account.rep(boss, "boss")])
    call("maybe a customer", scope="Unknown", parties=[account.rep(mia), account.customer(affiliation="Unknown")])
    call("recorded by Aircall", system="Aircall", clientUniqueId="4711")
    for outcome in ("Left Voicemail", "No Answer", "Line was busy", "Wrong number", "Got the gatekeeper"):
        call(outcome, sdrDisposition=outcome)
    call("heard", outcome={"id": "NO_ANSWER", "category": "Not answered", "name": "No answer"})
    call(
        "said and heard",
        sdrDisposition="Connected",
        outcome={"id": "VOICEMAIL", "category": "Not answered", "name": "Voicemail"},
    )
    add_transcripts(account, ids)
    add_reviews(account, ids)
    return ids


def add_transcripts(account: Account, ids: dict[str, str]) -> None:
    account.transcripts[ids["linked"]] = [
        monologue("rep", said(0.2, 1.5, "Hello."), said(1.8, 3, "Can you hear me?"), topic="Small talk"),
        # The same speaker on another topic goes on with the turn.
        monologue("rep", said(3.1, 4, "Good."), topic="Objections"),
        monologue("customer", said(3.9, 6.25, "Yes, I can.")),
        monologue("rep", said(7, 8, "Fine.")),
    ]
    account.transcripts[ids["maybe a customer"]] = [
        monologue("customer", said(0, 1, "Hello?")),
        monologue("nobody knows", said(1, 2, "Who is it?")),
    ]
    account.transcripts[ids["web conference"]] = [monologue("customer", said(5, 6, "We are all here."))]
    account.transcripts[ids["recorded by Aircall"]] = [monologue("customer", said(0, 1, "Hello?"))]
    account.transcripts[ids["all colleagues"]] = [monologue("boss", said(0, 1, "Between us."))]


def add_reviews(account: Account, ids: dict[str, str]) -> None:
    listening, budget = (
        account.question("Did the rep listen?"),
        account.question("Was the budget named?", scale=(0, 10)),
    )
    before = account.question("Greeting", scale=None, minRange="N/A", maxRange="N/A")
    words = account.question("What was best?", question_type="OPEN", scale=None)
    scorecard = account.add_scorecard("Discovery", listening, budget, before, words)
    day = timedelta(days=1)
    everything = [(listening, 4), (budget, 10), (before, 5), (words, None)]
    account.review(ids["linked"], ids["boss"], scorecard, everything, STARTED + day)
    # The reviewer thought again, and about one question only.
    account.review(ids["linked"], ids["boss"], scorecard, [(listening, 2)], STARTED + 2 * day)
    account.review(ids["linked"], None, scorecard, [(listening, 3)], STARTED + day, method="AUTOMATIC")
    account.review(ids["web conference"], ids["boss"], scorecard, [(listening, 1)], STARTED + day)
    account.review(ids["among colleagues"], ids["boss"], scorecard, [(listening, 1)], STARTED + day)


@pytest.fixture(scope="module")
def query(staged: Staged) -> Query:
    """With a CRM in landing files."""
    return staged.build("landing", "gong", pass_through_columns={"calls": ["purpose"]})


@pytest.fixture(scope="module")
def names(staged: Staged) -> dict[str, str]:
    """What the calls and people are called, by the id that other models see."""
    return {f"gong:{found}": name for name, found in staged.ids.items()}


def test_which_calls_are_telephone_calls_with_a_customer(query: Query, names: dict[str, str]) -> None:
    found = {names[call_id] for (call_id,) in query("SELECT call_id FROM staging.stg_gong__calls")}
    left_out = {
        names[call_id]: reason
        for call_id, reason in query("SELECT call_id, reason FROM staging.stg_gong__left_out_calls")
    }
    assert left_out == {
        "web conference": "web_conference",
        "among colleagues": "internal",
        "all colleagues": "internal",
    }
    assert found == {name for name in names.values() if name not in {"boss", "mia", "gone", *left_out}}


def test_a_call_in_the_contract(query: Query, staged: Staged) -> None:
    assert query(f"""
        SELECT * EXCLUDE (call_id) FROM staging.stg_gong__calls WHERE call_id = 'gong:{staged.ids["linked"]}'
    """) == [
        (
            f"gong:{staged.ids['mia']}", "006A", "001A", "00QA", "outbound", "connected", Decimal("460.000"), False,
            NAIVE, "Demo", None, None,
        )
    ]  # fmt: skip


def test_directions_and_dispositions(query: Query, names: dict[str, str]) -> None:
    rows = query("SELECT call_id, direction, disposition FROM staging.stg_gong__calls")
    found = {names[call_id]: (direction, disposition) for call_id, direction, disposition in rows}
    assert found["inbound"] == ("inbound", "other"), "nothing was recorded"
    expected = {
        "Left Voicemail": "voicemail",
        "No Answer": "no_answer",
        "Line was busy": "busy",
        "Wrong number": "failed",
        "Got the gatekeeper": "connected",
        "heard": "no_answer",
        "said and heard": "connected",
    }
    assert {name: found[name] for name in expected} == {name: ("outbound", word) for name, word in expected.items()}


def test_what_cannot_be_read_is_named(query: Query, names: dict[str, str]) -> None:
    rows = query("SELECT call_id, unreadable FROM staging.stg_gong__calls WHERE unreadable IS NOT NULL")
    assert {names[call_id]: unreadable for call_id, unreadable in rows} == {
        "unknown direction": "direction: Unknown",
        "unreadable": "duration_seconds: a while",
    }
    turns = "SELECT call_id, turn, speaker, unreadable FROM staging.stg_gong__call_turns WHERE unreadable IS NOT NULL"
    assert [(names[call_id], *rest) for call_id, *rest in query(turns)] == [
        ("maybe a customer", 2, None, "speaker: nobody knows")
    ]


def test_users_in_the_contract(query: Query, staged: Staged) -> None:
    boss, mia, gone = (f"gong:{staged.ids[name]}" for name in ("boss", "mia", "gone"))
    assert query("""
        SELECT user_id, manager_id, full_name, email, role, is_deleted FROM staging.stg_gong__users ORDER BY user_id
    """) == [
        (boss, None, "Ada Boss", "Boss@Example.com", "manager", False),
        (mia, boss, "Mia Berg", "mia@example.com", "ae", False),
        (gone, None, "gone@example.com", "gone@example.com", None, True),
    ]


def test_turns_of_one_speaker(query: Query, names: dict[str, str]) -> None:
    rows = query("""
        SELECT call_id, turn, speaker, started_seconds, ended_seconds, text FROM staging.stg_gong__call_turns
        WHERE unreadable IS NULL ORDER BY call_id, turn
    """)
    found = [(names[call_id], *rest) for call_id, *rest in rows]
    assert found == [
        ("linked", 1, "rep", Decimal("0.200"), Decimal("4.000"), "Hello. Can you hear me? Good."),
        ("linked", 2, "customer", Decimal("3.900"), Decimal("6.250"), "Yes, I can."),
        ("linked", 3, "rep", Decimal("7.000"), Decimal("8.000"), "Fine."),
        ("web conference", 1, "customer", Decimal("5.000"), Decimal("6.000"), "We are all here."),
        ("maybe a customer", 1, "customer", Decimal("0.000"), Decimal("1.000"), "Hello?"),
        ("recorded by Aircall", 1, "customer", Decimal("0.000"), Decimal("1.000"), "Hello?"),
    ]


def test_scores_on_the_scale_of_their_question(query: Query, names: dict[str, str]) -> None:
    rows = query("""
        SELECT call_id, reviewer_id, criterion, score::INT, max_score::INT, day(scored_at) - 2
        FROM staging.stg_gong__call_scores
    """)
    found = [(names[call_id], names.get(reviewer, reviewer), *rest) for call_id, reviewer, *rest in rows]
    assert sorted(found) == [
        ("linked", "boss", "Did the rep listen?", 2, 5, 2),
        ("linked", "boss", "Greeting", 5, 5, 1),
        ("linked", "boss", "Was the budget named?", 10, 10, 1),
        ("linked", "gong:automatic", "Did the rep listen?", 3, 5, 1),
        ("web conference", "boss", "Did the rep listen?", 1, 5, 1),
    ]


def test_trackers_of_one_name_are_one(query: Query) -> None:
    assert query("SELECT tracker, phrase, is_deleted FROM staging.stg_gong__trackers ORDER BY ALL") == [
        ("Competitors", "acme", False),
        ("Competitors", "acme corp", False),
    ]


def test_without_the_texts_there_are_turns_all_the_same(query: Query, staged: Staged) -> None:
    """A column that is dropped at the door is null in raw."""
    counts = "SELECT count(*), count(text), count(started_seconds) FROM staging.stg_gong__call_turns"
    assert query(counts) == [(7, 7, 7)]
    with duckdb.connect(str(staged.warehouse.home / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE raw.gong__call_transcripts SET sentences = NULL")
    assert query(counts) == [(7, 0, 7)]


def test_ids_of_the_crm_are_those_of_the_source_that_has_it(query: Query, staged: Staged) -> None:
    """Runs last: it builds the views anew, with a CRM and a telephone system as sources."""
    linked_calls = ("linked", "of a CRM of their own", "of HubSpot", "recorded by Aircall")
    call_names = {f"gong:{staged.ids[name]}": name for name in linked_calls}

    def found() -> dict[str, tuple[str | None, str | None]]:
        rows = query("SELECT call_id, opportunity_id, account_id FROM staging.stg_gong__calls")
        return {call_names[call]: (opportunity, account) for call, opportunity, account in rows if call in call_names}

    assert found() == {
        "linked": ("006A", "001A"),
        "of a CRM of their own": ("deal-7", None),
        "of HubSpot": ("77", "88"),
        "recorded by Aircall": (None, None),
    }
    staged.build("hubspot", "aircall", "gong")
    assert found() == {
        "linked": ("salesforce:006A", "salesforce:001A"),
        "of a CRM of their own": ("generic:deal-7", None),
        "of HubSpot": ("hubspot:77", "hubspot:88"),
    }, "Aircall counts its calls itself"
    left_out = query("SELECT call_id FROM staging.stg_gong__left_out_calls WHERE reason = 'of_another_source'")
    assert left_out == [("aircall:4711",)]
    said_in = query("SELECT DISTINCT call_id FROM staging.stg_gong__call_turns WHERE call_id LIKE 'aircall%'")
    assert said_in == [("aircall:4711",)]
