"""Forgetting a person or customer in the whole data home, and saying what was done and what is left to others.

Belongs here: the order of it: the warehouse, the earlier published versions, the files of the sources. Does not belong
here: what becomes of a table (`ingestion.forgetting`), or the refresh that publishes anew (`pipelines.refresh`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from ingestion import forgetting
from ingestion.clearing import last_version_in_clear
from ingestion.forgetting import Done, ForgetError, Kind
from ingestion.searching import files_with
from pipelines.assets.models import load_manifest
from pipelines.assets.raw import forgetting_home
from pipelines.publication.versions import prune, version_numbers
from pipelines.runs.exclusion import acquire, wait_for_readers
from pipelines.settings import Settings
from pipelines.sources import sources_of
from pipelines.spark.lake import settled_lake


@dataclass(frozen=True)
class Report:
    """What was done, or would be: tables, published versions that went or go with the next one, and files that hold
    the ids or names still and are others' to clean."""

    done: tuple[Done, ...]
    versions: tuple[int, ...]
    files: tuple[Path, ...]


def forget(settings: Settings, kind: Kind, mart_id: str, is_dry: bool, log: Callable[[str], None]) -> Report:
    """Forget them, under the refresh lock. Raises ForgetError where no loaded row names the id."""
    manifest = load_manifest(settings)
    lock = acquire(settings.refresh_lock, "forget", log)
    try:
        wait_for_readers(settings.warehouse, log)
        home = forgetting_home(settings, manifest, settled_lake(settings, log))
        forgotten = forgetting.forget(home, kind, mart_id, is_dry)
        held = version_numbers(settings)
        if not is_dry:
            through = last_version_in_clear(settings.warehouse)
            held = [number for number in held if number <= through]
            prune(settings, settings.business.keep_versions, through)
    except dg.Failure as failure:
        raise ForgetError(str(failure.description)) from None
    finally:
        lock.release()
    places = (getattr(settings, source.place) for source in sources_of(settings).on if source.has_folder)
    files = tuple(path for place in places for path in files_with(place, forgotten.names))
    return Report(forgotten.done, tuple(held), files)
