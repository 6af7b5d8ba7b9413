"""What becomes of the mails: named in a dry run, written into a folder, or sent.

Belongs here: these three ways, and what is said of each person. Does not belong here: the mails.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from pathlib import Path

from pipelines.alarms.senders import mail_server
from pipelines.digest.letters import Letter, Post
from pipelines.digest.mails import mail_of
from pipelines.settings import Settings, SettingsError


@dataclass(frozen=True)
class Told:
    """A line on a person's mail. `is_refused` says that the mail server did not take it."""

    text: str
    is_refused: bool = False


def announced(post: Post) -> Iterator[Told]:
    """Who would get what, a line each; then who has no address, and teams whose page nobody gets."""
    for letter in post.letters:
        if letter.pages and letter.address:
            yield Told(f"{letter.name} <{letter.address}>: {_what(letter)}")
    for letter in post.letters:
        if letter.pages and not letter.address:
            yield Told(f"No e-mail address: {letter.name} ({letter.user_id}), who would get {_what(letter)}")
    for team in post.untold:
        yield Told(f"Nobody gets the page of team {team}: its members do not all report to one manager")


def write(settings: Settings, post: Post, folder: Path) -> Iterator[Told]:
    """Write each mail as a file that mail programs open."""
    sender = sender_of(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for letter in _deliverable(post):
        file = folder / f"{Path(letter.pages[-1].file).stem}.eml"
        file.write_bytes(mail_of(letter, post, sender).as_bytes(policy=policy.SMTP))
        yield Told(f"{letter.name} <{letter.address}>: {file}")


def send(settings: Settings, post: Post) -> Iterator[Told]:
    """Send each mail. Raises DeliveryError where the server takes none at all; the others go on after a refused one."""
    sender = sender_of(settings)
    with mail_server(settings.alarms) as server:
        for letter in _deliverable(post):
            try:
                server.send_message(mail_of(letter, post, sender))
                yield Told(f"{letter.name} <{letter.address}>: sent")
            except smtplib.SMTPRecipientsRefused:
                yield Told(f"{letter.name} <{letter.address}>: the mail server refuses this address", is_refused=True)


def sender_of(settings: Settings) -> str:
    """Whom the mails are from. Raises SettingsError where the settings name nobody."""
    sender = settings.alarms.sender
    if sender is None:
        raise SettingsError("alarm_mail_from is not set; write the address that these mails are from")
    return sender


def _deliverable(post: Post) -> list[Letter]:
    return [letter for letter in post.letters if letter.pages and letter.address]


def _what(letter: Letter) -> str:
    return ", ".join(str(page.title) for page in letter.pages)
