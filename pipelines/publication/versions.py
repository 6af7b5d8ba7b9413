"""The published versions: which ones there are, which one readers see, going back, clearing away.

Belongs here: the layout of the folder `published/` and every change of its links. Does not belong here:
making a version (`pipelines.publication.publish`).

    published/versions/000007/{repline.duckdb, parquet/<table>.parquet, site/<page>.html}
    published/current        -> versions/000007          flipped in one atomic step
    published/repline.duckdb -> current/repline.duckdb   what BI tools open
    published/marts.duckdb   -> current/repline.duckdb   the same by a former name, see DATABASE
    published/parquet        -> current/parquet
    published/rolled_back    -> versions/000008          the newest version, while an earlier one is current
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion.text import first_line
from pipelines.pages.site import SITE
from pipelines.settings import Settings

# DuckDB names a database after its file, and refuses `marts.fct_call` as ambiguous where that is `marts` like the
# schema. Since 1.5 it follows links first; before that, the name of the link counts.
DATABASE = "repline.duckdb"
PARQUET = "parquet"
PUBLICATION = "publication"
# What readers open, and where it is in a version.
LINKS = {"repline.duckdb": DATABASE, "marts.duckdb": DATABASE, "parquet": PARQUET}
# What a publication that was killed may leave in the folder of the versions. Whatever else lies there is not ours.
_LEFTOVERS = (".building-*", ".removed-*", ".spill*")


class PublicationError(RuntimeError):
    """Publishing or going back is not possible; the message is one line with the way out."""


@dataclass(frozen=True)
class PublishedTable:
    """One mart of a version.

    `checksum` is the sum over all rows of DuckDB's 64-bit hash of the row, in decimal digits. It does not
    depend on the order of the rows, sees every duplicate and every value, and is equal for equal content as
    long as the release of DuckDB is the same.
    """

    name: str
    row_count: int
    checksum: str


@dataclass(frozen=True)
class Version:
    """One complete published version. Both moments are aware and in UTC."""

    number: int
    path: Path
    published_at: datetime
    as_of: datetime
    fingerprint: str
    tables: tuple[PublishedTable, ...]

    @property
    def site(self) -> Path:
        """The folder of its pages, which is not there without them."""
        return self.path / SITE

    @property
    def row_count(self) -> int:
        return sum(table.row_count for table in self.tables)


def needs_publishing(settings: Settings, fingerprint: str) -> bool:
    """Whether the inputs with this fingerprint are not what was published last.

    `fingerprint` is that of `pipelines.runs.inputs`. The newest version counts, not the current one: after a
    rollback the same inputs would only bring the bad version back, on the next day as well.
    """
    numbers = version_numbers(settings)
    if not numbers or not _is_complete(settings, numbers[-1]):
        return True  # a damaged version is replaced by a new one
    newest = read_version(settings, numbers[-1])
    if newest.number != current_number(settings):
        return newest.fingerprint.partition("@")[0] != fingerprint.partition("@")[0]
    return newest.fingerprint != fingerprint


def current_number(settings: Settings) -> int | None:
    """The number of the version that readers see, None before the first publication."""
    return _linked_number(settings.published / "current")


def version_numbers(settings: Settings) -> list[int]:
    """The numbers of the kept versions, oldest first. A folder gets its number when everything is in it."""
    folders = (path for path in versions_dir(settings).glob("*") if path.is_dir())
    return sorted(int(path.name) for path in folders if re.fullmatch("[0-9]{6,}", path.name))


def versions(settings: Settings) -> list[Version]:
    """The kept versions, oldest first. Raises PublicationError where one cannot be read."""
    return [read_version(settings, number) for number in version_numbers(settings)]


def read_version(settings: Settings, number: int) -> Version:
    """One kept version. Raises PublicationError where it cannot be read."""
    path = version_path(settings, number)
    try:
        return Version(number, path, *read_record(path))
    except (duckdb.Error, IndexError) as error:
        raise PublicationError(
            f"version {number} cannot be read ({first_line(error)}); `repline refresh` puts another one in place"
        ) from error


def published_version(settings: Settings) -> Version | None:
    """The version that readers see. Raises PublicationError where it cannot be read."""
    number = current_number(settings)
    return None if number is None else read_version(settings, number)


def start_page(settings: Settings) -> Path:
    """The first of the pages that readers see. Raises PublicationError where there are none."""
    page = settings.published / "current" / SITE / "index.html"
    if page.is_file():
        return page
    number = current_number(settings)
    if number is None:
        raise PublicationError("nothing is published yet, so there are no pages; run `repline refresh`")
    raise PublicationError(
        f"version {number} was published without pages; the next one has them where the extra is installed "
        "(`pip install 'repline[pages]'`), the setting pages is on, and the step publish_marts logs no fault of theirs"
    )


def newest_version(settings: Settings) -> Version | None:
    """The version that was published last, whether readers see it or it was rolled back."""
    numbers = version_numbers(settings)
    return read_version(settings, numbers[-1]) if numbers else None


def published_row_counts(settings: Settings, before: datetime) -> dict[str, int]:
    """Rows of each mart that readers see, by table name.

    Empty before the first publication, and where readers see a moment after `before`: the marts of a past
    moment have fewer rows without anything being wrong.
    """
    version = published_version(settings)
    return {table.name: table.row_count for table in version.tables} if version and version.as_of <= before else {}


def release(settings: Settings, number: int) -> None:
    """Make the newest version the one that readers see."""
    _show_readers(settings, number)
    (settings.published / "rolled_back").unlink(missing_ok=True)


def restore_current(settings: Settings) -> None:
    """Let readers see the newest complete version where they see none, or not yet the newest.

    The links are lost where a backup was restored without them, `current` points nowhere where its folder is lost,
    and it stays behind where a publication was killed just before its last step. A rolled-back version is passed
    over as long as an earlier one is complete. Only for the holder of the refresh lock.
    """
    numbers, current = version_numbers(settings), current_number(settings)
    candidates = numbers[::-1]
    if numbers and current is not None and (_linked_number(settings.published / "rolled_back") or 0) >= numbers[-1]:
        candidates.sort(key=lambda number: number > current)
    if (found := next((number for number in candidates if _is_complete(settings, number)), None)) is not None:
        _go_to(settings, found)


def rollback(settings: Settings, to: int | None = None) -> Version:
    """Make another kept version current, by default the one before the current, or the newest if none is current.

    A refresh with the same inputs leaves it so; one with new inputs publishes a new version. Raises
    PublicationError where there is no such version.
    """
    current = current_number(settings)
    numbers = [number for number in version_numbers(settings) if _is_complete(settings, number)]
    if not version_numbers(settings):
        raise PublicationError("nothing is published yet, so there is nothing to go back to; run `repline refresh`")
    if not numbers:
        raise PublicationError("no complete version is kept, so there is nothing to go back to; run `repline refresh`")
    kept = ", ".join(map(str, numbers))
    if to is None:
        earlier = [number for number in numbers if current is None or number < current]
        if not earlier:
            raise PublicationError(f"no version before {current} is kept; complete versions: {kept}")
        to = earlier[-1]
    if to not in numbers:
        raise PublicationError(f"there is no complete version {to}; complete versions: {kept}")
    version = read_version(settings, to)
    _go_to(settings, to)
    return version


def prune(settings: Settings, keep: int, through: int = 0) -> list[int]:
    """Remove all but the newest `keep` versions (at least 2) and the current one; return their numbers.

    Those up to the number `through` go in any case, unless one is current.

    Two, because a reader that has followed the link may be about to open the version before.

    A reader that holds a removed file open goes on: the file is gone only when it is closed.
    """
    current = current_number(settings)
    numbers = version_numbers(settings)
    aged = numbers[: -max(keep, 2)]
    old = [number for number in numbers if (number in aged or number <= through) and number != current]
    for number in old:
        # Renamed first, so that a half-removed version is never taken for one.
        removed = versions_dir(settings) / f".removed-{number:06d}"
        version_path(settings, number).rename(removed)
        shutil.rmtree(removed, ignore_errors=True)
    return old


def clear_leftovers(settings: Settings) -> None:
    """Remove the unfinished folders that a killed publication left.

    What resists, such as a file that a reader on a network drive holds open, is in nobody's way and goes next time.
    """
    for pattern in _LEFTOVERS:
        for folder in versions_dir(settings).glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


def read_record(folder: Path) -> tuple[datetime, datetime, str, tuple[PublishedTable, ...]]:
    """published_at and as_of (aware, UTC), fingerprint and tables of a version. Raises duckdb.Error."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT published_at, as_of, fingerprint, table_name, row_count, checksum"
            " FROM read_parquet(?) ORDER BY table_name",
            [str(folder / PARQUET / f"{PUBLICATION}.parquet")],
        ).fetchall()
    published_at, as_of, fingerprint = rows[0][:3]
    tables = tuple(PublishedTable(*row[3:]) for row in rows)
    return published_at.replace(tzinfo=UTC), as_of.replace(tzinfo=UTC), fingerprint, tables


def versions_dir(settings: Settings) -> Path:
    return settings.published / "versions"


def version_path(settings: Settings, number: int) -> Path:
    return versions_dir(settings) / f"{number:06d}"


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to disk, so that a rename or link in it outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _go_to(settings: Settings, number: int) -> None:
    newest = version_numbers(settings)[-1]
    if number == newest:
        release(settings, number)
    else:
        # The mark comes first: without it, the next refresh takes the newer version for one that was never released.
        _link(settings.published / "rolled_back", Path("versions") / f"{newest:06d}")
        _show_readers(settings, number)


def _show_readers(settings: Settings, number: int) -> None:
    _link(settings.published / "current", Path("versions") / f"{number:06d}")
    for name, target in LINKS.items():
        _link(settings.published / name, Path("current") / target)
    sync_folder(settings.published)


def _link(link: Path, target: Path) -> None:
    """Point a link at a target in one atomic step: a reader sees the old one or the new one."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        raise PublicationError(
            f"{link} is a folder where a link has to be, perhaps from a backup that copied what links point to; "
            "move it away and run `repline refresh`"
        )
    new = link.with_name(f".{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _linked_number(link: Path) -> int | None:
    name = link.readlink().name if link.is_symlink() else ""
    return int(name) if name.isdigit() else None


def _is_complete(settings: Settings, number: int) -> bool:
    """Whether the version has all files that its own record names: a backup may have restored a part."""
    path = version_path(settings, number)
    try:
        *_, tables = read_record(path)
    except (duckdb.Error, IndexError):
        return False
    parquet = (path / PARQUET / f"{table.name}.parquet" for table in tables)
    return all(file.is_file() for file in (path / DATABASE, *parquet))
