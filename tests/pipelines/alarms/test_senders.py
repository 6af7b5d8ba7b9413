"""Senders: what a webhook, a mail server and a command are told, and what is said where one of them fails."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.conditions import Alarm
from pipelines.alarms.senders import DeliveryError, Message, Notice, senders
from tests.pipelines.alarms.conftest import SECRET, WEBHOOK, Webhook
from tests.pipelines.small_warehouse import AS_OF

NOTICE = Notice("began", Alarm("stale_data", "calls", "calls are <old> & late.", AS_OF, "Ask."), AS_OF)


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
