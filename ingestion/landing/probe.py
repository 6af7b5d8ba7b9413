"""What a landing folder holds: the files of each entity with their columns, and files that nobody reads.

Only the first line of a text is looked at. Does not belong here: reading files (`ingestion.landing.reading`).
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ingestion.api.options import SourceOptions
from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, Entity
from ingestion.findings import Finding, State
from ingestion.landing.errors import LandingError
from ingestion.landing.files import LandingFile, count_and_size, landing_files
from ingestion.landing.reading import csv_columns


def probe(options: SourceOptions) -> Iterator[Finding]:
    """Look into the folder that the options name."""
    assert options.place
    folder = options.place
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        # Where another source brings what is required, files are an addition.
        state = State.FAULT if options.is_complete or folder.exists() else State.OK
        advice = f"put {', '.join(each.name for each in ENTITIES if each.is_required)} there, or set `landing`"
        yield Finding(state, "folder", f"{folder} cannot be read ({error.strerror}); {advice} to where they are")
        return
    read: set[str] = set()
    for entity in ENTITIES:
        try:
            files = landing_files(folder, entity, options.is_complete)
            read.update(file.name for file in files)
            for file in files:
                _check(file, entity)
        except LandingError as error:
            yield Finding(State.FAULT, entity.name, str(error))
            continue
        if files:
            yield Finding(State.OK, entity.name, count_and_size(files))
    for name in names:
        if name not in read and name not in ENTITIES_BY_NAME and name != "README.md" and not name.startswith("."):
            near = difflib.get_close_matches(name.partition(".")[0], ENTITIES_BY_NAME, n=1)
            hint = f"; did you mean {near[0]}.{name.partition('.')[2]}?" if near else ""
            yield Finding(State.WARNING, name, f"is named after no entity, so it is not read{hint}")


def _check(file: LandingFile, entity: Entity) -> None:
    try:
        with file.path.open("rb"):
            pass
    except OSError as error:
        raise LandingError(f"{file.path} cannot be read: {error.strerror}") from None
    if file.format == "csv":
        with tempfile.TemporaryDirectory() as folder:
            csv_columns(file, entity, Path(folder))
