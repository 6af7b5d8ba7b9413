"""The two gates as Dagster asset checks: one step each, a check for each expectation.

Belongs here: turning the gates' results into check results. Does not belong here: what must hold
(`expectations`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from expectations.checks import GateError
from expectations.gate import Measure, RunnableGate
from expectations.landing import LandingGate
from expectations.marts import ColumnRule, MartsGate
from expectations.results import GateResult
from pipelines.assets.failures import clear_failures
from pipelines.assets.models import marts_of
from pipelines.assets.names import WAREHOUSE_POOL, Manifest
from pipelines.publication.versions import published_row_counts
from pipelines.runs.dbt_runs import DbtError, row_of_spark
from pipelines.runs.exclusion import WarehouseLock
from pipelines.settings import SPARK, Settings
from pipelines.sources import sources_of

_DESCRIPTIONS = {
    LandingGate.SUITE: "Judges what arrived: volume, quarantine, age, references. A failed error stops the refresh.",
    MartsGate.SUITE: "Judges the marts, also beside the published version. A failed error stops publication.",
}
SEVERITIES = {"error": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


def build_gates(settings: Settings, manifest: Manifest) -> list[dg.AssetChecksDefinition]:
    """The steps `landing_gate` and `marts_gate`."""
    landing_gate = LandingGate(sources_of(settings).arrivals)
    return [_build_gate(settings, gate) for gate in (landing_gate, marts_gate_of(manifest))]


def marts_gate_of(manifest: Manifest) -> MartsGate:
    """The marts gate with what the models declare under `meta: gate`: each column's rules, each subject's warnings."""
    marts = marts_of(manifest)
    warnings = [
        node["config"]["meta"]["gate"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "gate" in node["config"]["meta"]
    ]
    return MartsGate(
        facts=tuple(name for name in marts if name.startswith("fct_")),
        columns=tuple(
            ColumnRule(name, column["name"], column["data_type"], kind, severity)
            for name, model in marts.items()
            for column in model["columns"].values()
            for kind, severity in column["config"]["meta"].get("gate", {}).items()
        ),
        # Several subjects may count the same rule of different entities.
        faults=tuple(dict.fromkeys(rule for each in warnings for rule in each.get("faults", ()))),
        no_faults=tuple(dict.fromkeys(rule for each in warnings for rule in each.get("no_faults", ()))),
    )


def _build_gate(settings: Settings, gate: RunnableGate) -> dg.AssetChecksDefinition:
    name = f"{gate.SUITE}_gate"
    specs = [
        dg.AssetCheckSpec(
            each.expectation,
            asset=each.table.split("."),
            description=each.description,
            # Only errors hold back what comes behind; a warning is recorded and never stops publication.
            blocking=each.severity == "error",
            metadata={"suite": each.suite, "severity": each.severity},
        )
        for each in gate.describe()
    ]

    @dg.multi_asset_check(name=name, description=_DESCRIPTIONS[gate.SUITE], specs=specs, pool=WAREHOUSE_POOL)
    def run_gate(context: dg.AssetCheckExecutionContext, warehouse: WarehouseLock) -> Iterator[dg.AssetCheckResult]:
        variables = settings.dbt_vars(warehouse.started_at)
        with clear_failures(settings):
            outcome = gate.run(
                settings.warehouse,
                settings.data_docs,
                context.run.run_id,
                variables,
                published_row_counts(settings, before=settings.as_of or warehouse.started_at),
                measure_on_spark(settings, variables, gate.SUITE) if settings.target == SPARK else None,
            )
        for result in outcome.results:
            yield dg.AssetCheckResult(
                asset_key=result.table_name.split("."),
                check_name=result.expectation,
                passed=result.success,
                severity=SEVERITIES[result.severity],
                description=result.meaning if not result.success else f"It is {result.observed}, as expected.",
                metadata={
                    "observed": result.observed,
                    "expected": result.expected,
                    "data docs": dg.MetadataValue.path(str(outcome.page)),
                },
            )
        if not outcome.passed:
            raise dg.Failure(describe_failure(outcome, gate.SUITE), allow_retries=False)

    return run_gate


def measure_on_spark(settings: Settings, variables: Mapping[str, Any], suite: str) -> Measure:
    """Where Spark builds the models, it answers the gates' queries too, which read all rows."""

    def measure(query: str) -> dict[str, Any]:
        try:
            return row_of_spark(settings, variables, query)
        except DbtError as error:
            raise GateError(f"the {suite} gate failed on Spark: {error}") from error

    return measure


def describe_failure(outcome: GateResult, suite: str) -> str:
    """One line on the first expectation that stops the refresh."""
    first, *others = outcome.failed_errors
    more = f"; {len(others)} more failed" if others else ""
    return (
        f"the {suite} gate stops the refresh: {first.expectation} on {first.table_name} is {first.observed}, "
        f"expected {first.expected}: {first.meaning}{more} (see {outcome.page})"
    )
