"""Personal columns of records that come in the landing contract's shape: hidden while a file is read.

Belongs here: which columns can be hidden, and how a reading changes by it. Does not belong here: the setting and the
hash (`ingestion.personal`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from ingestion.contract import ColumnType, Entity
from ingestion.landing.reading import FileField, Reading
from ingestion.personal import DROP, HASH, OptionsError, PersonalColumns, hidden


@dataclass(frozen=True)
class Hiding:
    """What the setting says of the tables of one source."""

    source: str
    setting: PersonalColumns = field(default_factory=PersonalColumns)

    def of(self, entity: Entity) -> dict[str, str]:
        """HASH or DROP by column, of the contract or beyond it. Raises OptionsError where a column has to stay."""
        table = f"{self.source}__{entity.name}"
        found = self.setting.of(table, kept=entity.key)
        for column in entity.columns:
            treatment = found.get(column.name)
            if treatment == DROP and column.is_required:
                raise OptionsError(f"personal_columns drops {table}.{column.name}, which may not be empty; hash it")
            if treatment == HASH and (column.type is not ColumnType.TEXT or column.accepted_values):
                raise OptionsError(f"personal_columns hashes {table}.{column.name}, which is no free text; drop it")
        return found

    def mark(self, entity: Entity) -> str:
        """Another text for another treatment, empty for none: files that were read otherwise are read again."""
        found = self.of(entity)
        return json.dumps(found, sort_keys=True) if found else ""

    def hide(self, reading: Reading, entity: Entity) -> Reading:
        """The reading with hidden columns, and without the text of lines in which nobody can tell columns apart."""
        treatments = self.of(entity)
        if not treatments:
            return reading
        fields = dict(reading.fields)
        for name, treatment in treatments.items():
            if name in fields:
                fields[name] = FileField(hidden(fields[name].value or fields[name].text, treatment), "VARCHAR")
        return replace(reading, fields=fields, keeps_text=False)
