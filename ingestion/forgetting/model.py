"""Who can be forgotten and where, and the answer that says what was done.

Does not belong here: anything that reads or changes a warehouse.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ingestion.api.tables import ApiTable
from ingestion.contract import Column, Entity
from ingestion.lake import Lake


class ForgetError(RuntimeError):
    """Nobody could be forgotten; the message is one line."""


class Kind(StrEnum):
    """Who can be forgotten."""

    USER = "user"
    ACCOUNT = "account"
    LEAD = "lead"
    CANDIDATE = "candidate"

    @property
    def entity(self) -> str:
        """The entity that has a row for each."""
        return f"{self.value}s"

    @property
    def key(self) -> str:
        return f"{self.value}_id"

    def is_named_by(self, column: Column, entity: Entity) -> bool:
        """Whether the column holds ids of this kind."""
        if self is not Kind.USER:
            return column.name == self.key
        # A recording system may call a speaker by the id of the user.
        others = (("users", "user_id"), ("call_turns", "speaker_id"))
        return column.names_user or (entity.name, column.name) in others


@dataclass(frozen=True)
class Done:
    """What was done to `rows` of a table."""

    table: str
    what: str
    rows: int


@dataclass(frozen=True)
class Home:
    """Where somebody is to be forgotten: the warehouse, dlt's folder, and what of the warehouse follows from raw.

    The schemas `derived` are made anew by a refresh. What is in those called `seen`, no source can give again.
    `api_tables` are those of the API sources that are on; `version` is the newest published one; `lake` is that of the
    home, if it has one.
    """

    warehouse: Path
    dlt: Path
    derived: Collection[str]
    seen: Collection[str] = ()
    api_tables: Collection[ApiTable] = ()
    version: int = 0
    lake: Lake | None = None


@dataclass(frozen=True)
class Forgotten:
    """What came of it; nothing where that was done before. `names` are the ids, names and addresses that were found."""

    done: tuple[Done, ...]
    names: tuple[str, ...] = field(default=(), repr=False)
