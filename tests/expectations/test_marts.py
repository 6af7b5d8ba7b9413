"""The marts gate on small marts: what holds passes, and each fault is found by its own check."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.checks import GateError
from expectations.marts import ColumnRule, MartsGate
from expectations.results import GateResult
from tests.expectations.conftest import Change
from tests.expectations.declared import MODELS, marts_gate, warnings_of

GATE = marts_gate()

# What the gate reads of the intermediate models: with landing files alone, the raw tables as they are.
INTERMEDIATE = """
CREATE SCHEMA intermediate;
CREATE VIEW intermediate.int_users_unioned AS
    SELECT * REPLACE (coalesce(is_deleted, false) AS is_deleted) FROM raw.landing__users;
CREATE VIEW intermediate.int_opportunities_unioned AS
    SELECT * REPLACE (coalesce(is_deleted, false) AS is_deleted) FROM raw.landing__opportunities;
CREATE TABLE intermediate.int_judged_row_counts
    (source VARCHAR, entity VARCHAR, row_count BIGINT, rejected_count BIGINT);
"""
# What a build as of 2025-03-31 leaves for the company of the fixtures, in the columns that the gate reads.
MARTS = """
CREATE SCHEMA marts;
CREATE TABLE marts.fct_opportunity AS SELECT * FROM (VALUES
    ('o1', TIMESTAMP '2025-03-01 09:00:00', NULL::TIMESTAMP, NULL::DATE),
    ('o2', '2025-01-05 09:00:00', '2025-02-10 10:00:00', '2025-02-10')
) AS rows(opportunity_id, created_at, closed_at, closed_on);
CREATE TABLE marts.fct_opportunity_stage AS SELECT * FROM (VALUES
    ('o1', TIMESTAMP '2025-03-01 09:00:00', NULL::TIMESTAMP, 30.4),
    ('o2', '2025-01-05 09:00:00', '2025-02-10 10:00:00', 36.0)
) AS rows(opportunity_id, entered_at, exited_at, days_in_stage);
CREATE TABLE marts.fct_call AS SELECT call_id, started_at FROM raw.landing__calls;
CREATE TABLE marts.fct_rep_day AS SELECT * FROM (VALUES
    ('u1', DATE '2025-03-01'), ('u2', '2025-01-05'), ('u2', '2025-02-10')
) AS rows(user_id, date_day);
CREATE TABLE marts.fct_quota_month AS
    SELECT CAST(month AS DATE) AS month
    FROM generate_series(DATE '2025-01-01', DATE '2025-12-01', INTERVAL 1 MONTH) AS months(month);
CREATE TABLE marts.kpi_rep_scorecard AS
    SELECT
        period_type, start AS period_start, stop AS period_end, 5e-1 AS win_rate, 5e-1 AS win_rate_amount,
        1e0 AS connect_rate, 12e-1 AS attainment, 36e0 AS avg_cycle_days, 60e0 AS talk_seconds
    FROM (VALUES
        ('month', DATE '2025-01-01', DATE '2025-01-31'), ('month', '2025-02-01', '2025-02-28'),
        ('month', '2025-03-01', '2025-03-31'), ('quarter', '2025-01-01', '2025-03-31'),
        ('year', '2025-01-01', '2025-12-31')
    ) AS periods(period_type, start, stop);
CREATE TABLE marts.kpi_stage_funnel AS SELECT * FROM (VALUES
    (DATE '2025-01-01', 1e0, 36e0), ('2025-03-01', 0e0, NULL)
) AS rows(cohort_month, conversion_rate, median_days_to_advance);
CREATE TABLE marts.kpi_pipeline_waterfall AS SELECT * FROM (VALUES
    (DATE '2025-01-01', 200.0), ('2025-02-01', 0.0), ('2025-03-01', 100.0)
) AS rows(month, closing);
CREATE TABLE marts.kpi_slippage AS SELECT * FROM (VALUES (DATE '2025-02-01', 0e0))
    AS rows(period_start, slippage_rate);
CREATE TABLE marts.data_quality_warnings AS SELECT * FROM (VALUES ('unknown_rep', 'calls', 0::BIGINT))
    AS rows(rule, entity, row_count);
"""
# Marts of which the gate expects no more than of their columns: empty, with these.
OTHER_MARTS = "".join(
    f"CREATE TABLE marts.{table} ({', '.join(f'{rule.column} {rule.data_type}' for rule in rules)});"
    for table, grouped in itertools.groupby(sorted(GATE.columns), lambda rule: rule.table)
    for rules in [list(grouped)]
    if f"CREATE TABLE marts.{table} AS" not in MARTS
)
TABLES = tuple(dict.fromkeys(check.table for check in GATE.gate.checks))


@pytest.fixture(scope="module")
def sound_marts(small_company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company with its marts. Only to be copied."""
    warehouse = Path(shutil.copy(small_company, tmp_path_factory.mktemp("marts")))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(INTERMEDIATE + MARTS + OTHER_MARTS)
    return warehouse


@pytest.fixture
def marts_warehouse(sound_marts: Path, warehouse: Path) -> Path:
    return Path(shutil.copy(sound_marts, warehouse))


class GateRunner:
    """Runs the marts gate on the test's warehouse."""

    def __init__(self, warehouse: Path, data_docs: Path, variables: dict[str, Any]) -> None:
        self.warehouse = warehouse
        self.data_docs = data_docs
        self.variables = variables

    def __call__(self, published: Mapping[str, int] | None = None) -> GateResult:
        return GATE.run(self.warehouse, self.data_docs, "run", self.variables, published)


@pytest.fixture
def gate(marts_warehouse: Path, tmp_path: Path, variables: dict[str, Any], without_pages: None) -> GateRunner:
    return GateRunner(marts_warehouse, tmp_path / "data_docs", variables)


def failures(result: GateResult) -> set[tuple[str, str, str]]:
    """What failed: table without its schema, expectation, severity."""
    return {
        (row.table_name.removeprefix("marts."), row.expectation, row.severity)
        for row in result.results
        if not row.success
    }


def test_sound_marts_pass_every_check(gate: GateRunner) -> None:
    result = gate()
    assert failures(result) == set()
    assert result.passed
    assert len(result.results) == len(GATE.gate.checks)


def test_marts_of_no_opportunity_pass(gate: GateRunner, change: Change) -> None:
    change("; ".join(f"DELETE FROM {table}" for table in ("raw.landing__opportunities", *TABLES)))
    assert failures(gate()) == set()


def of(table: str, severity: str, *names: str) -> set[tuple[str, str, str]]:
    return {(table, name, severity) for name in names}


SCORECARD = "UPDATE marts.kpi_rep_scorecard SET"
FAULTS = {
    "a win rate in per cent": (
        f"{SCORECARD} win_rate = 50",
        of("kpi_rep_scorecard", "error", "win_rate_outside_0_to_1"),
    ),
    "a connect rate above 1": (
        f"{SCORECARD} connect_rate = 1.01",
        of("kpi_rep_scorecard", "error", "connect_rate_outside_0_to_1"),
    ),
    "a conversion rate below 0": (
        "UPDATE marts.kpi_stage_funnel SET conversion_rate = -0.01",
        of("kpi_stage_funnel", "error", "conversion_rate_outside_0_to_1"),
    ),
    "a win rate of amounts above 1": (
        f"{SCORECARD} win_rate_amount = 1.5",
        of("kpi_rep_scorecard", "warning", "win_rate_amount_outside_0_to_1"),
    ),
    "a slippage rate above 1": (
        "UPDATE marts.kpi_slippage SET slippage_rate = 2",
        of("kpi_slippage", "warning", "slippage_rate_outside_0_to_1"),
    ),
    "a ratio that is null": (f"{SCORECARD} win_rate = NULL, attainment = NULL", set()),
    "a negative attainment": (
        f"{SCORECARD} attainment = -0.1",
        of("kpi_rep_scorecard", "warning", "negative_attainment"),
    ),
    "a negative cycle": (
        f"{SCORECARD} avg_cycle_days = -1",
        of("kpi_rep_scorecard", "error", "negative_avg_cycle_days"),
    ),
    "negative talk time": (
        f"{SCORECARD} talk_seconds = -1",
        of("kpi_rep_scorecard", "error", "negative_talk_seconds"),
    ),
    "negative days to advance": (
        "UPDATE marts.kpi_stage_funnel SET median_days_to_advance = -1",
        of("kpi_stage_funnel", "error", "negative_median_days_to_advance"),
    ),
    "negative days in a stage": (
        "UPDATE marts.fct_opportunity_stage SET days_in_stage = -1",
        of("fct_opportunity_stage", "error", "negative_days_in_stage"),
    ),
    "a hole in the months": (
        "DELETE FROM marts.kpi_rep_scorecard WHERE period_start = '2025-02-01'",
        of("kpi_rep_scorecard", "error", "missing_months"),
    ),
    "the month of the as-of day is missing": (
        "DELETE FROM marts.kpi_rep_scorecard WHERE period_start = '2025-03-01'",
        of("kpi_rep_scorecard", "error", "missing_months"),
    ),
    "a hole in which nobody was employed": (
        "DELETE FROM marts.kpi_rep_scorecard WHERE period_start = '2025-03-01';"
        "UPDATE raw.landing__users SET left_on = '2025-02-15'",
        set(),
    ),
    "no quarters": (
        "DELETE FROM marts.kpi_rep_scorecard WHERE period_type = 'quarter'",
        of("kpi_rep_scorecard", "error", "months_without_quarter"),
    ),
    "no years": (
        "DELETE FROM marts.kpi_rep_scorecard WHERE period_type = 'year'",
        of("kpi_rep_scorecard", "error", "months_without_year"),
    ),
    "open pipeline that vanishes": (
        "DELETE FROM marts.kpi_pipeline_waterfall WHERE month = '2025-02-01'",
        of("kpi_pipeline_waterfall", "error", "missing_months"),
    ),
    "a month without pipeline": (
        "DELETE FROM marts.kpi_pipeline_waterfall WHERE month = '2025-03-01'",
        set(),
    ),
    "an opportunity of tomorrow": (
        "UPDATE marts.fct_opportunity SET created_at = '2025-03-31 18:00:00.000001'",
        of("fct_opportunity", "error", "created_at_after_as_of"),
    ),
    "an opportunity of this moment": (
        "UPDATE marts.fct_opportunity SET created_at = '2025-03-31 18:00:00'",
        set(),
    ),
    "a closing of tomorrow": (
        "UPDATE marts.fct_opportunity SET closed_at = '2025-04-01', closed_on = '2025-04-01'",
        of("fct_opportunity", "error", "closed_at_after_as_of", "closed_on_after_as_of"),
    ),
    "a stay of tomorrow": (
        "UPDATE marts.fct_opportunity_stage SET entered_at = '2025-04-01', exited_at = '2025-04-02'",
        of("fct_opportunity_stage", "error", "entered_at_after_as_of", "exited_at_after_as_of"),
    ),
    "a call of tomorrow": (
        "UPDATE marts.fct_call SET started_at = '2025-04-01'",
        of("fct_call", "error", "started_at_after_as_of"),
    ),
    "a rep's day of tomorrow": (
        "UPDATE marts.fct_rep_day SET date_day = '2025-04-01'",
        of("fct_rep_day", "error", "date_day_after_as_of"),
    ),
    "a period of next month": (
        "INSERT INTO marts.kpi_rep_scorecard (period_type, period_start, period_end)"
        " VALUES ('month', '2025-04-01', '2025-04-30')",
        of("kpi_rep_scorecard", "error", "period_start_after_as_of", "months_without_quarter"),
    ),
    "a cohort of next month": (
        "UPDATE marts.kpi_stage_funnel SET cohort_month = '2025-04-01'",
        of("kpi_stage_funnel", "error", "cohort_month_after_as_of"),
    ),
    "a waterfall of next month": (
        "INSERT INTO marts.kpi_pipeline_waterfall VALUES ('2025-04-01', 0)",
        of("kpi_pipeline_waterfall", "error", "month_after_as_of"),
    ),
    "slippage of next month": (
        "UPDATE marts.kpi_slippage SET period_start = '2025-04-01'",
        of("kpi_slippage", "error", "period_start_after_as_of"),
    ),
    "opportunities lost on the way": (
        "DELETE FROM marts.fct_opportunity",
        of("fct_opportunity", "error", "rows_for_arrived_opportunities"),
    ),
    "only retired opportunities arrived": (
        "DELETE FROM marts.fct_opportunity; UPDATE raw.landing__opportunities SET is_deleted = true",
        set(),
    ),
    "rows that a rule calls a warning": (
        "UPDATE marts.data_quality_warnings SET row_count = 3",
        of("data_quality_warnings", "warning", "unknown_rep"),
    ),
    "rows that a rule names one by one": (
        "INSERT INTO marts.data_quality_warnings VALUES"
        " ('manager_cycle', 'user_history', 1), ('manager_cycle', 'user_history', 1)",
        of("data_quality_warnings", "warning", "manager_cycle"),
    ),
    "rows that are counted and no fault": (
        "UPDATE marts.data_quality_warnings SET row_count = 3, rule = 'call_left_out'",
        set(),
    ),
    "rows under a rule that the gate does not know": (
        "UPDATE marts.data_quality_warnings SET row_count = 3, rule = 'brand_new'",
        of("data_quality_warnings", "warning", "other_rules"),
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


SHARES_KEPT = [
    *(
        ("fct_opportunity", kept, severities)
        for kept, severities in [
            (1.0, set()),
            (0.8, set()),
            (0.79, {"warning"}),
            (0.5, {"warning"}),
        ]
    ),
    *((table, 0.49, {"warning", "error"}) for table in GATE.facts),
]


@pytest.mark.parametrize(("table", "kept", "severities"), SHARES_KEPT)
def test_a_shrinking_fact_is_reported_then_stopped(
    gate: GateRunner, change: Change, table: str, kept: float, severities: set[str]
) -> None:
    change(
        f"CREATE TEMP TABLE one AS FROM marts.{table} LIMIT 1; DELETE FROM marts.{table};"
        f"INSERT INTO marts.{table} SELECT one.* FROM one, range({round(kept * 100)})"
    )
    found = failures(gate({table: 100}))
    assert {severity for _, _, severity in found} == severities
    assert {name for name, _, _ in found} <= {table}


def test_a_fact_that_lost_all_rows_is_stopped(gate: GateRunner, change: Change) -> None:
    change("DELETE FROM marts.fct_call")
    assert failures(gate()) == set()
    assert failures(gate({"fct_call": 2})) == of("fct_call", "error", "row_drop_share") | of(
        "fct_call", "warning", "notable_row_drop_share"
    )


@pytest.mark.parametrize("entity", ["opportunities", "exchange_rates"])
def test_too_many_rejected_rows_of_one_api_stop_a_publication(gate: GateRunner, change: Change, entity: str) -> None:
    counts = "INSERT INTO intermediate.int_judged_row_counts VALUES"
    change(f"{counts} ('hubspot', '{entity}', 100, 5), ('salesforce', '{entity}', 0, 0), ('gong', 'calls', 9, 0)")
    assert failures(gate()) == set()
    change(f"{counts} ('aircall', '{entity}', 100, 6), ('twilio', '{entity}', 1000000, 0)")
    assert failures(gate()) == of("data_quality_warnings", "error", f"rejected_share_{entity}")
    gate.variables["max_quarantined_share"] = 0.06
    assert failures(gate()) == set()


def test_the_as_of_day_is_one_of_the_reporting_time_zone(gate: GateRunner, change: Change) -> None:
    change("UPDATE marts.fct_rep_day SET date_day = '2025-04-01'")
    gate.variables["as_of"] = "2025-03-31T22:00:00Z"
    assert not gate().passed
    gate.variables["reporting_timezone"] = "Europe/Berlin"
    assert "date_day_after_as_of" not in {row.expectation for row in gate().failed_errors}


def test_an_unknown_time_zone_is_named(gate: GateRunner) -> None:
    gate.variables["reporting_timezone"] = "Mars/Olympus"
    with pytest.raises(GateError, match="Mars/Olympus"):
        gate()


def test_marts_that_were_never_built_are_named(warehouse: Path, tmp_path: Path, variables: dict[str, Any]) -> None:
    with pytest.raises(GateError, match="marts"):
        GATE.run(warehouse, tmp_path / "data_docs", "run", variables)


def test_every_table_of_the_gate_is_a_model() -> None:
    models = {f"marts.{path.stem}" for path in (MODELS / "marts").rglob("*.sql")}
    assert set(TABLES) <= models


@pytest.mark.parametrize("rule", [("amount", "decimal(18, 2)", "positive"), ("stage", "varchar", "not_after_as_of")])
def test_a_column_is_not_held_to_what_the_gate_cannot_measure(rule: tuple[str, str, str]) -> None:
    gate = MartsGate((), (ColumnRule("fct_opportunity", *rule, "error"),), (), ())
    with pytest.raises(ValueError, match=rf"fct_opportunity\.{rule[0]}.*{rule[2]}"):
        gate.describe()


@pytest.mark.parametrize("model", sorted(MODELS.rglob("int_*_warnings.sql")), ids=lambda path: path.stem)
def test_each_warning_is_declared_beside_its_model(model: Path) -> None:
    """By one reading of the SQL: a rule that is not declared would be reported as one of `other_rules`."""
    sql = model.read_text(encoding="utf-8")
    counted = set(re.findall(r"'(\w+)' as rule", sql) + re.findall(r"named_warnings\(\s*'(\w+)'", sql))
    assert counted
    assert counted <= warnings_of(model.stem)
