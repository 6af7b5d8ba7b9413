"""`repline freshness`: right ages and limits, and an answer whatever the state of the warehouse."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from rich.console import Console

from expectations.landing import EVENT_COLUMNS
from ingestion.contract import ENTITIES, ENTITIES_BY_NAME
from pipelines.publication.publish import publish
from pipelines.reports import warehouse_reader
from pipelines.reports.freshness import DatasetAge, Freshness, measure, show_freshness
from pipelines.settings import Settings, SettingsError, default_vars
from tests.pipelines.small_warehouse import AS_OF, hold, land, make_settings, make_warehouse, warehouse
from tests.processes import FORKS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Calls 30 hours old, the newest opportunity changed 2 hours ago, all else absent; published."""
    settings = make_settings(tmp_path / "home")
    make_warehouse(settings)
    land(settings, "calls", "2025-04-30 10:00:00")
    land(settings, "opportunities", "2025-04-30 11:00:00")
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO raw.landing__users (user_id) VALUES ('u1'), ('u2')")
        connection.execute(
            "INSERT INTO raw.landing__calls (call_id, started_at) VALUES"
            " ('c1', '2025-04-29 06:00:00'), ('c2', '2025-04-28 06:00:00'), ('later', '2025-05-01 00:00:00')"
        )
        connection.execute(
            "INSERT INTO raw.landing__opportunities (opportunity_id, created_at, updated_at) VALUES"
            " ('o1', '2025-04-01 00:00:00', '2025-04-30 10:00:00'),"
            " ('o2', '2025-04-30 09:00:00', '2025-05-01 00:00:00'),"
            " ('o3', '2025-04-30 09:00:00', NULL)"
        )
    publish(settings, AS_OF, "inputs")
    return settings


def at(settings: Settings, moment: datetime, **limits: object) -> Settings:
    """The settings as of a moment, with these limits and no others; with the default ones where none is given."""
    only = {**dict.fromkeys(default_vars()["freshness_limit_hours"]), **limits}
    return replace(settings, as_of=moment, overrides={"freshness_limit_hours": only} if limits else {})


def by_name(freshness: Freshness) -> dict[str, DatasetAge]:
    return {each.dataset: each for each in freshness.datasets}


def shown(settings: Settings, is_terminal: bool = False, width: int = 100) -> tuple[bool, str]:
    text = io.StringIO()
    is_good = show_freshness(settings, Console(file=text, force_terminal=is_terminal, width=width))
    return is_good, text.getvalue()


def test_ages_are_those_of_the_newest_event_up_to_the_as_of_moment(settings: Settings) -> None:
    freshness = measure(settings)
    datasets = by_name(freshness)
    assert list(datasets) == [*(entity.name for entity in ENTITIES), "published"]
    assert datasets["calls"].age_hours == 30
    assert datasets["calls"].last_load_at == datetime(2025, 4, 30, 10)
    # An update after the as-of moment does not exist, the creation of the same record does.
    assert datasets["opportunities"].age_hours == 2
    assert datasets["published"].last_event_at == AS_OF.replace(tzinfo=None)
    assert datasets["published"].age_hours == 0
    assert freshness.is_good


def test_the_as_of_moment_is_now_unless_it_is_set(settings: Settings) -> None:
    now = AS_OF + timedelta(hours=10)
    assert by_name(measure(replace(settings, as_of=None), now))["calls"].age_hours == 40
    assert by_name(measure(settings, now))["calls"].age_hours == 30


@pytest.mark.parametrize(("limit_hours", "is_late"), [(29.9, True), (30, False), (31, False)])
def test_a_dataset_is_late_when_it_is_older_than_its_limit(
    settings: Settings, limit_hours: float, is_late: bool
) -> None:
    freshness = measure(at(settings, AS_OF, calls=limit_hours))
    assert by_name(freshness)["calls"].is_late is is_late
    assert freshness.is_good is not is_late


def test_without_a_limit_nothing_is_late(settings: Settings) -> None:
    freshness = measure(at(settings, AS_OF + timedelta(days=1000), leads=1))
    assert freshness.is_good
    assert by_name(freshness)["calls"].limit_hours is None


def test_an_entity_that_never_landed_is_not_late(settings: Settings) -> None:
    meetings = by_name(measure(at(settings, AS_OF, meetings=1)))["meetings"]
    assert (meetings.last_event_at, meetings.last_load_at, meetings.age_hours) == (None, None, None)
    assert not meetings.is_late


def test_old_marts_are_late(settings: Settings) -> None:
    freshness = measure(at(settings, AS_OF + timedelta(hours=27), published=26))
    assert [each.dataset for each in freshness.datasets if each.is_late] == ["published"]


def test_a_shell_with_other_sources_is_told_so(settings: Settings) -> None:
    elsewhere = replace(settings, overrides={"sources": ["exports", "aircall"]})
    _, text = shown(elsewhere, width=1000)
    assert "the settings here are not those of the last refresh: `sources` is exports, aircall (no repline.yml)" in text
    assert "it loaded landing" in text
    assert "the ages are those known to version 1" in text


def test_marts_that_were_never_published_are_late(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    make_warehouse(settings)
    freshness = measure(settings)
    assert [each.dataset for each in freshness.datasets if each.is_late] == ["published"]
    assert not freshness.is_good


def test_every_column_of_events_is_a_moment_of_the_contract() -> None:
    for entity, columns in EVENT_COLUMNS.items():
        types = {column.name: column.type.value for column in ENTITIES_BY_NAME[entity].columns}
        assert {types[column] for column in columns} <= {"TIMESTAMP", "DATE"}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"calls": "two days"}, "freshness_limit_hours has 'two days' for calls"),
        ({"calls": True}, "freshness_limit_hours has True for calls"),
        ({"cals": 48}, "freshness_limit_hours names 'cals'; did you mean 'calls'. it may name: accounts, call_scores"),
        (48, "freshness_limit_hours is 48"),
    ],
)
def test_a_bad_limit_is_one_clear_line(settings: Settings, limits: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        measure(replace(settings, overrides={"freshness_limit_hours": limits}))


# --- What is printed


def test_plain_lines_are_aligned_and_hold_each_dataset(settings: Settings) -> None:
    is_good, text = shown(at(settings, AS_OF, calls=24, opportunities=72, meetings=72))
    lines = text.splitlines()
    assert not is_good
    assert len(lines) == 1 + len(ENTITIES) + 1 + 1
    width = max(len(entity.name) for entity in ENTITIES)
    assert f"{'calls':{width}}  2025-04-29 06:00  2025-04-30 10:00     30.0         24  late" in lines
    assert f"{'opportunities':{width}}  2025-04-30 10:00  2025-04-30 11:00      2.0         72  ok" in lines
    assert f"{'meetings':{width}}  -                 -                       -         72  -" in lines
    assert f"{'published':{width}}  2025-04-30 12:00  2" in text
    assert lines[-2].endswith("      0.0          -  -")
    assert lines[-1] == "Late: calls."
    assert "\x1b" not in text


def test_plain_lines_do_not_depend_on_the_width_of_the_terminal(settings: Settings) -> None:
    assert shown(settings, width=20) == shown(settings, width=200)


def test_a_terminal_gets_colour(settings: Settings) -> None:
    is_good, text = shown(at(settings, AS_OF, calls=24), is_terminal=True)
    assert not is_good
    assert any("\x1b[1;31m" in line and "calls" in line for line in text.splitlines())


def test_it_says_that_nothing_is_late(settings: Settings) -> None:
    is_good, text = shown(settings)
    assert is_good
    assert text.splitlines()[-1] == "Nothing is late as of 2025-04-30 12:00 UTC."


# --- An answer whatever the state of the warehouse


def test_during_a_refresh_the_last_known_ages_are_given(settings: Settings) -> None:
    undisturbed = measure(settings)
    with FileLock(settings.refresh_lock):
        freshness = measure(settings)
        is_good, text = shown(at(settings, AS_OF + timedelta(hours=48), calls=72))
    assert freshness.datasets == undisturbed.datasets
    assert freshness.notes == ("a refresh is running: the ages are those known to version 1",)
    assert freshness.is_good
    assert not is_good
    assert "Note: a refresh is running: the ages are those known to version 1." in text
    assert "Late: calls." in text


def test_a_warehouse_that_another_program_writes_to_does_not_stop_the_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_reader, "PATIENCE_SECONDS", 0.1)
    is_ready, may_end = FORKS.Event(), FORKS.Event()
    process = FORKS.Process(target=hold, args=(str(settings.warehouse), is_ready, may_end))
    process.start()
    try:
        assert is_ready.wait(60)
        freshness = measure(settings)
    finally:
        may_end.set()
        process.join()
    assert by_name(freshness)["calls"].age_hours == 30
    assert freshness.notes == (
        "another program has the warehouse open for writing: the ages are those known to version 1",
    )
    assert measure(settings).notes == ()


def test_a_look_does_not_keep_the_refresh_lock(settings: Settings) -> None:
    settings.refresh_lock.touch()
    measure(settings)
    with FileLock(settings.refresh_lock, timeout=0):
        pass


@pytest.mark.parametrize("state", ["no home", "no tables", "not a database", "first refresh"])
def test_where_nothing_is_known_it_says_so_and_is_not_good(tmp_path: Path, state: str) -> None:
    settings = make_settings(tmp_path / "home")
    expected = {
        "no home": "nothing was loaded yet; run `repline refresh`",
        "no tables": "the warehouse is not complete; run `repline refresh`",
        "not a database": "is damaged; put back a copy of it",
        "first refresh": "a refresh is running",
    }
    if state != "no home":
        settings.home.mkdir()
    if state == "not a database":
        settings.warehouse.write_text("this is no database, but long enough to be taken for one" * 100)
    elif state != "no home":
        duckdb.connect(str(settings.warehouse)).close()
    if state == "first refresh":
        with FileLock(settings.refresh_lock):
            is_good, text = shown(settings)
    else:
        is_good, text = shown(settings)
    assert not is_good
    assert expected[state] in text
    assert "no age is known" in text
    assert "Nothing is late" not in text


def test_a_damaged_published_version_does_not_stop_the_answer(settings: Settings) -> None:
    (settings.published / "parquet" / "publication.parquet").unlink()
    is_good, text = shown(settings)
    assert not is_good
    assert "Note: version 1 cannot be read" in text
    assert "Late: published." in text
    with FileLock(settings.refresh_lock):
        assert "no age is known" in shown(settings)[1]


def test_the_limits_of_the_project_are_sound() -> None:
    freshness = measure(make_settings(Path("/nonexistent"), as_of=datetime(2025, 1, 1, tzinfo=UTC)))
    assert [each.dataset for each in freshness.datasets if each.is_late] == ["published"]
