"""Which entity a file holds, and which of its columns means what: by the likeness of names, checked by the values.

Belongs here: likeness. Does not belong here: words (`ingestion.mapping.synonyms`), or what is written of a guess
(`.propose`).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from ingestion.contract import ENTITIES, Column, ColumnType, Entity
from ingestion.mapping.profiles import ColumnProfile, FileProfile
from ingestion.mapping.shapes import boolean_words, date_formats, duration_formats, number_forms
from ingestion.mapping.synonyms import COLUMN_WORDS, ENTITY_WORDS

# A header that is a synonym counts most; one that contains it, or is spelt like it, less.
_SAME, _CONTAINED, _ALIKE = 1.0, 0.6, 0.5
_ALIKE_RATIO = 0.85
_FILE_NAME = 1.5
# The key and what else is required say more about a file than the rest.
_REQUIRED = 2.0
_LEAST_FIT = 3.0


@dataclass
class Guess:
    """A file taken for an entity: the file's column of each column of the contract that was found."""

    profile: FileProfile
    entity: Entity
    columns: dict[str, ColumnProfile]
    fit: float
    doubts: dict[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        return next(column for column in self.entity.columns if column.name == name)

    @property
    def unused(self) -> list[str]:
        used = {profile.name for profile in self.columns.values()}
        return [column.name for column in self.profile.columns if column.name not in used]


def guess_entity(profile: FileProfile) -> Guess | None:
    """The entity that fits best; None where none fits."""
    guesses = [guess for entity in ENTITIES if entity.name in COLUMN_WORDS and (guess := _guess(profile, entity))]
    best = max(guesses, key=lambda guess: guess.fit, default=None)
    return best if best and best.fit >= _LEAST_FIT else None


def _guess(profile: FileProfile, entity: Entity) -> Guess | None:
    columns, likeness = _match(profile, entity)
    guess = Guess(profile, entity, columns, 0)
    _find_key(guess)
    required = {c.name for c in entity.columns if c.must_be_present and not c.null_means}
    if not columns or not any(name in columns for name in entity.key):
        return None
    fit = sum(likeness.get(name, 0) * (_REQUIRED if name in required else 1) for name in columns)
    fit -= _REQUIRED * len(required - set(columns) - ({"created_at"} & required))
    guess.fit = fit + _named_like(profile, entity)
    return guess


def _match(profile: FileProfile, entity: Entity) -> tuple[dict[str, ColumnProfile], dict[str, float]]:
    """Each column of the contract with the column of the file that is likest; each is used once."""
    candidates: list[tuple[float, int, Column, ColumnProfile]] = []
    for column in entity.columns:
        words = COLUMN_WORDS[entity.name].get(column.name, ())
        for found in profile.columns:
            likeness, rank = _likeness(found.name, (column.name.replace("_", " "), *words))
            if likeness and _can_be(found, column):
                candidates.append((likeness, -rank, column, found))
    columns: dict[str, ColumnProfile] = {}
    likeness_of: dict[str, float] = {}
    used: set[str] = set()
    for likeness, _, column, found in sorted(candidates, key=lambda each: each[:2], reverse=True):
        if column.name not in columns and found.name not in used:
            columns[column.name], likeness_of[column.name] = found, likeness
            used.add(found.name)
    return columns, likeness_of


def _find_key(guess: Guess) -> None:
    """Where no column is an id, a name may be one."""
    entity, columns = guess.entity, guess.columns
    if len(entity.key) != 1 or entity.key[0] in columns:
        return
    name = next((name for name in ("full_name", "name") if name in columns), None)
    if name and columns[name].is_unique:
        columns[entity.key[0]] = columns[name]
        guess.doubts[entity.key[0]] = "there is no id: names serve as ids, and two who share one would be one"


def _named_like(profile: FileProfile, entity: Entity) -> float:
    stem = profile.name.lower()
    return _FILE_NAME if any(word in stem for word in ENTITY_WORDS.get(entity.name, ())) else 0


def _likeness(header: str, words: tuple[str, ...]) -> tuple[float, int]:
    """How much a header is like the likest of the words, and the rank of that one."""
    name = normal(header)
    best = (0.0, len(words))
    for rank, word in enumerate(words):
        if name == word or name.replace(" ", "") == word.replace(" ", ""):
            likeness = _SAME
        elif len(word) > 3 and re.search(rf"\b{re.escape(word)}\b", name):
            likeness = _CONTAINED
        elif difflib.SequenceMatcher(None, name, word).ratio() >= _ALIKE_RATIO:
            likeness = _ALIKE
        else:
            continue
        best = max(best, (likeness, -rank), key=lambda each: each[0]) if best[0] else (likeness, -rank)
    return best[0], abs(best[1])


def normal(header: str) -> str:
    """A header in lower case words: `DealStage__c` is `deal stage`."""
    text = re.sub(r"__c$", "", header)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return " ".join(re.sub(r"[^a-z0-9%]+", " ", text.lower()).split())


def _can_be(found: ColumnProfile, column: Column) -> bool:
    """Whether the values can be of the type at all. An empty column can be anything."""
    values = list(found.values)
    if not values:
        return not column.must_be_present
    match column.type:
        case ColumnType.TEXT:
            return True
        case ColumnType.DATE | ColumnType.TIMESTAMP:
            return bool(date_formats(values))
        case ColumnType.BOOLEAN:
            return boolean_words(values) is not None
        case ColumnType.SECONDS:
            return bool(number_forms(values) or duration_formats(values))
        case _:
            return bool(number_forms([value.removesuffix("%") for value in values]))
