"""What the stages of a CRM mean, for a proposal: open, won or lost, by columns of the deals and by words.

Belongs here: telling it where it is sure, and that it is not where it is not. Does not belong here: the words
(`ingestion.mapping.synonyms`), or how a proposal is written (`.propose`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.mapping.guesses import Guess, normal
from ingestion.mapping.profiles import ColumnProfile
from ingestion.mapping.shapes import boolean_words
from ingestion.mapping.synonyms import (
    CLOSED_HEADERS,
    CLOSED_WORDS,
    LOST_WORDS,
    OPEN_WORDS,
    OUTCOME_HEADERS,
    OUTCOMES,
    TRUE_WORDS,
    WON_HEADERS,
    WON_WORDS,
)


@dataclass(frozen=True)
class Stage:
    """A stage of a pipeline ("" where the deals name none); None where nothing says whether it is closed or won."""

    pipeline: str
    name: str
    is_closed: bool | None
    is_won: bool | None


@dataclass(frozen=True)
class Stages:
    """The stages of a file of deals, in the order in which they are proposed.

    `told_by` names the columns that say which are closed. With `outcome`, won and lost deals keep their stage: the
    outcome column then says what became of them, and `open_words` are its words for deals that are still open.
    """

    stages: tuple[Stage, ...]
    told_by: tuple[str, ...]
    outcome: ColumnProfile | None = None
    open_words: tuple[str, ...] = ()


def stages_of(guess: Guess) -> Stages:
    """The stages that the deals of a file are in. The guess has to have a column of stages."""
    stage, pipeline = guess.columns["stage"], guess.columns.get("pipeline")
    outcome = _outcome_column(guess, stage)
    closed, won = (_flag_column(guess, headers, stage) for headers in (CLOSED_HEADERS, WON_HEADERS))
    told_by = tuple(column.name for column in (outcome, closed, won) if column)

    def told(column: ColumnProfile | None) -> dict[tuple[str, str], set[str]]:
        """The words of the column that the deals of each stage have, in lower case."""
        found: dict[tuple[str, str], set[str]] = {}
        columns = [stage, column or stage, *([pipeline] if pipeline else [])]
        for name, word, *in_pipeline in guess.profile.tuples(*columns):
            if name:
                words = found.setdefault((in_pipeline[0] if in_pipeline else "", name), set())
                if column and word:
                    words.add(word.lower())
        return found

    outcomes = {key: {_outcome(word) for word in words} for key, words in told(outcome).items()}
    if outcome and any(("open" in found and len(found) > 1) or {"won", "lost"} <= found for found in outcomes.values()):
        return _stages_beside_outcomes(outcome, outcomes, told_by)
    is_closed, is_won = told(closed), told(won)
    stages = []
    for key, found in outcomes.items():
        closed_by = {name != "open" for name in found} | {word in TRUE_WORDS for word in is_closed[key]}
        won_by = {name == "won" for name in found} | {word in TRUE_WORDS for word in is_won[key]}
        stages.append(Stage(*key, *_meaning(key[1], closed_by, won_by)))
    return Stages(tuple(sorted(stages, key=_rank)), told_by)


def _stages_beside_outcomes(
    outcome: ColumnProfile, outcomes: dict[tuple[str, str], set[str]], told_by: tuple[str, ...]
) -> Stages:
    words = {word: _outcome(word) for word in outcome.values}
    stages = [Stage(*key, False, False) for key in outcomes]
    for pipeline in dict.fromkeys(pipeline for pipeline, _ in outcomes):
        stages += [Stage(pipeline, word, True, meant == "won") for word, meant in words.items() if meant != "open"]
    open_words = tuple(word for word, meant in words.items() if meant == "open")
    return Stages(tuple(sorted(stages, key=_rank)), told_by, outcome, open_words)


def _meaning(name: str, closed_by: set[bool], won_by: set[bool]) -> tuple[bool | None, bool | None]:
    """Whether a stage is closed and won, of what its deals and its name say; None where they differ or say nothing."""
    closed_word, won_word = _by_words(name)
    if closed_word is not None:
        closed_by = closed_by | {closed_word}
    if won_word is not None and closed_by == {True}:
        won_by = won_by | {won_word}
    is_closed = closed_by.pop() if len(closed_by) == 1 else None
    if is_closed is False:
        return False, False if True not in won_by else None
    return is_closed, won_by.pop() if is_closed and len(won_by) == 1 else None


def _by_words(name: str) -> tuple[bool | None, bool | None]:
    words = normal(name)
    is_won, is_lost, is_open = (_has_word(words, each) for each in (WON_WORDS, LOST_WORDS, OPEN_WORDS))
    if is_won != is_lost:
        return True, is_won
    if is_won or is_lost:
        return True, None
    if _has_word(words, CLOSED_WORDS):
        return True, None
    return (False, False) if is_open else (None, None)


def _outcome_column(guess: Guess, stage: ColumnProfile) -> ColumnProfile | None:
    """The column that says of each deal whether it is open, won or lost."""
    for column in _named(guess, OUTCOME_HEADERS, stage):
        if column.values and all(_outcome(value) for value in column.values):
            return column
    return None


def _flag_column(guess: Guess, headers: tuple[str, ...], stage: ColumnProfile) -> ColumnProfile | None:
    for column in _named(guess, headers, stage):
        if boolean_words(list(column.values)):
            return column
    return None


def _named(guess: Guess, headers: tuple[str, ...], stage: ColumnProfile) -> Iterable[ColumnProfile]:
    return (column for column in guess.profile.columns if column is not stage and normal(column.name) in headers)


def _outcome(word: str) -> str:
    """`open`, `won` or `lost`; empty for any other word."""
    letters = normal(word).replace(" ", "")
    return next((meant for meant, words in OUTCOMES.items() if letters in words), "")


def _has_word(words: str, beginnings: tuple[str, ...]) -> bool:
    return any(re.search(rf"\b{word}", words) for word in beginnings)


def _rank(stage: Stage) -> tuple[str, int]:
    """Open stages first, then those of which nothing is known, won ones, lost ones; else as in the file."""
    if stage.is_closed is None or (stage.is_closed and stage.is_won is None):
        return stage.pipeline, 1
    return stage.pipeline, 2 + (not stage.is_won) if stage.is_closed else 0
