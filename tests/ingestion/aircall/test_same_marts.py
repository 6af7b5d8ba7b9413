"""The whole way: a CRM in landing files beside two telephone systems gives the marts of the same company's files.

The calls of the synthetic company are made half by Aircall and half by Twilio; the same calls, with what these systems
can say of them, lie as landing files beside the CRM of a second company.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.demo import DEFAULT_UNTIL, generate
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.aircall import records as aircall
from tests.ingestion.aircall.server import API_TOKEN, AircallServer
from tests.ingestion.twilio import records as twilio
from tests.ingestion.twilio.server import AUTH_TOKEN, TwilioServer

pytestmark = pytest.mark.slow

# What each system can say became of a call; a call that nobody answered has no talk.
AIRCALL_SAYS = {"outbound": {"connected", "no_answer"}, "inbound": {"connected", "no_answer", "voicemail"}}
TWILIO_STATUS = {"connected": "completed", "no_answer": "no-answer", "busy": "busy", "failed": "failed"}
TWILIO_ANSWERED_BY = {"voicemail": "machine_start", "other": "fax"}
TRANSFERRED_EVERY = 7


@dataclass
class WithSecrets(Company):
    """A company whose sources take their secrets from the environment."""

    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.secrets}


@dataclass(frozen=True)
class Rep:
    user_id: str
    number: int
    name: str
    email: str

    @property
    def in_aircall(self) -> aircall.Record:
        # Systems write one address in capitals and small letters.
        return aircall.user(self.number, self.name, self.email.title())

    @property
    def client(self) -> str:
        return f"client:desk-{self.number}"


@dataclass
class TwoSystems:
    """The telephone systems, and the same calls as rows of a landing file."""

    aircall: AircallServer
    twilio: TwilioServer
    landed: list[dict[str, Any]] = field(default_factory=list)

    def ring(self, number: int, rep: Rep, colleague: Rep, call: dict[str, Any]) -> None:
        add = self.in_aircall if number % 2 else self.in_twilio
        first = colleague if number % TRANSFERRED_EVERY == 0 and call["disposition"] == "connected" else None
        call_id, disposition = add(number, rep, first, call)
        talk = int(call["duration_seconds"] or 0) if disposition == "connected" else 0
        self.landed.append(
            {
                "call_id": call_id,
                "user_id": rep.user_id,
                "started_at": call["started_at"].isoformat() + "Z",
                "duration_seconds": talk,
                "direction": call["direction"],
                "disposition": disposition,
            }
        )

    def in_aircall(self, number: int, rep: Rep, first: Rep | None, call: dict[str, Any]) -> tuple[str, str]:
        disposition = call["disposition"]
        if disposition not in AIRCALL_SAYS[call["direction"]]:
            disposition = "no_answer"
        self.aircall.calls.append(
            aircall.call(
                number,
                int(call["started_at"].replace(tzinfo=UTC).timestamp()),
                (first or rep).in_aircall,
                direction=call["direction"],
                talk_seconds=int(call["duration_seconds"] or 0) if disposition == "connected" else None,
                raw_digits=f"+1 800 {number:07}",
                voicemail="https://signed.example.com/1" if disposition == "voicemail" else None,
                transferred_by=first and first.in_aircall,
                transferred_to=rep.in_aircall if first else None,
            )
        )
        return f"aircall:{number}", disposition

    def in_twilio(self, number: int, rep: Rep, first: Rep | None, call: dict[str, Any]) -> tuple[str, str]:
        root, start, disposition = number * 10, call["started_at"].replace(tzinfo=UTC), call["disposition"]
        if call["direction"] == "inbound" and disposition == "other":
            disposition = "no_answer"
        seconds = int(call["duration_seconds"] or 0) if disposition == "connected" else None
        status = TWILIO_STATUS.get(disposition, "completed")
        answer: dict[str, Any] = {"status": status, "answered_by": TWILIO_ANSWERED_BY.get(disposition)}
        dialled: dict[str, Any] = {"direction": "outbound-dial", "parent": root}
        customer = f"+1800{number:07}"
        if call["direction"] == "outbound":
            legs = [
                twilio.leg(root, start, 900, from_=(first or rep).client, to=customer),
                twilio.leg(root + 1, start, seconds, to=customer, **dialled, **answer),
            ]
            if first:
                later = start + timedelta(seconds=5)
                legs.append(twilio.leg(root + 2, later, 40, to=rep.client, direction="outbound-dial", parent=root + 1))
        else:
            legs = [twilio.leg(root, start, 900, from_=customer)]
            if first:
                legs.append(twilio.leg(root + 1, start, 0, to=first.client, **dialled))
            later = start + timedelta(seconds=5)
            legs.append(twilio.leg(root + 2, later, seconds, to=rep.client, **dialled, **answer))
        self.twilio.calls += legs
        return f"twilio:{twilio.sid(root)}", disposition

    def add_what_is_left_out(self, reps: list[Rep]) -> int:
        """Calls that are in no company's figures; how many."""
        moment = datetime(2025, 6, 2, 9, tzinfo=UTC)
        second = int(moment.timestamp())
        ann, bob, *_ = reps
        self.aircall.calls += [
            aircall.call(900_001, second, None, direction="inbound", talk_seconds=None),
            aircall.call(900_002, second, ann.in_aircall, raw_digits=aircall.MAIN_LINE),
        ]
        self.twilio.calls += [
            twilio.leg(900_001, moment, 30, from_=twilio.CUSTOMER),
            twilio.leg(900_002, moment, 30, from_=ann.client, to=bob.client),
        ]
        return 4


def demo_rows(folder: Path, entity: str) -> list[dict[str, Any]]:
    files = folder / entity if (folder / entity).is_dir() else folder
    read = f"read_parquet('{files}/*.parquet')" if files != folder else f"read_csv('{folder}/{entity}.csv')"
    with duckdb.connect() as connection:
        cursor = connection.execute(f"FROM {read} ORDER BY ALL")
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write_agents(file: Path, reps: list[Rep]) -> None:
    with file.open("w", newline="") as handle:
        csv.writer(handle).writerows([["endpoint", "email"], *([rep.client, rep.email] for rep in reps)])


def test_same_marts_from_two_phone_systems_as_from_files(
    tmp_path: Path, demo_statements: Sequence[Sequence[str]]
) -> None:
    as_of = DEFAULT_UNTIL.isoformat()
    generate(tmp_path / "demo", calls=400)
    shutil.copytree(tmp_path / "demo", tmp_path / "crm", ignore=shutil.ignore_patterns("calls*"))
    shutil.copytree(tmp_path / "crm", tmp_path / "all")
    users = demo_rows(tmp_path / "demo", "users")
    reps = [Rep(row["user_id"], 100 + n, row["full_name"], row["email"]) for n, row in enumerate(users)]
    by_id = {rep.user_id: rep for rep in reps}
    write_agents(tmp_path / "agents.csv", reps)

    with AircallServer(users=[rep.in_aircall for rep in reps]) as aircall_server, TwilioServer() as twilio_server:
        systems = TwoSystems(aircall_server, twilio_server)
        for number, call in enumerate(demo_rows(tmp_path / "demo", "calls"), 1):
            if call["user_id"] in by_id and call["disposition"]:
                call["started_at"] = call["started_at"].replace(microsecond=0, tzinfo=None)
                systems.ring(number, by_id[call["user_id"]], reps[number % len(reps)], call)
        assert len(systems.landed) > 350
        with (tmp_path / "all" / "calls.csv").open("w", newline="") as handle:
            writer = csv.DictWriter(handle, list(systems.landed[0]))
            writer.writeheader()
            writer.writerows(systems.landed)
        left_out = systems.add_what_is_left_out(reps)

        secrets = aircall_server.settings | twilio_server.settings
        secrets |= {
            "SOURCES__TWILIO__AGENTS": str(tmp_path / "agents.csv"),
            "SOURCES__TWILIO__START_DATE": "2023-12-01",
        }
        variables = {"sources": ["landing", "aircall", "twilio"]}
        from_apis = WithSecrets(tmp_path / "crm", tmp_path / "apis_home", as_of, variables, secrets)
        from_apis.refresh()
        marts = from_apis.marts(tmp_path / "marts")
        from_apis.refresh()
        assert from_apis.version() == 1, "a second refresh brought nothing new and published nothing"

    from_files = Unpublished(tmp_path / "all", tmp_path / "files_home", statements=demo_statements)
    from_files.refresh()
    expected = from_files.marts(tmp_path / "expected")
    assert marts.keys() == expected.keys()
    # The one says in its warnings what it left out; else they, too, are the same.
    found = "SELECT * FROM marts.data_quality_warnings WHERE row_count > 0 AND rule <> 'call_left_out' ORDER BY ALL"
    assert from_apis.query(found) == from_files.query(found)
    assert from_apis.query("SELECT row_count FROM marts.data_quality_warnings WHERE rule = 'call_left_out'") == [
        (left_out,)
    ]
    del marts["data_quality_warnings"], expected["data_quality_warnings"]
    assert [name for name in expected if marts[name] != expected[name]] == []
    dispositions = "SELECT count(DISTINCT disposition) > 5 FROM marts.fct_call"
    assert from_apis.query(dispositions) == [(True,)]
    written = [path.read_bytes() for path in from_apis.home.rglob("*") if path.is_file()]
    for secret in (API_TOKEN, AUTH_TOKEN):
        assert not any(secret.encode() in content for content in written)
