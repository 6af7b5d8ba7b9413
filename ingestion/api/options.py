"""What a user sets for all sources, and how much one load takes.

Belongs here: custom fields, personal columns, places, slices. Does not belong here: secrets and addresses, which dlt's
configuration gives each source.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ingestion.api.tables import ApiTable
from ingestion.personal import PersonalColumns
from ingestion.text import rows_and_rate

# A load that is killed loses what it had read since its last slice: some minutes of most systems.
ROWS_PER_SLICE = 100_000


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

    `place` is the folder or file of a source that has one. `is_complete` says that no other source brings what the
    contract requires. With `anew`, files and tables are read whether they changed or not. `custom_fields` are the
    system's field names by entity of the contract. `personal_columns` are hashed or left empty. `requests` counts the
    requests by system; `rows` the new rows by raw table since the load `began`; `progress` is told of both. `overlaps`
    notes how many seconds before its cursor a raw table is asked for.
    """

    place: Path | None = None
    is_complete: bool = True
    anew: bool = False
    custom_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    personal_columns: PersonalColumns = field(default_factory=PersonalColumns)
    slice: Slice = field(default_factory=Slice)
    requests: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    overlaps: dict[str, float] = field(default_factory=dict)
    progress: Callable[[str], None] = lambda _: None
    began: float = field(default_factory=time.monotonic)

    def count(self, table: ApiTable, new_rows: int) -> None:
        """Note rows that are going to be loaded."""
        self.rows[table.raw_name] += new_rows
        asked = ", ".join(f"{count:,} requests to {system}" for system, count in self.requests.items())
        in_all = rows_and_rate(self.rows.total(), time.monotonic() - self.began)
        self.progress(f"{table.raw_name}: {self.rows[table.raw_name]:,} new rows; in all {in_all}; {asked}")

    def table(self, table: ApiTable) -> ApiTable:
        """The table with the custom fields of its entity."""
        return table.with_custom_fields(self.custom_fields.get(table.entity, ()))

    def personal(self, table: ApiTable) -> dict[str, str]:
        """What is done with the table's columns: hash or drop by column. Raises OptionsError."""
        return self.personal_columns.of(table.raw_name, table.columns, (*table.key, table.cursor))
