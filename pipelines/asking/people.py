"""Whom a question is about: a rep, a team, a manager or the company, by the words people have for them.

Belongs here: finding reps and teams. Does not belong here: what of them may be told (`pipelines.asking.scope`).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.asking.published import AskingError, Published, Row

_REPS = """
    SELECT user_id, full_name, email, team, role, manager_id, is_active
    FROM marts.dim_rep ORDER BY full_name NULLS LAST, user_id
"""
_SHOWN = 5


@dataclass(frozen=True)
class Who:
    """Whom figures are of: `kind` is rep, team, manager or company, `key` its id or name; None for the company."""

    kind: str
    key: str | None
    name: str


COMPANY = Who("company", None, "the company")


def all_reps(published: Published) -> list[Row]:
    """The reps of dim_rep: user_id, full_name, email, team, role, manager_id, is_active."""
    return published.rows(_REPS)


def all_teams(published: Published) -> list[str]:
    """The teams of all days."""
    query = "SELECT DISTINCT team FROM marts.dim_rep_version ORDER BY team"
    return [row["team"] for row in published.rows(query)]


def find_who(published: Published, rep: str | None, team: str | None) -> Who | None:
    """The rep or the team; None where neither is named. Raises AskingError for both, and for one that is not there."""
    if rep and team:
        raise AskingError("name a rep or a team, not both")
    if rep:
        return find_rep(published, rep)
    return find_team(published, team) if team else None


def find_rep(published: Published, text: str, *, by_name: bool = True) -> Who:
    """The rep with that id or e-mail address; `by_name`, also with that name, or the only one whose name has it in it.

    Raises AskingError where there is none, or more than one.
    """
    reps = all_reps(published)
    wanted = _lower(text)
    exact = [rep for rep in reps if rep["user_id"] == text]
    same = [rep for rep in reps if is_called(rep, text, by_name=by_name)]
    part = [rep for rep in reps if by_name and wanted and wanted in _lower(rep["full_name"])]
    found = exact or same or part
    if len(found) == 1:
        return Who("rep", found[0]["user_id"], found[0]["full_name"] or found[0]["user_id"])
    if found:
        raise AskingError(f"{text!r} may be {_listed(found)}; write the id or the e-mail address")
    known = {_lower(rep["full_name"] or rep["user_id"]): rep for rep in reps}
    near = [known[name] for name in difflib.get_close_matches(wanted, known, n=3)]
    hint = f"did you mean {_listed(near)}?" if near else "write the id, the e-mail address or the name of dim_rep"
    raise AskingError(f"there is no rep {text!r}; {hint}")


def find_team(published: Published, text: str) -> Who:
    """The team of that name, in whatever case. Raises AskingError where there is none."""
    teams = all_teams(published)
    found = [team for team in teams if team == text] or [team for team in teams if _lower(team) == _lower(text)]
    if len(found) != 1:
        raise AskingError(f"there is no team {text!r}; there are: {', '.join(teams)}")
    return Who("team", found[0], f"team {found[0]}")


def is_called(rep: Row, text: str, *, by_name: bool = True) -> bool:
    """Whether the rep has that id or e-mail address, or `by_name` that name, in whatever case."""
    names = ("user_id", "email", "full_name") if by_name else ("user_id", "email")
    return bool(wanted := _lower(text)) and wanted in [_lower(rep[name]) for name in names]


def _lower(text: str | None) -> str:
    return " ".join((text or "").lower().split())


def _listed(reps: Sequence[Row]) -> str:
    shown = [f"{rep['full_name'] or 'a rep without a name'} ({rep['user_id']})" for rep in reps[:_SHOWN]]
    more = len(reps) - len(shown)
    return " or ".join(shown) + (f" or one of {more} more" if more else "")
