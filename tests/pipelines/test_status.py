"""`repline status`: the runs, the published version, the quarantine and the failed checks, as they are."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError, rollback
from pipelines.reports.status import (
    DataQualityWarning,
    FailedCheck,
    QuarantinedRows,
    Run,
    Status,
    collect,
    last_runs,
    show,
    show_status,
)
from pipelines.settings import Settings
from tests.pipelines.small_warehouse import AS_OF, land, make_settings, make_warehouse, warehouse

STARTED = datetime(2025, 4, 30, 12, tzinfo=UTC)
SUCCESS = Run("0123456789ab", "success", STARTED, datetime(2025, 4, 30, 12, 1, 30, tzinfo=UTC))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = make_settings(tmp_path / "home")
    make_warehouse(settings)
    with warehouse(settings) as connection:
        connection.execute(
            "CREATE TABLE marts.data_quality_warnings AS SELECT * FROM (VALUES"
            " ('unknown_rep', 'calls', NULL, 12::BIGINT, 'Rows of an unknown rep.'),"
            " ('unknown_rep', 'quotas', NULL, 0, 'Rows of an unknown rep.'),"
            " ('manager_cycle', 'user_history', 'u4', 1, 'Managers in a circle.'),"
            " ('manager_cycle', 'user_history', 'u2', 2, 'Managers in a circle.'),"
            " ('manager_cycle', 'user_history', 'u5', 1, 'Managers in a circle.'),"
            " ('manager_cycle', 'user_history', 'u7', 1, 'Managers in a circle.'))"
            " AS warnings (rule, entity, subject, row_count, description)"
        )
    return settings


def add_results(settings: Settings, run_id: str, checked_at: str, *results: tuple[str, str, bool]) -> None:
    """`results` are (expectation, severity, success)."""
    with warehouse(settings) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS quality.expectation_result (run_id VARCHAR, suite VARCHAR,"
            " table_name VARCHAR, expectation VARCHAR, severity VARCHAR, success BOOLEAN, observed VARCHAR,"
            " expected VARCHAR, meaning VARCHAR, checked_at TIMESTAMP)"
        )
        for expectation, severity, success in results:
            connection.execute(
                "INSERT INTO quality.expectation_result VALUES"
                " (?, 'landing', 'raw.landing__calls', ?, ?, ?, '7', 'at most 5', 'Look at [the] file.', ?)",
                [run_id, expectation, severity, success, checked_at],
            )


def shown(status: Status, is_terminal: bool = False, width: int = 200) -> str:
    text = io.StringIO()
    show(status, Console(file=text, force_terminal=is_terminal, width=width))
    return text.getvalue()


def section(text: str, title: str) -> list[str]:
    lines = text.splitlines()
    start = lines.index(title) + 1
    return lines[start : lines.index("", start)] if "" in lines[start:] else lines[start:]


def test_before_the_first_refresh_it_says_what_to_do(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home")
    text = io.StringIO()
    show_status(settings, Console(file=text))
    assert section(text.getvalue(), "Last runs") == [
        "None yet. Start one with `repline refresh`, or see `repline demo`."
    ]
    assert section(text.getvalue(), "Published version") == ["None yet."]
    assert section(text.getvalue(), "Quarantined rows") == ["Not known: nothing was loaded yet; run `repline refresh`."]
    assert not settings.home.exists()


def test_the_last_runs(settings: Settings) -> None:
    runs = [
        Run("ba9876543210", "started", STARTED, None),
        SUCCESS,
        Run("aaaaaaaaaaaa", "failure", STARTED, datetime(2025, 4, 30, 12, 0, 9, tzinfo=UTC)),
    ]
    assert section(shown(collect(settings, runs)), "Last runs") == [
        "run       started (UTC)           took  status",
        "ba987654  2025-04-30 12:00           -  started, and its process is gone",
        "01234567  2025-04-30 12:00  1 min 30 s  success",
        "aaaaaaaa  2025-04-30 12:00         9 s  failure",
    ]
    with FileLock(settings.refresh_lock):
        assert section(shown(collect(settings, runs)), "Last runs")[1].endswith("  started")


def test_runs_are_read_from_dagster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster import DagsterRunStatus, job

    from pipelines.assets.names import REFRESH_JOB
    from pipelines.runs.instance import open_instance

    settings = make_settings(tmp_path)
    assert last_runs(settings) == []
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards

    @job(name=REFRESH_JOB)
    def refresh() -> None: ...

    @job
    def other() -> None: ...

    with open_instance(settings) as instance:
        results = [each.execute_in_process(instance=instance) for each in (refresh, other, refresh)]
    runs = last_runs(settings)
    assert [run.run_id for run in runs] == [results[2].run_id, results[0].run_id]
    assert {run.status for run in runs} == {DagsterRunStatus.SUCCESS.value.lower()}
    for run in runs:
        assert run.started_at is not None and run.ended_at is not None
        assert run.started_at <= run.ended_at <= datetime.now(UTC)


def test_the_published_version_with_its_tables(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    status = collect(settings, [SUCCESS])
    assert status.published == version
    lines = section(shown(status), "Published version")
    assert lines[0].startswith("Version 1, published 2")
    assert lines[0].endswith(" UTC, as of 2025-04-30 12:00 UTC.")
    assert lines[1:] == [
        "Kept versions: 1.",
        "table                  rows",
        "data_quality_warnings     6",
        "dim_rep                   0",
        "fct_call                  3",
    ]


def test_a_rollback_is_shown(settings: Settings) -> None:
    for number in range(3):
        publish(settings, AS_OF, str(number))
    rollback(settings)
    lines = section(shown(collect(settings, [])), "Published version")
    assert lines[0].startswith("Version 2, ")
    assert lines[1].startswith("Rolled back: version 3 is newer.")
    assert lines[2] == "Kept versions: 1, 2, 3."


def test_quarantined_rows_of_the_current_files_with_their_commonest_reason(settings: Settings) -> None:
    old = (("amount", "gone with the old file"),) * 9
    bad = (("amount", "amount is negative"), ("created_at", "not a timestamp"), ("amount", "amount is negative"))
    land(settings, "opportunities", "2025-04-29 10:00:00", "h1", bad=old)
    land(settings, "opportunities", "2025-04-30 10:00:00", "h2", bad=bad)
    land(settings, "calls", "2025-04-29 10:00:00", "h1", bad=old)
    land(settings, "calls", "2025-04-30 10:00:00", "h2")
    status = collect(settings, [])
    assert status.quarantined == [QuarantinedRows("opportunities", "opportunities.csv", 3, "amount is negative")]
    assert section(shown(status), "Quarantined rows")[1] == (
        "opportunities  opportunities.csv     3  amount is negative"
    )


def test_nothing_in_quarantine(settings: Settings) -> None:
    land(settings, "calls", "2025-04-30 10:00:00")
    assert section(shown(collect(settings, [])), "Quarantined rows") == ["None."]


def test_failed_checks_of_the_last_run_errors_first(settings: Settings) -> None:
    add_results(settings, "old", "2025-04-29 10:00:00", ("gone", "error", False))
    add_results(settings, "new", "2025-04-30 10:00:00", ("slow", "warning", False), ("fine", "error", True))
    add_results(settings, "new", "2025-04-30 10:05:00", ("broken", "error", False))
    status = collect(settings, [])
    facts = ("7", "at most 5", "Look at [the] file.")
    assert status.failed_checks == [
        FailedCheck("error", "landing", "raw.landing__calls", "broken", *facts),
        FailedCheck("warning", "landing", "raw.landing__calls", "slow", *facts),
    ]
    lines = section(shown(status), "Failed checks of the last run")
    assert lines[1] == "error     landing  raw.landing__calls  broken      7  at most 5  Look at [the] file."


def test_no_failed_checks_and_no_gate_yet(settings: Settings) -> None:
    assert section(shown(collect(settings, [])), "Failed checks of the last run") == ["None."]
    add_results(settings, "new", "2025-04-30 10:00:00", ("fine", "error", True))
    assert section(shown(collect(settings, [])), "Failed checks of the last run") == ["None."]


def test_warnings_of_the_published_marts_that_found_something(settings: Settings) -> None:
    assert collect(settings, []).warnings == []
    publish(settings, AS_OF, "inputs")
    status = collect(settings, [])
    assert status.warnings == [
        DataQualityWarning("unknown_rep", "calls", 12, "Rows of an unknown rep.", [], 0),
        DataQualityWarning("manager_cycle", "user_history", 5, "Managers in a circle.", ["u2", "u4", "u5"], 4),
    ]
    lines = section(shown(status), "Data-quality warnings of the published marts")
    assert lines[1:] == [
        "unknown_rep    calls           12  -                      Rows of an unknown rep.",
        "manager_cycle  user_history     5  u2, u4, u5 and 1 more  Managers in a circle.",
    ]


def test_warnings_of_a_version_whose_rules_name_nothing(settings: Settings) -> None:
    with warehouse(settings) as connection:
        connection.execute("ALTER TABLE marts.data_quality_warnings DROP COLUMN subject")
    publish(settings, AS_OF, "inputs")
    assert [(each.row_count, each.examples) for each in collect(settings, []).warnings] == [(12, ""), (5, "")]


def test_during_a_refresh_the_published_part_is_still_shown(settings: Settings) -> None:
    land(settings, "calls", "2025-04-30 10:00:00", bad=(("amount", "bad"),))
    publish(settings, AS_OF, "inputs")
    with FileLock(settings.refresh_lock):
        text = shown(collect(settings, [SUCCESS]))
    assert section(text, "Published version")[0].startswith("Version 1, ")
    assert section(text, "Quarantined rows") == ["Not known: a refresh is running."]
    assert section(text, "Failed checks of the last run") == ["Not known: a refresh is running."]
    assert len(section(text, "Data-quality warnings of the published marts")) == 3


def test_a_damaged_version_is_one_clear_line(settings: Settings) -> None:
    publish(settings, AS_OF, "inputs")
    (settings.published / "parquet" / "data_quality_warnings.parquet").unlink()
    with pytest.raises(PublicationError, match="version 1 cannot be read"):
        collect(settings, [])


def test_plain_lines_keep_their_length_and_a_terminal_gets_colour(settings: Settings) -> None:
    add_results(settings, "new", "2025-04-30 10:00:00", ("broken", "error", False))
    status = collect(settings, [SUCCESS])
    assert shown(status, width=20) == shown(status, width=200)
    assert "\x1b" not in shown(status)
    assert "\x1b[1;31m" in shown(status, is_terminal=True)
    assert "[the]" in shown(status, is_terminal=True)
