"""From where the next load would read each table of a database. Nothing is asked of it.

Does not belong here: reading tables (`ingestion.database.tables`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.api.options import SourceOptions
from ingestion.database.source import goes_on
from ingestion.database.tables import less, restored
from ingestion.landing.personal import Hiding
from ingestion.mapping import DATABASE, TableLayout, read_mapping
from ingestion.planning import Planned


def plan(options: SourceOptions, state: Mapping[str, Any]) -> Iterator[Planned]:
    """What would be read of the mapping's tables. Raises MappingError where a load would."""
    assert options.place
    hiding = Hiding(DATABASE, options.personal_columns)
    mapping = read_mapping(options.place, DATABASE, options.is_complete).marked(hiding.mark)
    for entity, parts in mapping.parts.items():
        noted = state.get("files", {}).get(entity, {})
        for part in parts:
            if not isinstance(part.layout, TableLayout):
                yield Planned(entity, "rows", f"those that stand in {options.place.name}")
                continue
            layout = part.layout
            cursor = restored(state.get("cursors", {}).get(f"{entity}/{layout.name}"))
            if layout.cursor is None:
                yield Planned(entity, "whole", f"{layout.name}, which has no cursor")
            elif cursor is None or not goes_on(part, noted.get(layout.name)):
                yield Planned(entity, "all", f"{layout.name} from its beginning")
            else:
                since = less(cursor, layout.overlap_seconds)
                yield Planned(entity, "changes", f"{layout.name} where {layout.cursor} is from {since} on")
