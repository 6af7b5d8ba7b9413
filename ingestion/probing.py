"""Small questions to a source, asked before anything is loaded, and what their answers mean.

Belongs here: what every source's probe has in common. Does not belong here: the questions (`probe` of a source's
package), or printing the answers (`pipelines.doctor`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ingestion.api.client import ApiError
from ingestion.findings import Finding, State
from ingestion.landing.errors import LandingError


@dataclass(frozen=True)
class Question:
    """A question to a source. `ask` returns the answer in words, and raises ApiError or LandingError.

    `is_optional` says that a refresh goes on without what is asked for.
    """

    about: str
    ask: Callable[[], str]
    is_optional: bool = False


def answers(questions: Iterable[Question]) -> Iterator[Finding]:
    """Ask one after the other, until it is clear that no other is answered either: so the first is the easiest."""
    for number, question in enumerate(questions):
        try:
            yield Finding(State.OK, question.about, question.ask())
        except ApiError as error:
            status = error.response.status_code if error.response is not None else None
            if status == 429:
                yield Finding(State.WARNING, question.about, f"{error}; a refresh waits, and goes on")
                return
            if question.is_optional and status == 403:
                text = f"{error}; a refresh goes on without it, or give the access the right to read it"
                yield Finding(State.WARNING, question.about, text)
                continue
            yield Finding(State.FAULT, question.about, str(error))
            if status in (None, 401) or not number:
                return
        except LandingError as error:
            yield Finding(State.FAULT, question.about, str(error))
            if not number:
                return
