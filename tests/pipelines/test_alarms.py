"""Alarms: each once when it begins and once when it ends, to real servers, and never lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult, LoginPassword
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from filelock import FileLock
from prometheus_client.parser import text_string_to_metric_families

from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.conditions import Alarm, judge
from pipelines.alarms.rounds import Round, tell
from pipelines.alarms.senders import DeliveryError, Message, Notice, senders
from pipelines.alarms.sensor import build_alarm_sensor
from pipelines.assets.names import REFRESH_JOB
from pipelines.cli import main
from pipelines.practice_settings import RANKED_KPIS
from pipelines.publication.publish import publish
from pipelines.publication.versions import rollback
from pipelines.reports.freshness import measure
from pipelines.reports.status import Run, collect
from pipelines.serving.metrics import metrics_text
from pipelines.settings import DBT_PROJECT_DIR, Settings, SettingsError
from tests.pipelines.small_warehouse import AS_OF, land, make_settings, make_warehouse, warehouse

SUCCESS = Run("5" * 36, "success", AS_OF - timedelta(hours=3), AS_OF - timedelta(hours=2))
FAILED = Run("f" * 36, "failure", AS_OF - timedelta(hours=1), AS_OF - timedelta(minutes=59))
FAILED_AGAIN = Run("e" * 36, "failure", AS_OF - timedelta(minutes=2), AS_OF - timedelta(minutes=1))
WEBHOOK = AlarmSettings(alarm_webhooks=["json"])
SECRET = "T0KEN-in-the-path"
NOTICE = Notice("began", Alarm("stale_data", "calls", "calls are <old> & late.", AS_OF, "Ask."), AS_OF)


# --- Servers


@dataclass
class Webhook:
    """A real HTTP server: what was posted to it, and the status that it answers with."""

    address: str = ""
    status: int = 200
    posted: list[dict[str, Any]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The event and the subject of each notice that was delivered as JSON."""
        return [(each["event"], each["subject"]) for body in self.posted for each in body["notices"]]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    found = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if found.status == 200:
                found.posted.append(body)
            self.send_response(found.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_port}/{SECRET}"
    for kind in ("SLACK", "TEAMS", "JSON"):
        monkeypatch.setenv(f"REPLINE_ALARM_{kind}_URL", found.address)
    yield found
    server.shutdown()
    server.server_close()


class Mailbox(MessageHandler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> EmailMessage:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        mail["X-RcptTo"] = ", ".join(envelope.rcpt_tos)
        return mail

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


def certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody has signed, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server of a test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + signed.public_bytes(serialization.Encoding.PEM)
    file = folder / "mail.pem"
    file.write_bytes(pem)
    return file


# --- The data home


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("published") / "home"
    settings = make_settings(home)
    make_warehouse(settings)
    land(settings, "calls", "2025-04-30 10:00:00")
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO raw.landing__calls (call_id, started_at) VALUES ('c1', '2025-04-30 10:00:00')")
    publish(settings, AS_OF, "inputs")
    return home


@pytest.fixture
def settings(published: Path, tmp_path: Path) -> Settings:
    """Calls two hours old, published as version 1; nothing is wrong."""
    shutil.copytree(published, tmp_path / "home", symlinks=True)
    return replace(make_settings(tmp_path / "home"), alarms=WEBHOOK)


def later(settings: Settings, hours: float) -> Settings:
    return replace(settings, as_of=AS_OF + timedelta(hours=hours))


def alarms_of(settings: Settings, *runs: Run) -> dict[str, Alarm]:
    status = collect(settings, runs)
    return {alarm.key: alarm for alarm in judge(settings, status, measure(settings, AS_OF), AS_OF).alarms}


def add_failed_check(settings: Settings, suite: str, table: str, expectation: str, severity: str) -> None:
    with warehouse(settings) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS quality.expectation_result (run_id VARCHAR, suite VARCHAR, table_name VARCHAR,"
            " expectation VARCHAR, severity VARCHAR, success BOOLEAN, observed VARCHAR, expected VARCHAR,"
            " meaning VARCHAR, checked_at TIMESTAMP)"
        )
        connection.execute(
            "INSERT INTO quality.expectation_result VALUES ('r', ?, ?, ?, ?, false, '0.2', 'at most 0.05',"
            " 'correct the export.', '2025-04-30 11:00:00')",
            [suite, table, expectation, severity],
        )


def publish_figures(settings: Settings, as_of: datetime = AS_OF, **months: Mapping[str, str]) -> None:
    """A version with these figures of the company, by month (`m2025_03`); each month names the same KPIs."""
    rows = [
        f"SELECT 'month' AS period_type, DATE '{name[1:5]}-{name[6:]}-01' AS period_start,"
        f" last_day(DATE '{name[1:5]}-{name[6:]}-01') AS period_end, "
        + ", ".join(f"{figure}::DECIMAL(18, 2) AS {kpi}" for kpi, figure in figures.items())
        for name, figures in months.items()
    ]
    with warehouse(settings) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE marts.kpi_company_scorecard AS {' UNION ALL '.join(rows)}")
    publish(settings, as_of, str(months))


def won(amount: str) -> dict[str, str]:
    return {"won_amount": amount}


# --- What is wrong


def test_nothing_is_wrong(settings: Settings) -> None:
    assert alarms_of(settings, SUCCESS, FAILED) == {}


def test_stale_data_and_stale_marts_since_the_moment_that_they_are(settings: Settings) -> None:
    found = alarms_of(later(settings, hours=71), SUCCESS)
    assert set(found) == {"stale_data:calls", "stale_marts:published"}
    assert found["stale_data:calls"].what == "calls: the newest event is 73.0 hours old; the limit is 72."
    assert found["stale_data:calls"].since == datetime(2025, 5, 3, 10, tzinfo=UTC)
    assert found["stale_marts:published"].since == AS_OF + timedelta(hours=26)


def test_a_refresh_has_failed_since_the_first_failure_after_a_success(settings: Settings) -> None:
    running = Run("a" * 36, "started", AS_OF, None)
    [found] = alarms_of(settings, running, FAILED_AGAIN, FAILED, SUCCESS).values()
    assert (found.key, found.since) == ("failed_refresh:refresh", FAILED.ended_at)
    assert "run eeeeeeee" in found.what
    assert alarms_of(settings, running, SUCCESS, FAILED) == {}


def test_a_gate_stops_for_errors_alone_and_quarantine_is_named(settings: Settings) -> None:
    add_failed_check(settings, "marts", "marts.fct_call", "implausible", "warning")
    assert alarms_of(settings, SUCCESS) == {}
    add_failed_check(settings, "landing", "raw.landing__calls", "quarantined_share", "error")
    found = alarms_of(settings, FAILED)
    assert set(found) == {"failed_refresh:refresh", "stopped_gate:landing", "quarantine:raw.landing__calls"}
    gate = found["stopped_gate:landing"]
    assert gate.what == (
        "The landing gate stopped the refresh: quarantined_share on raw.landing__calls is 0.2, expected at most 0.05."
    )
    assert (gate.advice, gate.since) == ("Correct the export. Then `repline refresh`.", FAILED.ended_at)


def test_figures_of_the_last_complete_month_jump_beyond_their_limit(settings: Settings) -> None:
    figures = {
        "won_amount": ("100", "125", False),
        "won_count": ("100", "126", True),
        "lost_amount": ("100", "80", False),
        "lost_count": ("100", "79", True),
        "created_amount": ("0", "0", False),
        "created_count": ("0", "1", True),
        "open_amount": ("-5", "5", True),
        "win_rate": ("NULL", "NULL", False),
        "attainment": ("0.5", "NULL", True),
    }
    limits = AlarmSettings(alarm_kpi_jumps=dict.fromkeys(figures, 1.25))
    settings = replace(settings, alarms=limits)
    running, old = dict.fromkeys(figures, "1"), dict.fromkeys(figures, "7")
    before = {kpi: each[0] for kpi, each in figures.items()}
    after = {kpi: each[1] for kpi, each in figures.items()}
    publish_figures(settings, m2025_02=old, m2025_03=before, m2025_04=running)
    assert alarms_of(settings) == {}
    # The month that is still running may grow as it likes.
    publish_figures(settings, m2025_02=old, m2025_03=after, m2025_04=dict.fromkeys(figures, "1000"))
    assert set(alarms_of(settings)) == {
        f"kpi_jump:{kpi} of version 3" for kpi, (_, _, has_jumped) in figures.items() if has_jumped
    }


def test_a_jump_says_what_jumped_and_ends_with_the_next_version(settings: Settings) -> None:
    settings = replace(settings, alarms=AlarmSettings(alarm_kpi_jumps={"won_amount": 1.25}))
    publish_figures(settings, m2025_03=won("1000"))
    publish_figures(settings, m2025_03=won("2500.5"))
    found = alarms_of(settings)["kpi_jump:won_amount of version 3"]
    assert found.what == (
        "won_amount of the company in 2025-03 went from 1,000.00 in version 2 to 2,500.50 in version 3; "
        "a ratio of 1.25 is the limit."
    )
    rollback(settings)
    assert alarms_of(settings) == {}
    publish_figures(settings, m2025_03=won("2500.5"), m2025_02=won("1"))
    assert alarms_of(settings) == {}


def test_a_month_that_ended_between_two_versions_is_no_jump(settings: Settings) -> None:
    settings = replace(settings, alarms=AlarmSettings(alarm_kpi_jumps={"won_amount": 1.25}))
    publish_figures(settings, AS_OF, m2025_03=won("100"), m2025_04=won("1"))
    publish_figures(settings, AS_OF + timedelta(days=1), m2025_03=won("100"), m2025_04=won("500"))
    assert alarms_of(settings) == {}


# --- Once when it begins, once when it ends


def test_each_alarm_is_told_once_when_it_begins_and_once_when_it_ends(settings: Settings, webhook: Webhook) -> None:
    assert tell(settings, [SUCCESS]) == Round()
    for _ in range(2):
        tell(settings, [FAILED, SUCCESS])
    assert webhook.told == [("began", "refresh")]
    for _ in range(2):
        tell(later(settings, hours=71), [FAILED_AGAIN, FAILED, SUCCESS])
    assert webhook.told[1:] == [("began", "calls"), ("began", "published")]
    for _ in range(2):
        tell(settings, [SUCCESS])
    assert sorted(webhook.told[3:]) == [("ended", "calls"), ("ended", "published"), ("ended", "refresh")]
    assert len(webhook.posted) == 3
    [ended] = [each for each in webhook.posted[2]["notices"] if each["subject"] == "refresh"]
    assert ended["since"] == "2025-04-30T11:01:00+00:00"


def test_a_delivery_that_fails_is_tried_again_and_loses_nothing(settings: Settings, webhook: Webhook) -> None:
    webhook.status = 500
    done = tell(settings, [FAILED])
    assert (done.sent, list(done.failed)) == ({}, ["json"])
    # Over before anybody was told: both are told.
    assert tell(settings, [SUCCESS]).on == []
    webhook.status = 200
    tell(settings, [SUCCESS])
    tell(settings, [SUCCESS])
    assert webhook.told == [("began", "refresh"), ("ended", "refresh")]


def test_one_receiver_does_not_wait_for_another_and_a_new_one_hears_what_is_on(
    settings: Settings, webhook: Webhook, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    both = AlarmSettings(alarm_webhooks=["json"], alarm_command=["sh", "-c", 'cat >> "$0"', str(said)])
    webhook.status = 503
    tell(settings, [FAILED])
    done = tell(replace(settings, alarms=both), [FAILED])
    assert (list(done.sent), list(done.failed)) == (["command"], ["json"])
    assert said.read_text(encoding="utf-8").startswith("Repline: failed refresh began (refresh)\n\nBEGAN The refresh")


def test_what_cannot_be_known_now_neither_begins_nor_ends(settings: Settings, webhook: Webhook) -> None:
    add_failed_check(settings, "landing", "raw.landing__calls", "quarantined_share", "error")
    late = later(settings, hours=71)
    tell(late, [FAILED])
    assert len(webhook.told) == 5
    with FileLock(settings.refresh_lock):
        assert len(tell(late, [FAILED]).on) == 5
        fresh = later(settings, hours=0)
        assert {alarm.kind for alarm in tell(fresh, [SUCCESS]).on} == {"stale_data", "stopped_gate", "quarantine"}
    assert sorted(webhook.told[5:]) == [("ended", "published"), ("ended", "refresh")]


def test_a_state_that_cannot_be_read_tells_again(settings: Settings, webhook: Webhook) -> None:
    tell(settings, [FAILED])
    (settings.home / "alarms" / "state.json").write_text('{"on": {"x"', encoding="utf-8")
    tell(settings, [FAILED])
    assert webhook.told == [("began", "refresh")] * 2


def test_a_damaged_version_is_an_alarm_and_no_error(settings: Settings, webhook: Webhook) -> None:
    (settings.published / "current" / "parquet" / "publication.parquet").write_bytes(b"")
    tell(settings, [FAILED])
    assert webhook.told == [("began", "published"), ("began", "refresh")]


def test_of_two_processes_at_once_one_tells(settings: Settings, tmp_path: Path) -> None:
    said = tmp_path / "said"
    command = ["sh", "-c", 'sleep 1; cat >> "$0"', str(said)]
    environment = {
        **os.environ,
        "REPLINE_HOME": str(settings.home),
        "REPLINE_AS_OF": "2025-05-02T00:00:00Z",
        "REPLINE_VARS": json.dumps({"alarm_command": command}),
    }
    program = [sys.executable, "-c", "from pipelines.cli import main; main()", "alert"]
    processes = [
        subprocess.Popen(program, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    printed = sorted(process.communicate(timeout=120)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert printed[0].splitlines() == [
        "On since 2025-05-01 14:00 UTC: The published marts are 36.0 hours old; the limit is 26."
    ]
    assert printed[1].startswith("Told command: began The published marts are 36.0 hours old")
    assert said.read_text(encoding="utf-8").count("BEGAN") == 1


def test_the_sensor_tells_while_dagster_runs(
    settings: Settings, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.op
    def fail() -> None:
        raise dg.Failure("no")

    @dg.job(name=REFRESH_JOB)
    def refresh() -> None:
        fail()

    with dg.DagsterInstance.ephemeral() as instance:
        refresh.execute_in_process(instance=instance, raise_on_error=False)

        def look(of: Settings) -> str:
            result = build_alarm_sensor(of)(dg.build_sensor_context(instance=instance))
            assert isinstance(result, dg.SkipReason)
            return result.skip_message or ""

        assert look(replace(settings, alarms=AlarmSettings())).startswith("Nobody is to be told")
        webhook.status = 500
        assert "Could not tell json" in look(settings)
        webhook.status = 200
        assert "Told json: began The refresh failed" in look(settings)
        assert "Told" not in look(settings)
    assert webhook.told == [("began", "refresh")]


# --- The ways


def send(alarms: AlarmSettings, *notices: Notice) -> None:
    for sender in senders(alarms).values():
        sender(Message(notices))


def test_slack_gets_text_without_markup_of_its_own(webhook: Webhook) -> None:
    send(AlarmSettings(alarm_webhooks=["slack"]), NOTICE)
    assert webhook.posted == [
        {
            "text": "*Repline: stale data began (calls)*\nBEGAN calls are &lt;old&gt; &amp; late.\n"
            "Since 2025-04-30 12:00 UTC.\nTo do: Ask."
        }
    ]


def test_teams_gets_a_card(webhook: Webhook) -> None:
    send(AlarmSettings(alarm_webhooks=["teams"]), NOTICE, replace(NOTICE, event="ended"))
    [attachment] = webhook.posted[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    title, began, ended = (block["text"] for block in attachment["content"]["body"])
    assert title == "Repline: 1 began, 1 ended"
    assert began.startswith("BEGAN calls")
    assert ended.endswith("\n\nSince 2025-04-30 12:00 UTC, until 2025-04-30 12:00 UTC.")


def test_json_gets_every_part(webhook: Webhook) -> None:
    send(WEBHOOK, NOTICE)
    assert webhook.posted[0]["notices"] == [
        {
            "event": "began",
            "kind": "stale_data",
            "subject": "calls",
            "what": "calls are <old> & late.",
            "advice": "Ask.",
            "since": "2025-04-30T12:00:00+00:00",
            "at": "2025-04-30T12:00:00+00:00",
        }
    ]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_a_failure_without_the_address(webhook: Webhook, status: int) -> None:
    webhook.status = status
    with pytest.raises(DeliveryError, match=f"REPLINE_ALARM_JSON_URL answers with HTTP {status}") as raised:
        send(WEBHOOK, NOTICE)
    assert SECRET not in str(raised.value)


def test_an_address_that_is_not_reached_or_not_set_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLINE_ALARM_JSON_URL", f"http://127.0.0.1:1/{SECRET}")
    with pytest.raises(DeliveryError, match="is not reached") as raised:
        send(WEBHOOK, NOTICE)
    assert SECRET not in str(raised.value)
    monkeypatch.setenv("REPLINE_ALARM_JSON_URL", SECRET)
    with pytest.raises(DeliveryError, match="REPLINE_ALARM_JSON_URL is not set") as raised:
        send(WEBHOOK, NOTICE)
    assert SECRET not in str(raised.value)


@pytest.fixture
def mail_server(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Mailbox, str]]]:
    started = []

    def start(**options: Any) -> tuple[Mailbox, str]:
        mailbox = Mailbox()
        # The server looks whether it is there at the port that it was given, so the system cannot choose one.
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        started.append(controller)
        return mailbox, f"127.0.0.1:{port}"

    yield start
    for controller in started:
        controller.stop()


def test_a_mail_by_a_server_of_this_machine(mail_server: Callable[..., tuple[Mailbox, str]]) -> None:
    mailbox, server = mail_server()
    to = ["on-call@example.com", "ops@example.com"]
    send(AlarmSettings(alarm_mail_to=to, smtp_server=server, smtp_security="none"), NOTICE)
    [mail] = mailbox.mails
    assert mail["Subject"] == "Repline: stale data began (calls)"
    assert (mail["From"], mail["X-RcptTo"]) == ("on-call@example.com", ", ".join(to))
    assert mail.get_content().splitlines() == NOTICE.text.splitlines()


def test_a_mail_over_tls_with_a_password_from_the_environment(
    mail_server: Callable[..., tuple[Mailbox, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=given.login == b"repline" and given.password == SECRET.encode(), handled=False)

    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    mailbox, server = mail_server(tls_context=context, require_starttls=True, authenticator=check, auth_required=True)
    alarms = AlarmSettings(alarm_mail_to=["on-call@example.com"], smtp_server=server)
    with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        send(alarms, NOTICE)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with pytest.raises(DeliveryError, match="refuses with code 530"):
        send(alarms, NOTICE)
    monkeypatch.setenv("REPLINE_SMTP_USER", "repline")
    monkeypatch.setenv("REPLINE_SMTP_PASSWORD", "wrong")
    with pytest.raises(DeliveryError, match="refuses with code 535") as raised:
        send(alarms, NOTICE)
    assert "wrong" not in str(raised.value)
    monkeypatch.setenv("REPLINE_SMTP_PASSWORD", SECRET)
    send(alarms, NOTICE)
    assert len(mailbox.mails) == 1


def test_a_server_without_tls_gets_no_mail_that_is_to_be_kept_secret(
    mail_server: Callable[..., tuple[Mailbox, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox, server = mail_server()
    with pytest.raises(DeliveryError, match="STARTTLS extension not supported"):
        send(AlarmSettings(alarm_mail_to=["a@example.com"], smtp_server=server), NOTICE)
    monkeypatch.setenv("REPLINE_SMTP_USER", "repline")
    away = AlarmSettings(alarm_mail_to=["a@example.com"], smtp_server="mail.example.com:25", smtp_security="none")
    with pytest.raises(DeliveryError, match=r"set smtp_security to starttls or tls"):
        send(away, NOTICE)
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("command", "message"),
    [(["false"], "false ended with exit code 1"), (["no-such-program"], "no-such-program cannot be started")],
)
def test_a_command_that_fails(command: list[str], message: str) -> None:
    with pytest.raises(DeliveryError, match=message):
        send(AlarmSettings(alarm_command=command), NOTICE)


# --- The command and its settings


def test_the_command_tries_the_receivers_out(tmp_path: Path, webhook: Webhook) -> None:
    environment = {"REPLINE_HOME": str(tmp_path / "home"), "REPLINE_VARS": '{"alarm_webhooks": ["json"]}'}
    tried = CliRunner().invoke(main, ["alert", "--test"], env=environment, catch_exceptions=False)
    assert (tried.exit_code, webhook.told) == (0, [("began", "repline")])
    assert tried.stdout.startswith("Told json: began This is a test")
    webhook.status = 404
    refused = CliRunner().invoke(main, ["alert"], env=environment, catch_exceptions=False)
    assert refused.exit_code == 1
    assert "Could not tell json: the address in REPLINE_ALARM_JSON_URL answers with HTTP 404." in refused.stdout


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"alarm_webhooks": ["slak"]}, "alarm_webhooks names 'slak'; did you mean 'slack'"),
        ({"alarm_webhooks": ["https://example.com/x"]}, "alarm_webhooks names"),
        ({"alarm_mail_to": ["nobody"]}, "alarm_mail_to has 'nobody', not an e-mail address"),
        ({"alarm_mail_to": ["a@b.example\nBcc: c@d.example"]}, "not an e-mail address"),
        ({"alarm_mail_from": "x"}, "alarm_mail_from has 'x', not an e-mail address"),
        ({"alarm_command": "logger -t x"}, r"alarm_command is 'logger -t x'; write a list such as \["),
        ({"alarm_kpi_jumps": {"won_amount": 1}}, "alarm_kpi_jumps has 1 for won_amount; write a ratio above 1"),
        ({"alarm_kpi_jumps": {"won": 2}}, "alarm_kpi_jumps names 'won'"),
        ({"smtp_server": "a b"}, "smtp_server is 'a b'; write a host"),
        ({"smtp_security": "ssl"}, "smtp_security names 'ssl'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({"REPLINE_VARS": json.dumps(setting)})


def test_alarms_change_nothing_of_what_is_computed() -> None:
    given = json.dumps({"alarm_webhooks": ["slack"], "alarm_kpi_jumps": {"won_amount": 2, "win_rate": None}})
    settings = Settings.from_environment({"REPLINE_VARS": given})
    assert settings.alarms.alarm_kpi_jumps == {"won_amount": 2, "created_amount": 1.25}
    assert settings.dbt_vars(AS_OF) == Settings.from_environment({}).dbt_vars(AS_OF)


# --- Metrics


def metrics(settings: Settings) -> dict[tuple[str, ...], float]:
    """The values by the metric's name and the values of its labels."""
    text = metrics_text(settings).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_what_status_and_freshness_say(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    land(settings, "opportunities", "2025-04-30 10:00:00", bad=(("amount", "negative"), ("amount", "negative")))
    add_failed_check(settings, "landing", "raw.landing__calls", "volume_ratio", "warning")
    monkeypatch.setattr("pipelines.serving.metrics.last_runs", lambda _: [FAILED, SUCCESS])
    found = metrics(settings)
    assert SUCCESS.ended_at is not None
    assert {
        ("repline_dataset_age_seconds", "calls"): 7200.0,
        ("repline_dataset_age_limit_seconds", "calls"): 72 * 3600.0,
        ("repline_refresh_failed",): 1.0,
        ("repline_refresh_duration_seconds",): 60.0,
        ("repline_refresh_last_success_timestamp_seconds",): SUCCESS.ended_at.timestamp(),
        ("repline_published_version",): 1.0,
        ("repline_published_as_of_timestamp_seconds",): AS_OF.timestamp(),
        ("repline_published_rows", "fct_call"): 3.0,
        ("repline_warehouse_readable",): 1.0,
        ("repline_quarantined_rows", "opportunities"): 2.0,
        ("repline_failed_checks", "landing", "warning"): 1.0,
        ("repline_failed_checks", "landing", "error"): 0.0,
        ("repline_alarm", "failed_refresh", "refresh"): 1.0,
    }.items() <= found.items()
    with FileLock(settings.refresh_lock):
        names = {name for name, *_ in metrics(settings)}
    assert names >= {"repline_warehouse_readable", "repline_published_version"}
    assert not names & {"repline_quarantined_rows", "repline_failed_checks"}


def test_metrics_of_an_empty_home(tmp_path: Path) -> None:
    found = metrics(make_settings(tmp_path))
    assert found["repline_alarm", "stale_marts", "published"] == 1
    assert ("repline_published_version",) not in found


def test_the_page_names_the_metrics_that_there_are(settings: Settings) -> None:
    page = (DBT_PROJECT_DIR.parent / "docs" / "alarms.md").read_text(encoding="utf-8")
    there_are = {family.name for family in text_string_to_metric_families(metrics_text(settings).decode())}
    assert set(re.findall(r"\brepline_\w+", page)) == there_are
    rules = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert Settings.from_environment({"REPLINE_VARS": json.dumps(rules[0])}).alarms.alarm_webhooks == ["slack"]
    assert [rule["alert"] for rule in rules[2]["groups"][0]["rules"]] == ["ReplineAlarm", "ReplineGone", "ReplineSlow"]


def test_every_kpi_that_may_jump_is_a_figure_of_the_company() -> None:
    [file] = (DBT_PROJECT_DIR / "models" / "marts").rglob("kpi_company_scorecard.yml")
    [model] = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    assert set(RANKED_KPIS) <= {column["name"] for column in model["columns"]}
