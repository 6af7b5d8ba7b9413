"""What a folder of exports holds: whether its mapping can be used, and files that the mapping does not name.

Does not belong here: opening files (`ingestion.exports.opening`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.filesize import decimal

from ingestion.api.options import SourceOptions
from ingestion.exports.source import MAPPING_FILE, listing, mapped_files
from ingestion.findings import Finding, State
from ingestion.landing.errors import LandingError
from ingestion.mapping import EXPORTS, read_mapping


def probe(options: SourceOptions) -> Iterator[Finding]:
    """Look into the folder that the options name."""
    assert options.place
    folder = options.place
    if not folder.is_dir():
        text = f"{folder} does not exist; put your exports and {MAPPING_FILE} there, or set `exports` to where they are"
        yield Finding(State.FAULT, "folder", text)
        return
    try:
        files, _ = mapped_files(folder, read_mapping(folder / MAPPING_FILE, EXPORTS, options.is_complete))
    except LandingError as error:
        yield Finding(State.FAULT, MAPPING_FILE, str(error))
        return
    for entity, of_entity in files.items():
        if of_entity:
            size = decimal(sum(file.size_bytes for file in of_entity))
            yield Finding(State.OK, entity.name, f"{len(of_entity):,} files or sheets, {size}")
    mapped = {file.path for of_entity in files.values() for file in of_entity}
    for name, *_ in listing(folder):
        if folder / name not in mapped and name != MAPPING_FILE:
            text = f"is named by no part of {MAPPING_FILE}, so it is not read; `repline map {name}` proposes a part"
            yield Finding(State.WARNING, name, text)
