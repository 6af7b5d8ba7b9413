"""Which files the next load would read, by entity: new, changed, unchanged, gone.

A file is compared as a load compares it: by size and times, and by its contents where these differ. Does not belong
here: which files there are (`ingestion.landing.files`, `ingestion.exports.source`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingestion.api.options import SourceOptions
from ingestion.contract import ENTITIES, PIPELINE_STAGES, Entity
from ingestion.landing.files import LandingFile, count_and_size, landing_files
from ingestion.landing.personal import Hiding
from ingestion.planning import Planned

NEW, CHANGED, UNCHANGED, GONE, AGAIN = "new", "changed", "unchanged", "gone", "again"
# The others are counted.
_NAMED_FILES = 3


def plan(options: SourceOptions, state: Mapping[str, Any]) -> Iterator[Planned]:
    """What would be read of the landing folder. Raises LandingError where a load would."""
    assert options.place
    hiding = Hiding("landing", options.personal_columns)
    files = {
        entity: [
            replace(file, reading_hash=hiding.mark(entity))
            for file in landing_files(options.place, entity, options.is_complete)
        ]
        for entity in ENTITIES
    }
    return plan_files(files, state.get("files", {}))


def plan_files(files: Mapping[Entity, Sequence[LandingFile]], noted: Mapping[str, Any]) -> Iterator[Planned]:
    """A line for each entity and state of its files; `noted` is what former loads noted by entity and file."""
    stages = noted.get(PIPELINE_STAGES.name, {})
    has_new_stages = any(_state(file, stages.get(file.name), False) != UNCHANGED for file in files[PIPELINE_STAGES])
    for entity, of_entity in files.items():
        known = noted.get(entity.name, {})
        by_state: dict[str, list[LandingFile]] = {}
        for file in of_entity:
            by_state.setdefault(_state(file, known.get(file.name), has_new_stages), []).append(file)
        for state in (NEW, CHANGED, AGAIN, UNCHANGED):
            if found := by_state.get(state):
                yield Planned(entity.name, state, _described(found, state))
        if gone := sorted(known.keys() - {file.name for file in of_entity}):
            yield Planned(entity.name, GONE, f"{_names(gone)}; their rows stay")


def _state(file: LandingFile, known: Mapping[str, Any] | None, has_new_stages: bool) -> str:
    if known is None:
        return NEW
    if not file.looks_like(known) and file.content_hash() != known["hash"]:
        return CHANGED
    # Rows that named an unknown stage get another chance when the stages change.
    return AGAIN if has_new_stages and known.get("stages") is not None else UNCHANGED


def _described(files: Sequence[LandingFile], state: str) -> str:
    count = count_and_size(files)
    return count if state == UNCHANGED else f"{count}: {_names([file.name for file in files])}"


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_FILES
    return ", ".join(names[:_NAMED_FILES]) + (f" and {more:,} more" if more > 0 else "")
