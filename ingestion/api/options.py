"""What a user sets for all API sources, and how much one load takes.

Belongs here: custom fields, personal columns, slices. Does not belong here: secrets and addresses, which dlt's
configuration gives each source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestion.api.tables import ApiTable

# A load that is killed loses what it had read since its last slice: some minutes of most systems.
ROWS_PER_SLICE = 100_000

HASH = "hash"
DROP = "drop"


class OptionsError(ValueError):
    """A setting of the sources cannot be used; the message names it and says what it may be."""


class Slice:
    """How many new rows each table may take in one load, and whether one had to stop before it was done."""

    def __init__(self, rows: int = ROWS_PER_SLICE) -> None:
        self.rows = rows
        # Naive UTC; all rows of the load carry it.
        self.started_at = datetime.now(UTC).replace(tzinfo=None)
        self._taken: dict[str, int] = {}
        self._known_until: dict[str, str | None] = {}
        self.is_cut = False

    def has_room(self, table: str, new_rows: int) -> bool:
        """Count rows that a table takes; false where it has to stop now and go on in the next slice."""
        self._taken[table] = self._taken.get(table, 0) + new_rows
        if self._taken[table] < self.rows:
            return True
        self.is_cut = True
        return False

    def known_until(self, table: str, noted: str | None) -> str | None:
        """What the state noted of the table before this load, however often this load has noted something since."""
        return self._known_until.setdefault(table, noted)


@dataclass(frozen=True)
class SourceOptions:
    """The settings of one load.

    `custom_fields` are the system's field names by entity of the contract. `personal_columns` says of raw columns,
    `<source>__<table>.<column>`, whether they are hashed or dropped. `hash_key` keeps hashes from being guessed.
    `requests` counts the requests by system; `rows` the new rows by raw table; `progress` is told of both.
    """

    custom_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    personal_columns: Mapping[str, str] = field(default_factory=dict)
    hash_key: str = field(default="", repr=False)
    slice: Slice = field(default_factory=Slice)
    requests: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    progress: Callable[[str], None] = lambda _: None

    def count(self, table: ApiTable, new_rows: int) -> None:
        """Note rows that are going to be loaded."""
        self.rows[table.raw_name] += new_rows
        asked = ", ".join(f"{count:,} requests to {system}" for system, count in self.requests.items())
        self.progress(f"{table.raw_name}: {self.rows[table.raw_name]:,} new rows; {asked}")

    def table(self, table: ApiTable) -> ApiTable:
        """The table with the custom fields of its entity."""
        return table.with_custom_fields(self.custom_fields.get(table.entity, ()))

    def personal(self, table: ApiTable) -> dict[str, str]:
        """What is done with the table's columns: HASH or DROP by column. Raises OptionsError."""
        listed: dict[str, str] = {}
        for name, treatment in self.personal_columns.items():
            raw_table, _, column = name.partition(".")
            if raw_table != table.raw_name:
                continue
            if column not in table.columns or column in (*table.key, table.cursor):
                able = [each for each in table.columns if each not in (*table.key, table.cursor)]
                raise OptionsError(f"personal_columns names {name!r}; {raw_table} has: {', '.join(able)}")
            if treatment not in (HASH, DROP):
                raise OptionsError(f"personal_columns says {treatment!r} for {name}; it may be {HASH} or {DROP}")
            if treatment == HASH and not self.hash_key:
                raise OptionsError(
                    f"personal_columns hashes {name}, which needs a key that nobody can guess; set the secret "
                    "SOURCES__HASH_KEY to a long random text and keep it"
                )
            listed[column] = treatment
        return listed
