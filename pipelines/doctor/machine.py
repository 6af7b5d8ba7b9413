"""Looks at the machine: disk, clock, time zone, versions, and the port of `repline serve`.

Does not belong here: what Repline wrote (`pipelines.doctor.home`).
"""

from __future__ import annotations

import platform
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rich.filesize import decimal

from ingestion.findings import Finding, State
from pipelines.settings import SPARK, Settings
from pipelines.spark.connection import LEAST_JAVA, NO_JAVA, java
from pipelines.spark.probing import lake_fault

PROGRAM = "repline"
PORT = 3000
# Dagster's records, dlt's copies and a version of a small company together.
_LEAST_FREE_BYTES = 500_000_000
# A refresh writes the marts into the warehouse, a new version beside the kept ones, and dlt's copies of a first load.
_ROOM_OF_A_REFRESH = 2
# Clocks that time servers set differ by less.
_CLOCK_TOLERANCE = timedelta(minutes=5)


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether the data home can be written, and its disk has room for a refresh."""
    existing = next(folder for folder in (settings.home, *settings.home.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        text = f"{existing} cannot be written ({error.strerror}); allow it, or set REPLINE_HOME to another folder"
        yield Finding(State.FAULT, "write", text)
    else:
        yield Finding(State.OK, "write", f"{settings.home} can be {'written' if existing == settings.home else 'made'}")
    free = shutil.disk_usage(existing).free
    held = settings.warehouse.stat().st_size if settings.warehouse.exists() else 0
    wanted = max(_LEAST_FREE_BYTES, _ROOM_OF_A_REFRESH * held)
    text = f"{decimal(free)} free"
    if free < wanted:
        text += f", and a refresh may need {decimal(wanted)}; free some, or lower keep_versions"
    yield Finding(State.WARNING if free < wanted else State.OK, "disk", text)


def clock(settings: Settings, now: datetime, newest: datetime | None) -> Iterator[Finding]:
    """Whether now is later than the newest moment that Repline itself noted (`newest`, aware, None for none)."""
    zone = settings.business.reporting_timezone
    if newest is not None and newest > now + _CLOCK_TOLERANCE:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC, before the last publication ({newest:%Y-%m-%d %H:%M}); set the clock"
        yield Finding(State.FAULT, "clock", text)
    else:
        local = now.astimezone(ZoneInfo(zone))
        yield Finding(State.OK, "clock", f"{now:%Y-%m-%d %H:%M} UTC, in {zone} {local:%Y-%m-%d %H:%M}")
    if settings.as_of is not None and settings.as_of > now:
        text = f"as_of is {settings.as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC, in the future; take it away to mean now"
        yield Finding(State.WARNING, "as_of", text)


def versions(wanted_extras: set[str]) -> Iterator[Finding]:
    """Python and the packages against the ranges that this release asks for, and the extras that are there."""
    release = metadata.distribution(PROGRAM)
    python, range_ = platform.python_version(), release.metadata["Requires-Python"]
    is_known = SpecifierSet(range_).contains(python, prereleases=True)
    text = (
        f"{python}" if is_known else f"{python}, but {PROGRAM} {release.version} needs {range_}; install it anew there"
    )
    yield Finding(State.OK if is_known else State.FAULT, "python", text)
    requirements = [Requirement(text) for text in release.requires or ()]
    wrong = [found for each in requirements if (found := _unmet(each, ""))]
    text = f"those of {PROGRAM} {release.version}" if not wrong else f"{'; '.join(wrong)}; install {PROGRAM} anew"
    yield Finding(State.FAULT if wrong else State.OK, "packages", text)
    for extra in release.metadata.get_all("Provides-Extra") or ():
        of_extra = [each for each in requirements if each.marker and "extra" in str(each.marker)]
        wrong = [found for each in of_extra if (found := _unmet(each, extra))]
        if not wrong:
            yield Finding(State.OK, f"extra {extra}", "installed")
        elif extra in wanted_extras:
            text = f"{'; '.join(wrong)}; run `pip install '{PROGRAM}[{extra}]'`"
            yield Finding(State.FAULT, f"extra {extra}", text)


def _unmet(requirement: Requirement, extra: str) -> str:
    """What is wrong with a requirement that holds with the extra; empty where nothing is."""
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return ""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    is_met = requirement.specifier.contains(version, prereleases=True)
    return "" if is_met else f"{requirement.name} is {version}, not {requirement.specifier}"


def spark(settings: Settings) -> Iterator[Finding]:
    """Where Spark builds the models: whether the lake can be written and read, and whether there is a Java to start."""
    if settings.target != SPARK:
        return
    who = settings.spark_endpoint or PROGRAM
    is_in_new_home = settings.lake_place is None and not settings.home.is_dir()
    fault = None if is_in_new_home else lake_fault(settings)
    if is_in_new_home:
        yield Finding(State.OK, "lake", f"{settings.lake} is made by the first refresh")
    elif fault is None:
        yield Finding(State.OK, "lake", f"{who} reads and writes {settings.lake}")
    else:
        yield Finding(State.FAULT, "lake", f"{who} does not read or write {settings.lake}: {fault}")
    if settings.spark_endpoint:
        return
    found = java()
    if found is None:
        yield Finding(State.FAULT, "java", NO_JAVA)
        return
    done = subprocess.run([found, "-version"], capture_output=True, text=True)  # noqa: S603 - the user's own Java
    version = re.search(r'version "(\d+)', done.stderr)
    if version is None or int(version[1]) < LEAST_JAVA:
        said = version[1] if version else "no version"
        yield Finding(State.FAULT, "java", f"{found} is {said}; {NO_JAVA}")
    else:
        yield Finding(State.OK, "java", f"{version[1]}, {found}")


def port(number: int = PORT) -> Iterator[Finding]:
    """Whether `repline serve` can listen."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", number))
        except OSError:
            text = f"{number} is taken, perhaps by `{PROGRAM} serve` itself; `--port {number + 1}` takes another"
            yield Finding(State.WARNING, "port", text)
        else:
            yield Finding(State.OK, "port", f"{number} is free for `{PROGRAM} serve`")


def readable_settings(file: Path | None) -> Finding:
    """Which settings file counts."""
    text = f"{file}" if file else "no repline.yml here or in REPLINE_HOME: the defaults hold; `repline init` writes one"
    return Finding(State.OK, "settings", text)
