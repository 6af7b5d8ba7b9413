"""The ways by which alarms reach people: webhooks of Slack and Teams, plain JSON, mail, and a command.

Belongs here: the form of a message for each way, and handing it over. Does not belong here: when there is something to
tell (`pipelines.alarms.rounds`).

Secrets come from the environment alone (`REPLINE_ALARM_<KIND>_URL`, `REPLINE_SMTP_USER`, `REPLINE_SMTP_PASSWORD`), and
no error repeats one: the address of a webhook is a secret too.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from ingestion.text import first_line
from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.conditions import Alarm
from pipelines.reports.tables import moment_text

NOBODY = "Nobody is to be told: repline.yml sets no alarm_webhooks, alarm_mail_to or alarm_command."
# Dagster gives a look of a sensor a minute.
_TIMEOUT_SECONDS = 10
_COMMAND_SECONDS = 20
_DEFAULT_SMTP_PORT = 25
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class DeliveryError(RuntimeError):
    """A message could not be handed over; the text is a clause that says why, without a secret."""


@dataclass(frozen=True)
class Notice:
    """That an alarm began or ended, at the moment `at` (aware)."""

    event: Literal["began", "ended"]
    alarm: Alarm
    at: datetime

    @property
    def text(self) -> str:
        since = f"Since {moment_text(self.alarm.since)} UTC"
        if self.event == "began":
            return f"BEGAN {self.alarm.what}\n{since}.\nTo do: {self.alarm.advice}"
        return f"ENDED {self.alarm.what}\n{since}, until {moment_text(self.at)} UTC."


@dataclass(frozen=True)
class Message:
    """Notices that one receiver gets together."""

    notices: Sequence[Notice]

    @property
    def title(self) -> str:
        if len(self.notices) == 1:
            [notice] = self.notices
            return f"Repline: {notice.alarm.kind.replace('_', ' ')} {notice.event} ({notice.alarm.subject})"
        counts = [(sum(each.event == event for each in self.notices), event) for event in ("began", "ended")]
        return f"Repline: {', '.join(f'{count} {event}' for count, event in counts if count)}"

    @property
    def text(self) -> str:
        return "\n\n".join(notice.text for notice in self.notices)


Sender = Callable[[Message], None]


def senders(settings: AlarmSettings, environ: Mapping[str, str] = os.environ) -> dict[str, Sender]:
    """Each receiver that is set, by name. A sender raises DeliveryError, also where its secret is not set."""
    found: dict[str, Sender] = {}
    for kind in settings.alarm_webhooks:
        found[kind] = partial(_post, kind, environ)
    if settings.alarm_mail_to:
        found["mail"] = partial(_mail, settings, environ)
    if settings.alarm_command:
        found["command"] = partial(_run, settings.alarm_command)
    return found


def _post(kind: str, environ: Mapping[str, str], message: Message) -> None:
    variable = f"REPLINE_ALARM_{kind.upper()}_URL"
    address = environ.get(variable, "")
    if urlsplit(address).scheme not in ("http", "https"):
        raise DeliveryError(f"{variable} is not set to an address that begins with https://")
    try:
        # A redirect would take the text to somewhere else.
        answer = requests.post(address, json=_BODIES[kind](message), timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # Its text has the address in it.
        raise DeliveryError(f"the address in {variable} is not reached ({type(error).__name__})") from None
    if not 200 <= answer.status_code < 300:
        raise DeliveryError(f"the address in {variable} answers with HTTP {answer.status_code}")


def _slack(message: Message) -> dict[str, Any]:
    text = f"*{message.title}*\n{message.text}"
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return {"text": text}


def _teams(message: Message) -> dict[str, Any]:
    """An adaptive card, which workflows of Teams take."""
    title = {"type": "TextBlock", "text": message.title, "weight": "Bolder", "wrap": True}
    # Teams takes a single line end for a space.
    blocks = [
        {"type": "TextBlock", "text": each.text.replace("\n", "\n\n"), "wrap": True, "separator": True}
        for each in message.notices
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, *blocks],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _json(message: Message) -> dict[str, Any]:
    return {
        "title": message.title,
        "notices": [
            {
                **asdict(each.alarm),
                "event": each.event,
                "since": each.alarm.since.isoformat(),
                "at": each.at.isoformat(),
            }
            for each in message.notices
        ],
    }


_BODIES: dict[str, Callable[[Message], dict[str, Any]]] = {"slack": _slack, "teams": _teams, "json": _json}


def _mail(settings: AlarmSettings, environ: Mapping[str, str], message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"] = message.title
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.alarm_mail_to)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    with mail_server(settings, environ) as server:
        server.send_message(mail)


@contextmanager
def mail_server(settings: AlarmSettings, environ: Mapping[str, str] = os.environ) -> Iterator[smtplib.SMTP]:
    """The mail server of the settings, ready to take mails. Raises DeliveryError for what goes wrong meanwhile."""
    host, port = _server(settings.smtp_server)
    user, password = environ.get("REPLINE_SMTP_USER"), environ.get("REPLINE_SMTP_PASSWORD")
    if user and settings.smtp_security == "none" and host not in _LOOPBACK:
        raise DeliveryError(f"a password would go to {host} for all to read; set smtp_security to starttls or tls")
    try:
        with _connection(host.strip("[]"), port, settings.smtp_security) as server:
            if user:
                server.login(user, password or "")
            yield server
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryError(f"the mail server {host}:{port} cannot do that ({first_line(error)})") from None
    except smtplib.SMTPResponseException as error:
        # Its text is the server's, and may say who was to be logged in.
        raise DeliveryError(f"the mail server {host}:{port} refuses with code {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(f"the mail server {host}:{port} does not take it ({type(error).__name__})") from None


def _connection(host: str, port: int, security: str) -> smtplib.SMTP:
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    if security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon and port.isdigit() else (text, _DEFAULT_SMTP_PORT)


def _run(command: Sequence[str], message: Message) -> None:
    text = f"{message.title}\n\n{message.text}\n"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            command, input=text, text=True, capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"{command[0]} was not done within {_COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise DeliveryError(f"{command[0]} cannot be started ({error.strerror})") from None
    if done.returncode:
        raise DeliveryError(f"{command[0]} ended with exit code {done.returncode}")
