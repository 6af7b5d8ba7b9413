"""Whose figures may be told: everybody's, or those of one rep.

Belongs here: what a question may be about. Does not belong here: answering it.

Within the scope of a rep there are: the rep's own figures and the rows behind them; the median of the reps; and
figures of the company as a whole. The last two only of at least five reps, so that nobody can be reckoned out of them.
There are no figures of another rep, a team or a manager, and no name, id or address of anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.asking.people import Who
from pipelines.asking.published import AskingError

MEDIAN = "rep_median"
FEWEST_REPS = 5


@dataclass(frozen=True)
class Scope:
    """`rep` is the only rep whose figures are told; None for everybody's."""

    rep: Who | None = None

    def of(self, who: Who | None) -> Who | None:
        """Whom a question is about that names `who`: by default the rep of the scope. Raises AskingError."""
        if self.rep is None:
            return who
        if who not in (None, self.rep):
            raise self.refusal()
        return self.rep

    def refusal(self) -> AskingError:
        """Says nothing of what was asked for, not even whether it exists."""
        name = self.rep.name if self.rep else ""
        return AskingError(
            f"here are only the figures of {name}, the median of the reps (by {MEDIAN}) and those of the company"
        )


EVERYBODY = Scope()
