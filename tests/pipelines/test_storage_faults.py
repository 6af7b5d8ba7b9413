"""A full disk and damaged files: one line that names the file and the way out, whoever met them.

The damage is real: overwritten bytes, cut files, and a file system of a few megabytes where one can be mounted.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from expectations.checks import GateError
from pipelines.assets.failures import clear_failures
from pipelines.cli import main
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError, published_version
from pipelines.reports.status import collect
from pipelines.runs.exclusion import wait_for_readers
from pipelines.runs.instance import open_instance
from pipelines.settings import Settings
from pipelines.storage_faults import storage_fault
from tests.pipelines.conftest import RefreshedHome, refresh
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse

Damage = Callable[[Path], None]


def overwrite(start: int, end: int | None = None) -> Damage:
    """Other bytes from `start` to `end`, by default to the end of the file."""

    def damage(file: Path) -> None:
        with file.open("r+b") as stream:
            stream.seek(start)
            stream.write(b"\xa7" * ((end or file.stat().st_size) - start))

    return damage


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def error_of(read: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        read()
    return caught.value


def read_all(file: Path) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("SELECT min(text) FROM raw.many").fetchall()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a warehouse of some blocks."""
    settings = make_settings(tmp_path)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute("CREATE TABLE raw.many AS SELECT hash(range)::VARCHAR AS text FROM range(100_000)")
    return settings


@pytest.mark.parametrize(
    "damage",
    [overwrite(0), overwrite(0, 64), overwrite(100, 200), overwrite(4096, 4200), overwrite(12288), cut],
    ids=["all", "start", "header", "second header", "blocks", "cut"],
)
def test_a_damaged_warehouse_is_named_and_not_waited_for(settings: Settings, damage: Damage) -> None:
    damage(settings.warehouse)
    fault = storage_fault(error_of(lambda: read_all(settings.warehouse)), settings)
    assert fault.startswith(f"the warehouse {settings.warehouse} is damaged; put back a copy of it, or move it away")
    try:
        wait_for_readers(settings.warehouse, print, patience_seconds=0)
    except duckdb.IOException as error:
        # Not dagster.Failure, which would say that another program has it open.
        assert storage_fault(error, settings) == fault
    # What the headers say may be whole, and then the tables are not found or not asked for.
    assert collect(settings, []).unknown


def test_every_step_says_it_in_this_line(settings: Settings) -> None:
    overwrite(12288)(settings.warehouse)
    fault = f"the warehouse {settings.warehouse} is damaged"
    with pytest.raises(dg.Failure) as failure, clear_failures(settings):
        read_all(settings.warehouse)
    assert str(failure.value.description).startswith(fault)
    with pytest.raises(dg.Failure) as failure, clear_failures(settings):
        try:
            read_all(settings.warehouse)
        except duckdb.Error as error:
            raise GateError(f"the warehouse cannot be read: {error}") from None
    assert str(failure.value.description).startswith(fault)
    with pytest.raises(PublicationError, match=f"^nothing was published: {fault}"):
        publish(settings, AS_OF, "fingerprint")


def test_a_refresh_of_a_damaged_warehouse_ends_at_once_with_this_line(settings: Settings) -> None:
    overwrite(0)(settings.warehouse)
    assert refresh(settings).failure.startswith(f"the warehouse {settings.warehouse} is damaged; put back a copy of it")


def test_another_error_is_none_of_these(settings: Settings) -> None:
    assert storage_fault(error_of(lambda: duckdb.sql("SELECT no_such_column")), settings) == ""
    assert storage_fault("the lock in block 7 of the corrupt office", settings) == ""
    with sqlite3.connect(":memory:") as connection:
        assert storage_fault(error_of(lambda: connection.execute("SELECT 1 FROM nothing")), settings) == ""


@pytest.mark.parametrize("damage", [overwrite(0), overwrite(4096), cut], ids=["all", "pages", "cut"])
@pytest.mark.parametrize("file", ["history/runs.db", "schedules/schedules.db"])
def test_a_damaged_record_of_the_runs_is_named(settings: Settings, file: str, damage: Damage) -> None:
    with open_instance(settings) as instance:
        instance.get_run_records()
        instance.all_instigator_state()
    damaged = settings.dagster_home / file
    damage(damaged)
    done = CliRunner().invoke(main, ["status"], env={"REPLINE_HOME": str(settings.home)})
    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: Dagster's record of the runs, {damaged}, is damaged; move the folder {settings.dagster_home} away "
        "and refresh: only the history of the runs is lost\n"
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, several times the size of a home."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


def test_a_full_disk_is_named_whatever_is_written(small_disk: Path) -> None:
    settings = make_settings(small_disk / "home")
    make_warehouse(settings)
    with open_instance(settings) as instance:
        instance.get_run_records()
    fill(small_disk)
    full = "is full; free some space, or lower keep_versions, and refresh again"

    def write_table() -> None:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("CREATE TABLE many AS SELECT hash(range)::VARCHAR AS text FROM range(1_000_000)")

    def spill() -> None:
        limits: dict[str, Any] = {"memory_limit": "20MB", "temp_directory": str(small_disk / "spill")}
        with duckdb.connect(config=limits) as connection:
            connection.execute("CREATE TABLE many AS SELECT hash(range) AS h FROM range(3_000_000) ORDER BY h")

    def record_a_run() -> None:
        with open_instance(settings) as instance:
            for number in range(100):
                instance.add_run_tags(instance.add_run(dg.DagsterRun("job")).run_id, {"text": str(number) * 1000})

    for write in (write_table, spill, record_a_run, lambda: (small_disk / "x").write_bytes(bytes(10_000))):
        assert storage_fault(error_of(write), settings).endswith(full), write
    with pytest.raises(PublicationError, match=f"^nothing was published: the disk of .* {full}$"):
        publish(settings, AS_OF, "fingerprint")
    assert published_version(settings) is None
    (small_disk / "filler").unlink()
    assert publish(settings, AS_OF, "fingerprint").number == 1


@pytest.mark.parametrize("with_its_records", [False, True], ids=["the data", "the data and Dagster's records"])
def test_a_refresh_on_a_full_disk_ends_with_one_line(
    refreshed: RefreshedHome, small_disk: Path, with_its_records: bool
) -> None:
    home = small_disk / "home"
    shutil.copytree(refreshed.settings.home, home, symlinks=True, ignore=shutil.ignore_patterns("data_docs", "dbt"))
    if not with_its_records:
        shutil.move(home / "dagster", small_disk.parent / "dagster")
        (home / "dagster").symlink_to(small_disk.parent / "dagster")
    settings = replace(refreshed.settings, home=home, landing=home / "landing")
    (settings.landing / "calls" / "zz_new.csv").write_text("call_id,user_id,started_at,direction\n", encoding="utf-8")
    fill(small_disk)
    try:
        said = refresh(settings).failure
    except Exception as error:
        # Where not even the run can be recorded, the command line says it.
        assert with_its_records
        said = storage_fault(error, settings)
    assert said.startswith(f"the disk of {home}")
    assert said.endswith(" is full; free some space, or lower keep_versions, and refresh again")
    version = published_version(settings)
    assert version is not None
    assert version.number == 1
