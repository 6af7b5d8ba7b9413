"""The job on a small company: what it makes, what it says, what stops it, and when there is nothing to do."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from expectations.results import ExpectationResult, GateResult
from pipelines.assets import gates
from pipelines.assets.models import describe_failure, load_manifest
from pipelines.publication.publish import publish
from pipelines.publication.versions import published_version, rollback, version_numbers
from pipelines.refresh import STARTED_BY
from pipelines.runs import exclusion
from pipelines.runs.dbt_runs import NodeResult
from pipelines.runs.instance import open_instance
from pipelines.settings import Settings
from tests.pipelines.conftest import RefreshedHome, refresh


def events(settings: Settings, run_id: str) -> list[dg.DagsterEvent]:
    with open_instance(settings) as instance:
        return [log.dagster_event for log in instance.all_logs(run_id) if log.dagster_event]


def steps(settings: Settings, run_id: str, how: str) -> list[str]:
    return [event.step_key or "" for event in events(settings, run_id) if event.event_type_value == how]


def materializations(settings: Settings, run_id: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for event in events(settings, run_id):
        if event.is_step_materialization:
            made = event.step_materialization_data.materialization
            found[".".join(made.asset_key.path)] = {name: value.value for name, value in made.metadata.items()}
    return found


def copy_of(home: RefreshedHome, target: Path) -> Settings:
    """A copy of the refreshed home, for tests that leave it in another state."""
    shutil.copytree(home.settings.home, target, symlinks=True)
    return replace(home.settings, home=target, landing=target / "landing")


def test_the_outcome_counts_what_was_read(refreshed: RefreshedHome) -> None:
    outcome = refreshed.outcome
    assert outcome.success, outcome.failure
    assert outcome.is_new
    assert outcome.version is not None
    assert outcome.version.number == 1
    rows = outcome.rows
    assert rows["new_rows_quarantined"] == 1
    assert rows["new_rows_read"] == rows["new_rows_loaded"] + 1
    with duckdb.connect(str(refreshed.settings.warehouse), read_only=True) as connection:
        counted = connection.execute("SELECT count(*), sum(rows_read) FROM raw.landing_files").fetchone()
    assert counted == (rows["new_files"], rows["new_rows_read"])


def test_warnings_are_told_and_do_not_stop_publication(refreshed: RefreshedHome) -> None:
    warnings = " / ".join(refreshed.outcome.warnings)
    assert "raw.landing__calls: quarantined_rows is 1, expected at most 0" in warnings
    assert "unknown_rep" in warnings
    assert published_version(refreshed.settings) is not None


def test_progress_is_one_plain_line_a_step(refreshed: RefreshedHome) -> None:
    lines = [line.split(" s  ")[-1] for line in refreshed.printed.splitlines()]
    assert lines == [
        "Load what is new",
        "Judge what arrived",
        "Build the models",
        "Judge the marts",
        "Publish",
    ]
    assert all(line.startswith("done") for line in refreshed.printed.splitlines())


def test_tables_carry_row_counts_columns_and_origin(refreshed: RefreshedHome) -> None:
    made = materializations(refreshed.settings, refreshed.outcome.run_id)
    with duckdb.connect(str(refreshed.settings.warehouse), read_only=True) as connection:
        for name, metadata in made.items():
            schema, table = name.split(".")
            schema = "marts" if schema == "published" else schema
            if "dagster/row_count" in metadata:
                [count] = connection.execute(f"SELECT count(*) FROM {schema}.{table}").fetchone() or (None,)
                assert metadata["dagster/row_count"] == count, name
            else:  # counting a view would run it
                views = connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = ?", [schema])
                assert (table,) in views.fetchall(), name
    calls = made["raw.landing__calls"]
    assert calls["rows_read"] == calls["rows_loaded"] + calls["rows_quarantined"]
    assert calls["rows_quarantined"] == 1
    columns = {column.name: column for column in calls["dagster/column_schema"].columns}
    assert columns["disposition"].description == "connected: a human answered."
    assert made["marts.fct_call"]["as_of"] == "2025-12-31T18:00:00.000000Z"
    assert made["published.fct_call"]["version"] == 1


def test_every_check_has_a_result(refreshed: RefreshedHome) -> None:
    planned, evaluated = set(), set()
    for event in events(refreshed.settings, refreshed.outcome.run_id):
        if event.event_type_value == "ASSET_CHECK_EVALUATION_PLANNED":
            data: Any = event.event_specific_data
            planned.add((data.asset_key, data.check_name))
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            evaluation = event.asset_check_evaluation_data
            evaluated.add((evaluation.asset_key, evaluation.check_name))
            assert evaluation.description, evaluation.check_name
    assert planned
    assert planned == evaluated


def test_a_run_of_the_command_line_is_known_by_its_tag(refreshed: RefreshedHome) -> None:
    with open_instance(refreshed.settings) as instance:
        run = instance.get_run_by_id(refreshed.outcome.run_id)
    assert run is not None
    assert run.tags[STARTED_BY] == "command line"


def test_nothing_new_makes_no_version_and_skips_the_rest(
    refreshed: RefreshedHome, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = refresh(refreshed.settings)
    assert outcome.success
    assert not outcome.is_new
    assert outcome.version is not None
    assert outcome.version.number == 1
    assert steps(refreshed.settings, outcome.run_id, "STEP_START") == ["load_sources"]
    skipped = steps(refreshed.settings, outcome.run_id, "STEP_SKIPPED")
    assert skipped == ["landing_gate", "build_models", "marts_gate", "publish_marts"]
    assert "emitted no result" not in caplog.text
    assert materializations(refreshed.settings, outcome.run_id) == {}


@pytest.mark.slow
def test_a_refresh_finds_lost_links_and_claims_no_version_of_another(
    refreshed: RefreshedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another refresh publishes the same inputs while this one waits for it; then this one finds nothing new."""
    settings = copy_of(refreshed, tmp_path / "home")
    acquire = exclusion.acquire

    def wait_for_another(*arguments: Any) -> Any:
        last = published_version(settings)
        assert last is not None
        publish(settings, last.as_of, last.fingerprint)
        (settings.published / "current").unlink()
        return acquire(*arguments)

    monkeypatch.setattr(exclusion, "acquire", wait_for_another)
    outcome = refresh(settings)
    assert outcome.success, outcome.failure
    assert not outcome.is_new
    assert outcome.version is not None
    assert outcome.version.number == 2


@pytest.mark.slow
def test_personal_data_of_former_loads_are_nowhere_once_their_column_is_named(
    refreshed: RefreshedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copy_of(refreshed, tmp_path / "home")
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        [email] = connection.execute("SELECT max(email) FROM raw.landing__users").fetchone() or ("",)
    monkeypatch.setenv("SOURCES__HASH_KEY", "a long random text")
    settings = replace(settings, overrides={"personal_columns": {"landing__users.email": "hash"}})
    outcome = refresh(settings)
    assert outcome.success, outcome.failure
    assert outcome.rows["new_values_hidden"] > 0
    files = [path for path in settings.home.rglob("*") if path.is_file() and settings.landing not in path.parents]
    assert [path for path in files if email.encode() in path.read_bytes()] == []
    assert version_numbers(settings) == [2]
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM marts.dim_rep WHERE email LIKE '%@%'").fetchone() == (0,)


def test_an_error_of_the_landing_gate_stops_before_the_models(refreshed: RefreshedHome, tmp_path: Path) -> None:
    settings = copy_of(refreshed, tmp_path / "home")
    bad = "".join(f"bad-{number},nobody,not a time,outbound\n" for number in range(200))
    late = settings.landing / "calls" / "zz_late.csv"
    late.write_text("call_id,user_id,started_at,direction\n" + bad, encoding="utf-8")
    outcome = refresh(settings)
    assert outcome.failure.startswith("the landing gate stops the refresh: quarantined_share on raw.landing__calls")
    assert "expected at most 0.05" in outcome.failure
    assert "\n" not in outcome.failure
    assert steps(settings, outcome.run_id, "STEP_START") == ["load_sources", "landing_gate"]
    version = published_version(settings)
    assert version is not None
    assert version.number == 1


@pytest.mark.slow
def test_an_error_of_the_marts_gate_stops_publication_and_the_next_refresh_makes_it_good(
    refreshed: RefreshedHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next refresh finds nothing to load, and yet has to publish what the first one loaded.

    Taken back, that version does not come again by itself: the same inputs leave the earlier one in place.
    """
    settings = copy_of(refreshed, tmp_path / "home")
    with (settings.landing / "calls" / "zz_late.csv").open("a", encoding="utf-8") as stream:
        stream.write("x-2,nobody,2025-12-30T11:00:00Z,outbound\n")
    judge = gates.MartsGate.run

    def find_one_error(*arguments: Any) -> GateResult:
        outcome = judge(*arguments)
        first = next(result for result in outcome.results if result.severity == "error")
        spoiled = replace(first, success=False, observed="7", expected="at most 0")
        others = [result for result in outcome.results if result is not first]
        return GateResult([spoiled, *others], outcome.page)

    with monkeypatch.context() as patch:
        patch.setattr(gates.MartsGate, "run", find_one_error)
        outcome = refresh(settings)
    assert outcome.failure.startswith("the marts gate stops the refresh: ")
    assert " is 7, expected at most 0: " in outcome.failure
    assert steps(settings, outcome.run_id, "STEP_START")[-1] == "marts_gate"
    assert outcome.version is not None
    assert outcome.version.number == 1

    outcome = refresh(settings)
    assert outcome.success, outcome.failure
    assert outcome.is_new
    assert outcome.rows["new_files"] == 0
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT count(*) FROM marts.fct_call WHERE call_id = 'x-2'").fetchone()
    assert found == (1,)

    rollback(settings)
    outcome = refresh(settings)
    assert outcome.success, outcome.failure
    assert not outcome.is_new
    assert outcome.version is not None
    assert outcome.version.number == 1


def test_a_failed_model_or_test_is_named(refreshed: RefreshedHome) -> None:
    manifest = load_manifest(refreshed.settings)
    model = next(each for each in manifest["nodes"].values() if each["name"] == "fct_call")
    test = next(
        each
        for each in manifest["nodes"].values()
        if each["resource_type"] == "test" and model["unique_id"] in each["depends_on"]["nodes"]
    )
    broken = NodeResult(model["unique_id"], "error", "Binder Error:\n  no such column", 0.1, None)
    violated = NodeResult(test["unique_id"], "fail", "Got 3 results", 0.1, 3)
    text = describe_failure(manifest, [violated])
    assert text.startswith(f"the dbt test {test['name']} on ")
    assert "3 bad rows" in text
    text = describe_failure(manifest, [violated, broken])
    assert text.startswith("the dbt model marts.fct_call failed: Binder Error: no such column; 1 more failed")
    assert text.endswith("fct_call.sql)")


def test_a_gate_failure_names_the_first_error_and_counts_the_others() -> None:
    def result(name: str) -> ExpectationResult:
        moment = datetime.now(UTC).replace(tzinfo=None)
        return ExpectationResult("run", "marts", "marts.a", name, "error", False, "2", "at most 1", "why", moment)

    text = gates.describe_failure(GateResult([result("one"), result("two")], Path("page.html")), "marts")
    assert text == (
        "the marts gate stops the refresh: one on marts.a is 2, expected at most 1: why; 1 more failed (see page.html)"
    )
