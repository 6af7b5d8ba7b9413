"""Conditions: what is an alarm, what it says, and since when it is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import yaml

from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.conditions import Alarm, judge
from pipelines.practice_settings import RANKED_KPIS
from pipelines.publication.publish import publish
from pipelines.publication.versions import rollback
from pipelines.reports.freshness import measure
from pipelines.reports.status import Run, collect
from pipelines.settings import DBT_PROJECT_DIR, Settings
from tests.pipelines.alarms.conftest import FAILED, FAILED_AGAIN, SUCCESS, add_failed_check, later
from tests.pipelines.small_warehouse import AS_OF, warehouse


def alarms_of(settings: Settings, *runs: Run) -> dict[str, Alarm]:
    status = collect(settings, runs)
    return {alarm.key: alarm for alarm in judge(settings, status, measure(settings, AS_OF), AS_OF).alarms}


def publish_figures(settings: Settings, as_of: datetime = AS_OF, **months: Mapping[str, str]) -> None:
    """A version with these figures of the company, by month (`m2025_03`); each month names the same KPIs."""
    rows = [
        f"SELECT 'month' AS period_type, DATE '{name[1:5]}-{name[6:]}-01' AS period_start,"
        f" last_day(DATE '{name[1:5]}-{name[6:]}-01') AS period_end, "
        + ", ".join(f"{figure}::DECIMAL(18, 2) AS {kpi}" for kpi, figure in figures.items())
        for name, figures in months.items()
    ]
    with warehouse(settings) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE marts.kpi_company_scorecard AS {' UNION ALL '.join(rows)}")
    publish(settings, as_of, str(months))


def won(amount: str) -> dict[str, str]:
    return {"won_amount": amount}


def test_nothing_is_wrong(settings: Settings) -> None:
    assert alarms_of(settings, SUCCESS, FAILED) == {}


def test_stale_data_and_stale_marts_since_the_moment_that_they_are(settings: Settings) -> None:
    found = alarms_of(later(settings, hours=71), SUCCESS)
    assert set(found) == {"stale_data:calls", "stale_marts:published"}
    assert found["stale_data:calls"].what == "calls: the newest event is 73.0 hours old; the limit is 72."
    assert found["stale_data:calls"].since == datetime(2025, 5, 3, 10, tzinfo=UTC)
    assert found["stale_marts:published"].since == AS_OF + timedelta(hours=26)


def test_a_refresh_has_failed_since_the_first_failure_after_a_success(settings: Settings) -> None:
    running = Run("a" * 36, "started", AS_OF, None)
    [found] = alarms_of(settings, running, FAILED_AGAIN, FAILED, SUCCESS).values()
    assert (found.key, found.since) == ("failed_refresh:refresh", FAILED.ended_at)
    assert "run eeeeeeee" in found.what
    assert alarms_of(settings, running, SUCCESS, FAILED) == {}


def test_a_gate_stops_for_errors_alone_and_quarantine_is_named(settings: Settings) -> None:
    add_failed_check(settings, "marts", "marts.fct_call", "implausible", "warning")
    assert alarms_of(settings, SUCCESS) == {}
    add_failed_check(settings, "landing", "raw.landing__calls", "quarantined_share", "error")
    found = alarms_of(settings, FAILED)
    assert set(found) == {"failed_refresh:refresh", "stopped_gate:landing", "quarantine:raw.landing__calls"}
    gate = found["stopped_gate:landing"]
    assert gate.what == (
        "The landing gate stopped the refresh: quarantined_share on raw.landing__calls is 0.2, expected at most 0.05."
    )
    assert (gate.advice, gate.since) == ("Correct the export. Then `repline refresh`.", FAILED.ended_at)


def test_figures_of_the_last_complete_month_jump_beyond_their_limit(settings: Settings) -> None:
    figures = {
        "won_amount": ("100", "125", False),
        "won_count": ("100", "126", True),
        "lost_amount": ("100", "80", False),
        "lost_count": ("100", "79", True),
        "created_amount": ("0", "0", False),
        "created_count": ("0", "1", True),
        "open_amount": ("-5", "5", True),
        "win_rate": ("NULL", "NULL", False),
        "attainment": ("0.5", "NULL", True),
    }
    limits = AlarmSettings(alarm_kpi_jumps=dict.fromkeys(figures, 1.25))
    settings = replace(settings, alarms=limits)
    running, old = dict.fromkeys(figures, "1"), dict.fromkeys(figures, "7")
    before = {kpi: each[0] for kpi, each in figures.items()}
    after = {kpi: each[1] for kpi, each in figures.items()}
    publish_figures(settings, m2025_02=old, m2025_03=before, m2025_04=running)
    assert alarms_of(settings) == {}
    # The month that is still running may grow as it likes.
    publish_figures(settings, m2025_02=old, m2025_03=after, m2025_04=dict.fromkeys(figures, "1000"))
    assert set(alarms_of(settings)) == {
        f"kpi_jump:{kpi} of version 3" for kpi, (_, _, has_jumped) in figures.items() if has_jumped
    }


def test_a_jump_says_what_jumped_and_ends_with_the_next_version(settings: Settings) -> None:
    settings = replace(settings, alarms=AlarmSettings(alarm_kpi_jumps={"won_amount": 1.25}))
    publish_figures(settings, m2025_03=won("1000"))
    publish_figures(settings, m2025_03=won("2500.5"))
    found = alarms_of(settings)["kpi_jump:won_amount of version 3"]
    assert found.what == (
        "won_amount of the company in 2025-03 went from 1,000.00 in version 2 to 2,500.50 in version 3; "
        "a ratio of 1.25 is the limit."
    )
    rollback(settings)
    assert alarms_of(settings) == {}
    publish_figures(settings, m2025_03=won("2500.5"), m2025_02=won("1"))
    assert alarms_of(settings) == {}


def test_a_month_that_ended_between_two_versions_is_no_jump(settings: Settings) -> None:
    settings = replace(settings, alarms=AlarmSettings(alarm_kpi_jumps={"won_amount": 1.25}))
    publish_figures(settings, AS_OF, m2025_03=won("100"), m2025_04=won("1"))
    publish_figures(settings, AS_OF + timedelta(days=1), m2025_03=won("100"), m2025_04=won("500"))
    assert alarms_of(settings) == {}


def test_every_kpi_that_may_jump_is_a_figure_of_the_company() -> None:
    [file] = (DBT_PROJECT_DIR / "models" / "marts").rglob("kpi_company_scorecard.yml")
    [model] = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    assert set(RANKED_KPIS) <= {column["name"] for column in model["columns"]}
