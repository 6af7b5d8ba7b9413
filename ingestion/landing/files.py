"""Which files a landing folder holds for an entity, and which of them changed since they were read.

Belongs here: names, sizes, fingerprints. Does not belong here: what is in a file (`ingestion.landing.reading`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from ingestion.contract import ENTITIES, Entity
from ingestion.landing.errors import LandingError

SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")

# Reading in pieces keeps memory flat; 1 MiB hashes at the speed of the disk.
_HASH_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class LandingFile:
    """A file of an entity. `name` is its path below its source's folder; `mtime_ns` its modification time.

    `ctime_ns` is when the disk last changed anything of it: a copy can keep the size and the modification time of what
    was there before, but not this. `reading_hash` stands for how it is read, where that can change while the file does
    not: it is then read again.
    """

    path: Path
    name: str
    size_bytes: int
    mtime_ns: int
    reading_hash: str = ""
    ctime_ns: int = 0

    @property
    def format(self) -> str:
        """`csv`, `jsonl` or `parquet`; of another file its last suffix."""
        suffix = next((suffix for suffix in SUFFIXES if self.path.name.endswith(suffix)), self.path.suffix)
        return suffix.split(".")[1]

    def content_hash(self) -> str:
        """SHA-256 of the bytes and the way of reading: a file that was only touched or copied did not change."""
        digest = hashlib.sha256(self.reading_hash.encode())
        with self.path.open("rb") as stream:
            while chunk := stream.read(_HASH_CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def looks_like(self, known: Mapping[str, Any]) -> bool:
        """Whether it need not be read to know that it is still what a former load noted."""
        return self.fingerprint.items() <= known.items()

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What a load notes of it besides its contents."""
        names = ("size_bytes", "mtime_ns", "ctime_ns", "reading_hash")
        return {name: getattr(self, name) for name in names}

    def has_changed_on_disk(self) -> bool:
        """Whether the file was written to, or removed, since it was listed."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return True
        return (stat.st_size, stat.st_mtime_ns) != (self.size_bytes, self.mtime_ns)


def landing_files(folder: Path, entity: Entity, required: bool = True) -> list[LandingFile]:
    """The entity's files, ordered by name: `<entity>.<suffix>` and those in the folder `<entity>/`.

    Raises LandingError where the landing folder is missing or a required entity has no file; with `required`
    false, where other sources give what is required, both are nothing to read.
    """
    if not folder.is_dir():
        if not required:
            return []
        raise LandingError(
            f"the landing folder {folder} does not exist; make it and put your files there, or let REPLINE_LANDING "
            "point to where they are"
        )
    candidates = [folder / f"{entity.name}{suffix}" for suffix in SUFFIXES]
    below = folder / entity.name
    if below.is_dir():
        candidates += [path for path in below.rglob("*") if path.name.endswith(SUFFIXES)]
    files = sorted(
        (describe_file(path, folder) for path in candidates if path.is_file() and not path.name.startswith(".")),
        key=lambda file: file.name,
    )
    if required and entity.is_required and not files:
        raise LandingError(
            f"{folder} has no file for the required entity {entity.name}; put {entity.name}.csv, "
            f"{entity.name}.jsonl or {entity.name}.parquet, or a folder {entity.name}/ with such files, there"
        )
    return files


def listing(folder: Path, entities: Iterable[Entity] = ENTITIES) -> list[tuple[str, int, int]]:
    """Name, size in bytes and modification time in ns of every file that a load would look at.

    A folder that is not there yet holds nothing.
    """
    files = [file for entity in entities for file in landing_files(folder, entity, required=False)]
    return [(file.name, file.size_bytes, file.mtime_ns) for file in files]


def count_and_size(files: Sequence[LandingFile]) -> str:
    """How many files these are and how big, such as `2 files, 3.1 kB`."""
    size = decimal(sum(file.size_bytes for file in files))
    return f"{len(files):,} {'file' if len(files) == 1 else 'files'}, {size}"


def describe_file(path: Path, folder: Path) -> LandingFile:
    """The file as it is on the disk now, named by its path below `folder`; bytes of no letter are shown as `\\xff`."""
    stat = path.stat()
    name = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
    return LandingFile(path, name, stat.st_size, stat.st_mtime_ns, ctime_ns=stat.st_ctime_ns)
