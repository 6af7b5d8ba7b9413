"""Who gets which page.

Belongs here: recipients and their pages. Does not belong here: the form of a mail (`pipelines.digest.mails`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from ingestion.text import literal
from pipelines.alarm_settings import ADDRESS
from pipelines.pages.deals import Deals
from pipelines.pages.model import Page
from pipelines.pages.people import rep_page, team_page
from pipelines.pages.rows import read
from pipelines.pages.words import Words, words_for
from pipelines.publication.versions import DATABASE, PublicationError, Version, published_version
from pipelines.settings import Settings

_PEOPLE = """
    SELECT user_id, coalesce(full_name, user_id) AS name, email, team, manager_id
    FROM marts.dim_rep WHERE is_active AND is_known ORDER BY name, user_id
"""


@dataclass(frozen=True)
class Letter:
    """What one person gets. `address` is None where none is known, `pages` are empty where there is nothing to send."""

    user_id: str
    name: str
    address: str | None
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class Post:
    """All letters of a version, in the language of the pages. `untold` are teams whose page nobody gets."""

    version: Version
    letters: tuple[Letter, ...]
    untold: tuple[str, ...]
    words: Words

    def only(self, person: str) -> Post:
        """The letter of one person. Raises PublicationError where nobody has that id or address."""
        wanted = person.strip().lower()
        found = tuple(each for each in self.letters if wanted in (each.user_id.lower(), (each.address or "").lower()))
        if not found:
            raise PublicationError(f"nobody who is employed has the user_id or e-mail address {person!r}")
        return replace(self, letters=found, untold=())


def letters_of(settings: Settings) -> Post:
    """The letters of the version that readers see. Raises PublicationError where there is none with a day in it.

    A rep gets their own page. A manager gets the page of each team all of whose members report to them, so that nobody
    reads of another manager's people; and their own page where they have a quota.
    """
    version = published_version(settings)
    if version is None:
        raise PublicationError("nothing is published yet; run `repline refresh`")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(version.path / DATABASE)} AS published (READ_ONLY)")
        connection.execute("USE published")
        # Pages of people show nothing of it.
        connection.execute("ATTACH ':memory:' AS warehouse")
        answers = read(connection)
        people = connection.execute(_PEOPLE).fetchall()
    if answers is None:
        raise PublicationError("there are no figures yet: no deal and no call was loaded")
    words = words_for(answers, settings.business.language, settings.business.base_currency)
    deals = Deals(answers)
    teams = answers.teams()
    reps = answers.by("rep")
    managers = _managers([(user_id, team, manager) for user_id, _, _, team, manager in people])

    def pages(user_id: str) -> Iterator[Page]:
        led = [team for team in teams if managers.get(team) == user_id]
        for team in led:
            yield team_page(team, teams[team], deals, words)
        if reps[user_id]["rep_profile"] and (not led or reps[user_id]["rep_pace"]):
            yield rep_page(reps[user_id], deals, words)

    letters = tuple(
        Letter(user_id, name, email if email and ADDRESS.fullmatch(email) else None, tuple(pages(user_id)))
        for user_id, name, email, _, _ in people
    )
    untold = tuple(team for team in teams if managers.get(team) is None)
    return Post(version, letters, untold, words)


def _managers(people: list[tuple[str, str, str | None]]) -> dict[str, str]:
    """To whom all of a team report, by team, of (user_id, team, manager_id); its leader may be a member."""
    members: dict[str, dict[str, str | None]] = defaultdict(dict)
    for user_id, team, manager in people:
        members[team][user_id] = manager
    found = {}
    for team, managers in members.items():
        led = [
            leader
            for leader in {*managers.values()} - {None}
            if leader and all(manager == leader for user_id, manager in managers.items() if user_id != leader)
        ]
        if len(led) == 1:
            found[team] = led[0]
    return found
