"""Which entity a file holds, and which of its columns means what: by the likeness of names, checked by the values.

Belongs here: likeness. Does not belong here: words (`ingestion.mapping.synonyms`), or what is written of a guess
(`.propose`).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestion.contract import ENTITIES, Column, ColumnType, Entity
from ingestion.mapping.profiles import ColumnProfile, FileProfile
from ingestion.mapping.shapes import boolean_words, date_formats, duration_formats, number_forms
from ingestion.mapping.synonyms import COLUMN_WORDS, ENTITY_WORDS, OUTCOME_HEADERS

# A header that is a synonym counts most; one that contains it, or is spelt like it, less.
_SAME, _CONTAINED, _ALIKE = 1.0, 0.6, 0.5
_ALIKE_RATIO = 0.85
_FILE_NAME = 1.5
# The key and what else is required say more about a file than the rest.
_REQUIRED = 2.0
_LEAST_FIT = 3.0
# More different values are no stages.
_MOST_STAGES = 60
# In so few rows each may be in another stage.
_FEW_ROWS = 20


@dataclass
class Guess:
    """A file taken for an entity: the file's column of each column of the contract that was found.

    `is_by_values`: its headers said nothing of the entity.
    """

    profile: FileProfile
    entity: Entity
    columns: dict[str, ColumnProfile]
    fit: float
    doubts: dict[str, str] = field(default_factory=dict)
    is_by_values: bool = False

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


def guess_by_values(profile: FileProfile, entities: Iterable[Entity]) -> Guess | None:
    """The first of some entities that a file of unknown headers can hold, by its name or by what its columns hold."""
    words = normal(profile.name).split()
    could_be = [entity for entity in entities if entity.name in COLUMN_WORDS]
    by_name = [e for e in could_be if any(word.startswith(ENTITY_WORDS.get(e.name, ())) for word in words)]
    # Of what is required the deals ask for most: a date and a stage.
    required = sorted((each for each in could_be if each.is_required), key=lambda each: each.name != "opportunities")
    for entity in (*by_name, *required):
        needed = [column for column in entity.columns if column.must_be_given]
        if all(candidates(profile, entity, column) for column in needed):
            return Guess(profile, entity, _match(profile, entity)[0], 0, is_by_values=True)
    return None


def candidates(profile: FileProfile, entity: Entity, column: Column) -> list[ColumnProfile]:
    """The columns of a file that can be one of the contract by their values: an id is unique, a stage is not."""
    found = [each for each in profile.columns if each.filled and _can_be(each, column)]
    if column.type is not ColumnType.TEXT:
        return found
    if entity.key == (column.name,):
        return [each for each in found if each.is_unique and each.filled == profile.row_count]
    if column.name in ("stage", "pipeline"):
        few = [each for each in found if not date_formats(list(each.values)) and len(each.values) <= _MOST_STAGES]
        return [each for each in few if not each.is_unique or profile.row_count <= _FEW_ROWS]
    return [each for each in found if not date_formats(list(each.values)) and not number_forms(list(each.values))]


def _guess(profile: FileProfile, entity: Entity) -> Guess | None:
    columns, likeness = _match(profile, entity)
    guess = Guess(profile, entity, columns, 0)
    _find_key(guess)
    required = {c.name for c in entity.columns if c.must_be_given}
    if not columns or not any(name in columns for name in entity.key):
        return None
    fit = sum(likeness.get(name, 0) * (_REQUIRED if name in required else 1) for name in columns)
    fit -= _REQUIRED * len(required - set(columns) - ({"created_at"} & required))
    guess.fit = fit + _named_like(profile, entity)
    return guess


def _match(profile: FileProfile, entity: Entity) -> tuple[dict[str, ColumnProfile], dict[str, float]]:
    """Each column of the contract with the column of the file that is likest; each is used once."""
    likely: list[tuple[float, int, Column, ColumnProfile]] = []
    for column in entity.columns:
        words = COLUMN_WORDS[entity.name].get(column.name, ())
        for found in profile.columns:
            likeness, rank = _likeness(found.name, (column.name.replace("_", " "), *words))
            if likeness and _can_be(found, column):
                likely.append((likeness, -rank, column, found))
    # A header that is known for what it is is not taken for something else that sounds like it.
    known = {found.name for likeness, _, _, found in likely if likeness == _SAME}
    known |= {found.name for found in profile.columns if normal(found.name) in OUTCOME_HEADERS}
    likely = [each for each in likely if each[0] == _SAME or each[3].name not in known]
    columns: dict[str, ColumnProfile] = {}
    likeness_of: dict[str, float] = {}
    used: set[str] = set()
    for likeness, _, column, found in sorted(likely, key=lambda each: each[:2], reverse=True):
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
    """A header in lower case words without accents: `DealStage__c` is `deal stage`."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", header) if not unicodedata.combining(sign))
    text = re.sub(r"__c$", "", plain)
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
