"""`repline digest`: each rep and manager gets their page, and nobody another's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.digest.letters import Post, letters_of
from pipelines.publication.versions import published_version
from tests.pipelines.conftest import RefreshedHome


@pytest.fixture(scope="module")
def post(refreshed: RefreshedHome) -> Post:
    return letters_of(refreshed.settings)


def _rows(refreshed: RefreshedHome, query: str) -> list[tuple[Any, ...]]:
    version = published_version(refreshed.settings)
    assert version
    with duckdb.connect(str(version.path / "repline.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def digest(refreshed: RefreshedHome, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REPLINE_HOME", str(refreshed.settings.home))

    def run(*arguments: str, settings: str = '{"alarm_mail_from": "sales@example.com"}') -> Result:
        monkeypatch.setenv("REPLINE_VARS", settings)
        return CliRunner().invoke(main, ["digest", *arguments])

    return run


def _mails(folder: Path) -> dict[str, EmailMessage]:
    """By the name of whom they are to."""
    found = {}
    for file in folder.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        found[mail["To"].addresses[0].display_name] = mail
    return found


def content(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body
    return str(body.get_content())


def test_reps_get_their_page_and_managers_that_of_their_team(refreshed: RefreshedHome, post: Post) -> None:
    people = _rows(refreshed, "SELECT user_id, full_name, team, manager_id FROM marts.dim_rep WHERE is_active")
    letters = {letter.user_id: letter for letter in post.letters}
    managers = {manager for _, _, _, manager in people}
    for user_id, name, team, manager in people:
        titles = [str(page.title) for page in letters[user_id].pages]
        if user_id not in managers and titles:
            assert titles == [name]
        if manager and all(of == manager or each == manager for each, _, its, of in people if its == team):
            assert team in [str(page.title) for page in letters[manager].pages]
    assert sum(bool(letter.pages) for letter in post.letters) > 4


def test_a_mail_has_pictures_text_and_nobody_else(refreshed: RefreshedHome, digest: Any, tmp_path: Path) -> None:
    told = digest("--to-folder", str(tmp_path / "mails"))
    assert told.exit_code == 0, told.output
    mails = _mails(tmp_path / "mails")
    names = {name for (name,) in _rows(refreshed, "SELECT full_name FROM marts.dim_rep WHERE full_name IS NOT NULL")}
    sentences = _rows(
        refreshed,
        "SELECT full_name, list(sentence) FROM marts.kpi_rep_digest JOIN marts.dim_rep USING (user_id)"
        " WHERE month = (SELECT max(month_start) FROM marts.dim_date WHERE NOT is_future) GROUP BY full_name",
    )
    own = {
        mail["To"].addresses[0].display_name: mail
        for mail in mails.values()
        if mail["Subject"].split(" · ")[0] in names
    }
    assert len(own) > 2
    pictures = 0
    for name, mail in own.items():
        text, html = (content(mail, kind) for kind in ("plain", "html"))
        assert not [other for other in names - {name} if other in text or other in html]
        images = [part for part in mail.walk() if part.get_content_type() == "image/png"]
        assert html.count("cid:") == len(images)
        for image in images:
            assert f'src="cid:{image["Content-ID"].strip("<>")}"' in html
            assert image.get_content().startswith(b"\x89PNG")
        pictures += len(images)
        assert "http" not in html and "<script" not in html
    assert pictures
    assert own.keys() & {name for name, _ in sentences}
    for name, said in sentences:
        if name in own:
            text = " ".join(content(own[name], "plain").split())
            assert all(" ".join(sentence.split()) in text for sentence in said)


def test_nothing_is_sent_unless_asked_for(digest: Any, post: Post) -> None:
    told = digest(settings="{}")
    assert told.exit_code == 0, told.output
    addressed = [letter for letter in post.letters if letter.pages and letter.address]
    lines = told.output.splitlines()
    assert [line for line in lines if "@" in line] == [
        f"{letter.name} <{letter.address}>: {', '.join(str(page.title) for page in letter.pages)}"
        for letter in addressed
    ]
    assert lines[-1] == "Nothing was sent; --send sends, --to-folder writes the mails to look at."
    assert digest("--only", "nobody").stderr == (
        "Error: nobody who is employed has the user_id or e-mail address 'nobody'\n"
    )
    assert digest("--send", settings="{}").stderr == (
        "Error: alarm_mail_from is not set; write the address that these mails are from\n"
    )


def test_who_has_no_address_is_said(
    refreshed: RefreshedHome, digest: Any, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first, *others] = [letter for letter in post.letters if letter.pages]
    lacking = replace(post, letters=(replace(first, address=None), *others), untold=("Shared",))
    monkeypatch.setattr("pipelines.digest.letters.letters_of", lambda settings: lacking)
    told = digest().output
    assert f"No e-mail address: {first.name} ({first.user_id}), who would get " in told
    assert "Nobody gets the page of team Shared: its members do not all report to one manager" in told


@dataclass
class Inbox:
    """What a mail server took; it refuses one address."""

    refused: str
    taken: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def inbox(post: Post) -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox(next(letter.address for letter in post.letters if letter.pages and letter.address))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox, port
    controller.stop()


def test_sent_mails_arrive_and_a_refused_one_stops_no_other(digest: Any, post: Post, inbox: tuple[Inbox, int]) -> None:
    box, port = inbox
    settings = f'{{"alarm_mail_from": "sales@example.com", "smtp_server": "127.0.0.1:{port}", "smtp_security": "none"}}'
    told = digest("--send", settings=settings)
    addresses = [letter.address for letter in post.letters if letter.pages and letter.address]
    assert box.taken == [address for address in addresses if address != box.refused]
    assert f"<{box.refused}>: the mail server refuses this address" in told.output
    assert told.exit_code == 1
