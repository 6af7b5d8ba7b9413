"""The schedule and the sensor: when they ask for a refresh, and when they wait."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from pipelines.assets.names import REFRESH_JOB
from pipelines.runs.triggers import QUIET_SECONDS, build_triggers, is_being_written
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, landing=tmp_path / "landing")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def land(settings: Settings, name: str, text: str = "user_id,full_name\n", age_seconds: float = 60) -> Path:
    path = settings.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    moment = time.time() - age_seconds
    os.utime(path, (moment, moment))
    return path


def look(settings: Settings, instance: dg.DagsterInstance, cursor: str | None) -> tuple[int, str | None, str]:
    """How many refreshes one look asks for, the cursor after it, and why it asked for none."""
    _, sensors = build_triggers(settings, REFRESH_JOB)
    [sensor] = [sensor for sensor in sensors if sensor.name == "files_arrived"]
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = sensor(context)
    if isinstance(result, dg.SkipReason):
        return 0, cursor, result.skip_message or ""
    assert isinstance(result, dg.SensorResult)
    return len(result.run_requests or []), result.cursor, ""


def test_a_file_is_taken_up_once_and_again_when_it_changes(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert look(settings, instance, None) == (0, None, f"{settings.landing} has no files yet.")
    land(settings, "users.csv")
    asked, cursor, _ = look(settings, instance, None)
    assert asked == 1
    assert look(settings, instance, cursor)[0] == 0
    land(settings, "users.csv", "user_id,full_name\n1,A\n", age_seconds=50)
    asked, changed, _ = look(settings, instance, cursor)
    assert asked == 1
    land(settings, "calls/2025.parquet", "not even Parquet: content is not looked at")
    asked, arrived, _ = look(settings, instance, changed)
    assert asked == 1
    (settings.landing / "calls/2025.parquet").unlink()
    assert look(settings, instance, arrived)[0] == 1


def test_a_file_that_is_still_written_is_waited_for(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, "users.csv")
    _, cursor, _ = look(settings, instance, None)
    path = land(settings, "calls.csv", age_seconds=QUIET_SECONDS / 2)
    asked, unchanged, reason = look(settings, instance, cursor)
    assert (asked, unchanged, reason) == (0, cursor, "A file is still being written.")
    done = time.time() - QUIET_SECONDS - 1
    os.utime(path, (done, done))
    assert look(settings, instance, cursor)[0] == 1


def test_a_time_in_the_future_does_not_hold_up_for_ever() -> None:
    now = time.time_ns()
    assert is_being_written([("a.csv", 1, now - 1)], now)
    assert not is_being_written([("a.csv", 1, now + 3600 * 10**9)], now)


def test_other_files_are_none_of_our_business(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, "users.csv")
    _, cursor, _ = look(settings, instance, None)
    land(settings, "notes.txt")
    land(settings, ".users.csv.part")
    assert look(settings, instance, cursor)[0] == 0


def test_the_schedule_skips_while_there_is_nothing_to_load(settings: Settings) -> None:
    schedule, _ = build_triggers(settings, REFRESH_JOB)
    context = dg.build_schedule_context()
    assert isinstance(schedule(context), dg.SkipReason)
    land(settings, "users.csv")
    assert isinstance(schedule(context), dg.RunRequest)


def test_exports_are_watched_where_they_are_on(settings: Settings, instance: dg.DagsterInstance) -> None:
    both = replace(settings, overrides={"sources": ["landing", "exports"]})
    land(both, "users.csv")
    _, cursor, _ = look(both, instance, None)
    export = both.exports / "deals.csv"
    export.parent.mkdir(parents=True)
    export.write_text("Deal;Amount\n", encoding="utf-8")
    os.utime(export, (0, 0))
    assert look(settings, instance, look(settings, instance, None)[1])[0] == 0
    assert look(both, instance, cursor)[0] == 1


def test_where_a_system_is_asked_no_file_is_waited_for(settings: Settings, instance: dg.DagsterInstance) -> None:
    crm = replace(settings, overrides={"sources": ["hubspot"]})
    schedule, _ = build_triggers(crm, REFRESH_JOB)
    assert isinstance(schedule(dg.build_schedule_context()), dg.RunRequest)
    assert look(crm, instance, None) == (0, None, "No source has files.")
