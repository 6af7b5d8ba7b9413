"""Runs a gate with Great Expectations on the DuckDB warehouse: context, datasource, suite, checkpoint.

Belongs here: everything that touches the Great Expectations library. Does not belong here: the checks (one
module a gate) and the look of the data docs (`expectations.data_docs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import sqlalchemy
from great_expectations import expectations as gxe
from great_expectations.checkpoint import UpdateDataDocsAction
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.execution_engine import ExecutionEngine
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration, parse_result_format
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies
from pydantic.v1 import PrivateAttr

from expectations.checks import Check, Gate, GateError, limit_value
from expectations.data_docs import SITE_NAME, page_of, prune, site
from expectations.gate import Measure
from expectations.results import ExpectationResult, GateResult, first_line, write_results

SEVERITIES = {"error": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
# On DuckDB a result is lost when its connection goes back to a pool or a transaction ends around it: one
# connection for all, and no transactions.
ENGINE_OPTIONS: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
    "poolclass": sqlalchemy.pool.StaticPool,
    "connect_args": {"read_only": True},
}


class ExpectMeasureToBeBetween(gxe.ExpectColumnMaxToBeBetween):
    """Expect the measure in a column of a one-row summary to be in a range; a null measure holds.

    The library's own expectation fails on a null. Here a null says that there is nothing to judge: no call
    yet, no version published before. It also finds out eleven other things of each column before its maximum, a
    quarter of a gate's time; here all expectations look at the one row.
    """

    _made: ExpectationConfiguration | None = PrivateAttr(None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """Made once: the library asks for it fifty times, and nothing of it changes."""
        if self._made is None:
            self._made = super().configuration
        return self._made

    def get_validation_dependencies(
        self, execution_engine: ExecutionEngine | None = None, runtime_configuration: dict[str, Any] | None = None
    ) -> ValidationDependencies:
        row = MetricConfiguration("table.head", {}, {"n_rows": 1, "fetch_all": False})
        return ValidationDependencies(
            {"table.head": row}, parse_result_format((runtime_configuration or {})["result_format"])
        )

    def _validate(self, metrics: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        measure = metrics["table.head"].at[0, self.column]
        if measure is None:
            return {"success": True, "result": {"observed_value": None}}
        return super()._validate({"column.max": float(measure)}, *args, **kwargs)


def run_gate(
    gate: Gate,
    warehouse: Path,
    data_docs: Path,
    run_id: str,
    variables: Mapping[str, Any],
    settings: Mapping[str, str],
    measure: Measure | None = None,
) -> GateResult:
    """Run the gate's checkpoint on the warehouse, keep its results there, and update the data docs.

    `settings` are the SQL literals that the gate's measures use; `measure` answers the query of them in DuckDB's place.
    Raises GateError where the gate cannot be run: no warehouse, a missing table or column, a setting that is no number.
    """
    query = gate.summary_sql(settings)
    _assert_readable(warehouse, query, gate.suite)
    if measure is not None:
        query = _row_sql(measure(query), gate)
    context = data_docs_context(data_docs)
    prune(context, gate.suite)
    checks = {check.column: check for check in gate.checks}
    source = context.data_sources.add_sql(  # type: ignore[call-arg]  # the library's stub forgets kwargs
        name="warehouse",
        connection_string=f"duckdb:///{warehouse}",
        # The summary is a temporary table, so that the large tables are read once and not for each metric. It
        # lives in the memory of the connection: the warehouse itself is opened read-only.
        create_temp_table=True,
        kwargs=ENGINE_OPTIONS,
    )
    try:
        batch = source.add_query_asset(gate.suite, query).add_batch_definition("all")
        suite = context.suites.add(
            gx.ExpectationSuite(gate.suite, expectations=[_expectation(check, variables) for check in gate.checks])
        )
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=gate.suite, data=batch, suite=suite)
        )
        checkpoint = context.checkpoints.add(
            gx.Checkpoint(
                name=gate.suite,
                validation_definitions=[definition],
                actions=[UpdateDataDocsAction(name="update_data_docs", site_names=[SITE_NAME])],
            )
        )
        checked_at = datetime.now(UTC)
        outcome = checkpoint.run(run_id=RunIdentifier(run_name=run_id, run_time=checked_at))
    except sqlalchemy.exc.DBAPIError as error:
        raise GateError(f"the {gate.suite} gate failed on {warehouse}: {first_line(error.orig)}") from None
    finally:
        # The library opens two engines; an open one would keep the results below from being written.
        source.get_engine().dispose()
        source.get_execution_engine().close()
    [(key, validation)] = outcome.run_results.items()
    results = _plain_results(validation, checks, run_id, gate.suite, checked_at.replace(tzinfo=None))
    results = _with_examples(gate, results, warehouse)
    write_results(warehouse, results)
    return GateResult(results, page_of(data_docs, key))


def data_docs_context(data_docs: Path) -> EphemeralDataContext:
    """A context with everything in memory but validation results and data docs, kept under `data_docs`."""
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    stores.stores[stores.validation_results_store_name]["store_backend"] = {
        "class_name": "TupleFilesystemStoreBackend",
        "base_directory": str(data_docs.resolve() / "results"),
    }
    stores.data_docs_sites = {SITE_NAME: site(data_docs)}
    config = DataContextConfig(
        store_backend_defaults=stores,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _assert_readable(warehouse: Path, query: str, suite: str) -> None:
    """Bind the query without running it, so that what is missing is said in one line."""
    if not warehouse.exists():
        raise GateError(f"there is no warehouse {warehouse}; load the landing folder first")
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.sql(query)
    except (duckdb.IOException, duckdb.ConnectionException) as error:
        raise GateError(f"the warehouse {warehouse} cannot be read: {first_line(error)}") from None
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise GateError(
            f"the {suite} gate cannot read {warehouse}: {first_line(error)} Run the steps before it first."
        ) from None


def _row_sql(measured: Mapping[str, Any], gate: Gate) -> str:
    """The gate's summary as a row of numbers that were measured elsewhere."""
    numbers = {check.column: measured[check.column] for check in gate.checks}
    # Text, since DuckDB takes a number with a point for a decimal.
    texts = {name: "NULL" if number is None else f"'{float(number)!r}'" for name, number in numbers.items()}
    return "SELECT " + ", ".join(f'CAST({text} AS DOUBLE) AS "{name}"' for name, text in texts.items())


def _expectation(check: Check, variables: Mapping[str, Any]) -> ExpectMeasureToBeBetween:
    return ExpectMeasureToBeBetween(
        column=check.column,
        min_value=limit_value(check.minimum, variables),
        max_value=limit_value(check.maximum, variables),
        severity=SEVERITIES[check.severity],
        # The data docs show the description in place of the library's sentence, and no severity.
        description=f"{check.severity.capitalize()}: {check.description}\nOtherwise: {check.meaning}",
    )


def _plain_results(
    validation: ExpectationSuiteValidationResult,
    checks: Mapping[str, Check],
    run_id: str,
    suite: str,
    checked_at: datetime,
) -> list[ExpectationResult]:
    """The results as rows, in the order of the checks."""
    found: dict[str, ExpectationResult] = {}
    for result in validation.results:
        kwargs = result.expectation_config.kwargs if result.expectation_config else {}
        check = checks[kwargs["column"]]
        found[check.column] = ExpectationResult(
            run_id,
            suite,
            check.table,
            check.name,
            check.severity,
            bool(result.success),
            _text(result.result["observed_value"]),
            _range_text(kwargs.get("min_value"), kwargs.get("max_value")),
            check.meaning,
            checked_at,
        )
    return [found[column] for column in checks]


def _with_examples(gate: Gate, results: list[ExpectationResult], warehouse: Path) -> list[ExpectationResult]:
    """The results; those that failed say on the data themselves what is wrong, where the check knows how to show it."""
    failed = {(result.table_name, result.expectation) for result in results if not result.success}
    shown: dict[tuple[str, str], str] = {}
    wanted = [check for check in gate.checks if check.example and (check.table, check.name) in failed]
    if wanted:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            for check in wanted:
                row = connection.execute(gate.example_sql(check)).fetchone()
                if row and row[0]:
                    shown[check.table, check.name] = str(row[0])
    return [
        replace(result, meaning=f"{result.meaning} {shown[key]}")
        if (key := (result.table_name, result.expectation)) in shown
        else result
        for result in results
    ]


def _text(value: float | None) -> str:
    """A number without a useless fraction, to six digits after the point; `nothing to judge` for a null."""
    if value is None:
        return "nothing to judge"
    return f"{value:.0f}" if value == int(value) else f"{value:.6f}".rstrip("0").rstrip(".")


def _range_text(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and minimum == maximum:
        return _text(minimum)
    parts = []
    if minimum is not None:
        parts.append(f"at least {_text(minimum)}")
    if maximum is not None:
        parts.append(f"at most {_text(maximum)}")
    return " and ".join(parts) or "no limit set"
