"""The landing gate on small raw schemas: what holds passes, and each fault is found by its own check."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations import landing
from expectations.checks import GateError
from expectations.results import GateResult
from ingestion.contract import ENTITIES
from ingestion.landing.source import landing_pipeline, landing_source
from tests.expectations.conftest import Change
from tests.ingestion.loading import run


@pytest.fixture
def gate(warehouse: Path, tmp_path: Path, variables: dict[str, Any], without_pages: None) -> GateRunner:
    return GateRunner(warehouse, tmp_path / "data_docs", variables)


class GateRunner:
    """Runs the landing gate on the test's warehouse."""

    def __init__(self, warehouse: Path, data_docs: Path, variables: dict[str, Any]) -> None:
        self.warehouse = warehouse
        self.data_docs = data_docs
        self.variables = variables
        self.gate = landing.LandingGate()

    def __call__(self) -> GateResult:
        return self.gate.run(self.warehouse, self.data_docs, "run", self.variables)


def failures(result: GateResult) -> set[tuple[str, str, str]]:
    """What failed: table without its schema prefix, expectation, severity."""
    return {
        (row.table_name.removeprefix("raw.landing__"), row.expectation, row.severity)
        for row in result.results
        if not row.success
    }


def test_a_sound_company_passes_every_check(gate: GateRunner) -> None:
    result = gate()
    assert failures(result) == set()
    assert result.passed
    assert len(result.results) == len(landing.LandingGate().describe())


def test_an_empty_company_is_only_reported(
    empty_warehouse: Path, tmp_path: Path, variables: dict[str, Any], without_pages: None
) -> None:
    result = landing.LandingGate().run(empty_warehouse, tmp_path / "data_docs", "run", variables)
    assert result.passed
    assert failures(result) == {
        (entity, "row_count", "warning") for entity in ("users", "pipeline_stages", "opportunities")
    }


FAULTS = {
    "rows lost between file and table": (
        "UPDATE raw.landing_files SET rows_loaded = 1 WHERE entity = 'calls'",
        {("raw.landing_files", "unbalanced_files", "error")},
    ),
    "more quarantined rows than allowed": (
        "UPDATE raw.landing_files SET rows_read = 20, rows_loaded = 18, rows_quarantined = 2 WHERE entity = 'calls'",
        {("calls", "quarantined_share", "error"), ("calls", "quarantined_rows", "warning")},
    ),
    "as many quarantined rows as allowed": (
        "UPDATE raw.landing_files SET rows_read = 20, rows_loaded = 19, rows_quarantined = 1 WHERE entity = 'calls'",
        {("calls", "quarantined_rows", "warning")},
    ),
    "a newer content of the file has no quarantined rows": (
        "UPDATE raw.landing_files SET rows_loaded = 0, rows_quarantined = 2 WHERE entity = 'calls';"
        "INSERT INTO raw.landing_files VALUES"
        " ('landing', 'calls', 'calls.csv', 'hash2', '2025-03-31 17:30:00', 1, 2, 2, 0, 0)",
        set(),
    ),
    "a file much shorter than before": (
        "UPDATE raw.landing_files SET rows_read = 9, rows_loaded = 9 WHERE entity = 'calls';"
        "INSERT INTO raw.landing_files VALUES"
        " ('landing', 'calls', 'calls.csv', 'hash2', '2025-03-31 17:30:00', 1, 4, 4, 0, 0)",
        {("calls", "volume_ratio", "warning")},
    ),
    "a file that arrives empty": (
        "INSERT INTO raw.landing_files VALUES"
        " ('landing', 'calls', 'calls.csv', 'hash2', '2025-03-31 17:30:00', 1, 0, 0, 0, 0)",
        {("calls", "volume_ratio", "warning")},
    ),
    "a file that was taken out on purpose": (
        "INSERT INTO raw.landing_files VALUES"
        " ('landing', 'calls', 'calls.csv', 'removed', '2025-03-31 17:30:00', 0, 0, 0, 0, 0)",
        set(),
    ),
    "one more file of the usual size": (
        "INSERT INTO raw.landing_files VALUES"
        " ('landing', 'calls', 'calls/2.csv', 'hash2', '2025-03-31 17:30:00', 1, 2, 2, 0, 0)",
        set(),
    ),
    "no call for days": (
        "UPDATE raw.landing__calls SET started_at = started_at - INTERVAL 4 DAY",
        {("calls", "newest_event_age_hours", "warning")},
    ),
    "only calls after the as-of moment since then": (
        "UPDATE raw.landing__calls SET started_at = started_at - INTERVAL 4 DAY;"
        "UPDATE raw.landing__calls SET started_at = '2025-03-31 20:00:00' WHERE call_id = 'c1'",
        {("calls", "newest_event_age_hours", "warning")},
    ),
    "a call before telephones were connected": (
        "UPDATE raw.landing__calls SET started_at = '1900-01-01' WHERE call_id = 'c2'",
        {("calls", "implausibly_old_rows", "warning")},
    ),
    "a call of next week": (
        "UPDATE raw.landing__calls SET started_at = '2025-04-07' WHERE call_id = 'c2'",
        {("calls", "events_in_the_future", "warning")},
    ),
    "an amount in the wrong unit": (
        "UPDATE raw.landing__opportunities SET amount = 5000000000 WHERE opportunity_id = 'o1'",
        {("opportunities", "largest_amount", "warning")},
    ),
    "a credit in the history": (
        "UPDATE raw.landing__opportunity_history SET amount = -1 WHERE opportunity_id = 'o1'",
        {("opportunity_history", "negative_amounts", "warning")},
    ),
    "a close date in another century": (
        "UPDATE raw.landing__opportunities SET close_date = '2205-06-30' WHERE opportunity_id = 'o1'",
        {("opportunities", "implausible_close_dates", "warning")},
    ),
    "an owner who is no user": (
        "UPDATE raw.landing__opportunities SET owner_id = 'nobody' WHERE opportunity_id = 'o1'",
        {("opportunities", "owner_id_coverage", "warning")},
    ),
    "an unknown owner among a hundred": (
        "INSERT INTO raw.landing__opportunities (opportunity_id, owner_id, stage, created_at)"
        " SELECT 'x' || i, CASE WHEN i = 0 THEN 'nobody' ELSE 'u1' END, 'open', '2025-01-01'"
        " FROM range(100) AS numbers(i)",
        set(),
    ),
    "no owner at all": (
        "UPDATE raw.landing__opportunities SET owner_id = NULL",
        set(),
    ),
    "an unknown owner of a retired opportunity": (
        "UPDATE raw.landing__opportunities SET owner_id = 'nobody', is_deleted = true WHERE opportunity_id = 'o1'",
        set(),
    ),
    "history of no opportunity": (
        "UPDATE raw.landing__opportunity_history SET opportunity_id = 'x' WHERE opportunity_id = 'o2'",
        {("opportunity_history", "opportunity_id_coverage", "warning")},
    ),
}


@pytest.mark.parametrize(("sql", "expected"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_found_by_its_checks_alone(
    gate: GateRunner, change: Change, sql: str, expected: set[tuple[str, str, str]]
) -> None:
    change(sql)
    result = gate()
    assert failures(result) == expected
    assert result.passed == all(severity == "warning" for _, _, severity in expected)


@pytest.mark.parametrize("case", ["case_1", "case_2"])
def test_golden_cases_are_let_through(
    shared_dir: Path, case: str, tmp_path: Path, variables: dict[str, Any], without_pages: None
) -> None:
    folder = shared_dir / "golden" / case
    warehouse = tmp_path / "warehouse.duckdb"
    run(landing_pipeline(warehouse, tmp_path / "dlt"), warehouse, landing_source(folder / "landing"))
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    result = landing.LandingGate().run(warehouse, tmp_path / "data_docs", "run", {**variables, **settings})
    assert result.passed


def test_limits_are_settings(gate: GateRunner, change: Change) -> None:
    change("UPDATE raw.landing_files SET rows_read = 20, rows_loaded = 18, rows_quarantined = 2")
    gate.variables["max_quarantined_share"] = 0.1
    assert gate().passed
    gate.variables["max_quarantined_share"] = 0.0999
    assert not gate().passed


def test_quarantine_is_shown_by_its_most_frequent_reason(gate: GateRunner, change: Change) -> None:
    unreadable = "does not fit the format %d/%m/%Y (mapping.yml, line 12)"
    change(
        "UPDATE raw.landing_files SET rows_read = 4, rows_loaded = 1, rows_quarantined = 3 WHERE entity = 'calls';"
        "INSERT INTO raw.quarantine VALUES"
        " ('landing', 'calls', 'calls.csv', 'hash1', 2, 'c1', 'user_id', NULL, 'required, but empty', now()),"
        f" ('landing', 'calls', 'calls.csv', 'hash1', 3, 'c2', 'started_at', '12/31/2024', '{unreadable}', now()),"
        f" ('landing', 'calls', 'calls.csv', 'hash1', 4, 'c3', 'started_at', '12/30/2024', '{unreadable}', now()),"
        # Of contents that the file no longer has.
        " ('landing', 'calls', 'calls.csv', 'hash0', 2, 'c1', 'call_id', NULL, 'required, but empty', now())"
    )
    [stopped] = gate().failed_errors
    assert stopped.meaning.endswith(
        "Most often (2 of 3 quarantined rows): started_at is '12/31/2024', does not fit the format %d/%m/%Y "
        "(mapping.yml, line 12) (calls.csv, line 3)."
    )
    # What may be a name is not shown: the text is kept with the runs.
    change("UPDATE raw.quarantine SET value = CASE line WHEN 3 THEN 'Ada Ng' ELSE 'ada1@example.com' END")
    [stopped] = gate().failed_errors
    assert "quarantined rows): started_at, does not fit" in stopped.meaning


def test_an_entity_without_a_freshness_limit_is_never_late(gate: GateRunner, change: Change) -> None:
    change("UPDATE raw.landing__calls SET started_at = started_at - INTERVAL 4 DAY")
    gate.variables["freshness_limit_hours"] = {"opportunities": 72}
    assert failures(gate()) == set()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("max_quarantined_share", "much"), ("earliest_plausible_date", "long ago"), ("as_of", "yesterday")],
)
def test_a_bad_setting_is_named(gate: GateRunner, setting: str, value: str) -> None:
    gate.variables[setting] = value
    with pytest.raises(GateError, match=setting):
        gate()


def test_a_missing_table_is_named(gate: GateRunner, change: Change) -> None:
    change("DROP TABLE raw.landing__calls")
    with pytest.raises(GateError, match="landing__calls") as caught:
        gate()
    assert "\n" not in str(caught.value)


def test_a_missing_warehouse_is_named(gate: GateRunner, tmp_path: Path) -> None:
    gate.warehouse = tmp_path / "nowhere.duckdb"
    with pytest.raises(GateError, match=r"nowhere\.duckdb"):
        gate()
    assert not gate.warehouse.exists()


def test_the_gate_knows_the_entities_of_the_contract() -> None:
    assert {entity.name for entity in ENTITIES} == set(landing.ENTITIES)
    assert {entity.name for entity in ENTITIES if entity.is_required} == set(landing.REQUIRED_ENTITIES)


def test_describing_the_gate_needs_no_great_expectations() -> None:
    code = (
        "import sys; from expectations import landing, marts;"
        "assert landing.LandingGate().describe() and marts.MartsGate((), (), (), ()).describe();"
        "sys.exit('great_expectations' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_failure_while_measuring_is_said_in_one_line(gate: GateRunner, change: Change) -> None:
    change(
        "DROP TABLE raw.landing__exchange_rates;"
        "CREATE VIEW raw.landing__exchange_rates AS SELECT CAST(full_name AS DATE) AS rate_date FROM raw.landing__users"
    )
    with pytest.raises(GateError, match="landing gate") as caught:
        gate()
    assert "\n" not in str(caught.value)


def test_what_another_engine_measured_is_judged_alike(gate: GateRunner, change: Change, tmp_path: Path) -> None:
    change(
        "UPDATE raw.landing_files SET rows_read = 30, rows_loaded = 29, rows_quarantined = 1 WHERE entity = 'calls';"
        "UPDATE raw.landing__calls SET user_id = 'unknown' WHERE call_id = 'c2'"
    )
    other = Path(shutil.copy(gate.warehouse, tmp_path / "other.duckdb"))

    def measure(query: str) -> dict[str, Any]:
        with duckdb.connect(str(other), read_only=True) as connection:
            (row,) = connection.execute(query).to_arrow_table().to_pylist()
            return row

    here = gate().results
    assert failures(GateResult(here, other)) == {
        ("calls", "quarantined_rows", "warning"),
        ("calls", "user_id_coverage", "warning"),
    }
    # The numbers are the other's: nothing but tables and columns is asked of these.
    change("DELETE FROM raw.landing__calls; DELETE FROM raw.landing_files")
    there = gate.gate.run(gate.warehouse, gate.data_docs, "run", gate.variables, measure=measure).results
    assert [replace(each, checked_at=here[0].checked_at) for each in there] == here


DEALS = landing.ApiArrival("hubspot", "raw.hubspot__deals", ("deal_id",), "updated_at", "opportunities")
OWNERS = landing.ApiArrival("hubspot", "raw.hubspot__owners", ("owner_id",), entity="users")


@pytest.fixture
def api_gate(
    warehouse: Path, tmp_path: Path, variables: dict[str, Any], change: Change, without_pages: None
) -> GateRunner:
    """A warehouse of an API source beside the landing files, which bring quotas only."""
    change(
        "CREATE TABLE raw.hubspot__deals AS SELECT '1' AS deal_id, TIMESTAMP '2025-03-31 10:00:00' AS updated_at;"
        "CREATE TABLE raw.hubspot__owners AS SELECT '7' AS owner_id"
    )
    runner = GateRunner(warehouse, tmp_path / "data_docs", variables)
    runner.gate = landing.LandingGate((landing.ContractSource("landing", is_complete=False), DEALS, OWNERS))
    return runner


def test_a_sound_api_source_passes_every_check(api_gate: GateRunner) -> None:
    assert failures(api_gate()) == set()


@pytest.mark.parametrize(
    ("sql", "failed", "passes"),
    [
        (
            "INSERT INTO raw.hubspot__deals VALUES (NULL, '2025-03-31 10:00:00')",
            ("raw.hubspot__deals", "rows_without_key", "error"),
            False,
        ),
        ("DELETE FROM raw.hubspot__owners", ("raw.hubspot__owners", "row_count", "warning"), True),
        (
            "UPDATE raw.hubspot__deals SET updated_at = '2025-03-20'",
            ("raw.hubspot__deals", "newest_event_age_hours", "warning"),
            True,
        ),
    ],
)
def test_a_fault_of_an_api_source_is_found(
    api_gate: GateRunner, change: Change, sql: str, failed: tuple[str, str, str], passes: bool
) -> None:
    change(sql)
    result = api_gate()
    assert failures(result) == {failed}
    assert result.passed == passes


def test_quotas_beside_a_crm_need_no_users_and_name_those_of_the_crm(api_gate: GateRunner, change: Change) -> None:
    change(
        "DELETE FROM raw.landing__users; DELETE FROM raw.landing__opportunities; DELETE FROM raw.landing__calls;"
        "DELETE FROM raw.landing__pipeline_stages; DELETE FROM raw.landing__opportunity_history"
    )
    assert failures(api_gate()) == set()


def test_only_api_sources_need_no_account_of_files(api_gate: GateRunner, change: Change) -> None:
    api_gate.gate = landing.LandingGate((DEALS,))
    change("DROP TABLE raw.landing_files")
    assert failures(api_gate()) == set()
