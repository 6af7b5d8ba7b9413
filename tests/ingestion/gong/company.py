"""The synthetic company twice: with its calls in landing files, and with its calls in a Gong account.

Belongs here: making both say the same. Does not belong here: what comes out of them.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingestion.demo import generate
from tests.ingestion.gong.account import Account, linked, monologue, said

DAY = timedelta(days=1)

# A web conference and two calls among colleagues.
LEFT_OUT = 3

# How a dialler or a rep says it. Gong keeps recordings: without a word, somebody answered.
WORDS = {
    "connected": None,
    "voicemail": "Left voicemail",
    "no_answer": "No answer",
    "busy": "Busy",
    "failed": "Call failed",
}
# Calls that Gong does not tell apart from those that nobody answered.
CALLS = """
    SELECT * REPLACE (
        call_names(call_id) AS call_id,
        if(disposition = 'other', 'no_answer', disposition) AS disposition,
        NULL::TIMESTAMP AS updated_at
    )
    FROM demo_calls WHERE NOT is_deleted
"""
USER_COLUMNS = "user_id, full_name, email, is_deleted"


def write_company(folder: Path, calls: int) -> Account:
    """Write the landing folders `complete` and `beside`, the same without calls and trackers; return the account.

    `complete` has the calls, what was said in them and how they were scored, under the ids that Gong's have.
    """
    complete, beside = folder / "complete", folder / "beside"
    generate(complete, calls=calls)
    # What the demo company's own recording says is not in Gong.
    for own in ("call_turns", "call_scores"):
        shutil.rmtree(complete / own)
    shutil.copytree(complete, beside, ignore=shutil.ignore_patterns("calls", "trackers.csv"))
    account = Account()
    with duckdb.connect() as connection:
        trackers = f"SELECT tracker, list(phrase ORDER BY phrase) FROM '{complete}/trackers.csv' GROUP BY 1 ORDER BY 1"
        for tracker, phrases in connection.execute(trackers).fetchall():
            account.add_tracker(tracker, mul=phrases)
        connection.execute(f"CREATE VIEW demo_calls AS FROM '{complete}/calls/*.parquet'")
        connection.execute(f"CREATE VIEW demo_users AS FROM '{complete}/users.csv'")
        users = _add_users(account, connection)
        call_ids = _add_calls(account, connection, users)
        connection.create_function("call_names", lambda name: f"gong:{call_ids[name]}", ["VARCHAR"], "VARCHAR")
        connection.execute(f"CREATE TABLE calls AS {CALLS}")
        shutil.rmtree(complete / "calls")
        connection.execute(f"COPY calls TO '{complete}/calls.parquet'")
    recorded = list(call_ids.values())[:40]
    reps = list(users.values())
    conference = account.add_call(reps[0], _newest(account), direction="Conference")
    turns = [row for number, call_id in enumerate([*recorded, conference]) for row in _speak(account, call_id, number)]
    _write(complete / "call_turns.csv", "call_id,turn,speaker,started_seconds,ended_seconds,text", turns)
    _write(
        complete / "call_scores.csv",
        "call_id,reviewer_id,criterion,score,max_score,scored_at,updated_at",
        _review(account, [*recorded[:20], conference], reps[1]),
    )
    _among_colleagues(account, reps)
    return account


def _add_users(account: Account, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Gong's ids by those of the landing files. Gong writes addresses as people typed them."""
    found = connection.execute(f"SELECT {USER_COLUMNS} FROM demo_users ORDER BY user_id").fetchall()
    return {
        user_id: account.add_user(email.title(), *full_name.split(" ", 1), active=not is_deleted)
        for user_id, full_name, email, is_deleted in found
    }


def _add_calls(account: Account, connection: duckdb.DuckDBPyConnection, users: dict[str, str]) -> dict[str, str]:
    cursor = connection.execute("SELECT * FROM demo_calls ORDER BY started_at, call_id")
    names = [column[0] for column in cursor.description or ()]
    calls = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {call["call_id"]: _add_call(account, call, users) for call in calls}


def _add_call(account: Account, call: dict[str, Any], users: dict[str, str]) -> str:
    """The call, linked to the records of a CRM that Gong knows only by its own upload."""
    disposition = "no_answer" if call["disposition"] == "other" else call["disposition"]
    objects = {"Opportunity": call["opportunity_id"], "Account": call["account_id"]}
    lead = linked("Generic", Lead=call["lead_id"]) if call["lead_id"] else []
    return account.add_call(
        users[call["user_id"]],
        call["started_at"].replace(tzinfo=UTC),
        call["duration_seconds"],
        call["direction"].title(),
        context=linked("Generic", **{name: found for name, found in objects.items() if found}),
        lead=lead,
        sdrDisposition=WORDS[disposition],
    )


def _speak(account: Account, call_id: str, number: int) -> list[list[object]]:
    """Give a call a transcript, and return it as turns."""
    second = number % 7
    account.transcripts[call_id] = [
        monologue("rep", said(second, second + 1.25, "Good morning."), said(second + 1.5, second + 3, "Is it loud?")),
        monologue("rep", said(second + 3, second + 4, "I am calling about your order."), topic="Order"),
        monologue("customer", said(second + 4.5, second + 9.125, "Which of them, please?")),
    ]
    opening = "Good morning. Is it loud? I am calling about your order."
    return [
        [f"gong:{call_id}", 1, "rep", second, second + 4, opening],
        [f"gong:{call_id}", 2, "customer", second + 4.5, second + 9.125, "Which of them, please?"],
    ]


def _review(account: Account, call_ids: list[str], reviewer: str) -> list[list[object]]:
    """Score calls by two questions of different scales, and return the scores."""
    questions = [account.question("Did the rep listen?"), account.question("Was the next step agreed?", scale=(0, 10))]
    scorecard = account.add_scorecard("Discovery", *questions)
    rows: list[list[object]] = []
    for number, call_id in enumerate(call_ids):
        reviewed_at = account.filter_time(call_id) + DAY
        answers = list(zip(questions, [1 + number % 5, number % 11], strict=True))
        account.review(call_id, reviewer, scorecard, answers, reviewed_at)
        for question, score in answers:
            key: list[object] = [f"gong:{call_id}", f"gong:{reviewer}", question["questionText"]]
            rows.append([*key, score, question["maxRange"], reviewed_at.isoformat(), reviewed_at.isoformat()])
    return rows


def _among_colleagues(account: Account, reps: list[str]) -> None:
    """Calls that are in no file, because no customer takes part."""
    started = _newest(account)
    hidden = [
        account.add_call(reps[0], started, scope="Internal"),
        account.add_call(reps[1], started, scope="Unknown", parties=[account.rep(each, each) for each in reps[:3]]),
    ]
    for call_id in hidden:
        account.transcripts[call_id] = [monologue("rep", said(0, 1, "Between us."))]


def _newest(account: Account) -> datetime:
    return max(account.filter_time(call_id) for call_id in account.calls)


def _write(path: Path, header: str, rows: list[list[object]]) -> None:
    lines = [",".join(f'"{value}"' if isinstance(value, str) else str(value) for value in row) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
