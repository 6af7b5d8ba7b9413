"""What a gate found, as plain rows, and the table of the warehouse that keeps them.

Belongs here: the shape of a result and its table. Does not belong here: how a result is found
(`expectations.context`), or what is done about it (the orchestrator).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path

import duckdb

from expectations.checks import GateError, Severity

RESULT_TABLE = "quality.expectation_result"


@dataclass(frozen=True)
class ExpectationResult:
    """One row of `quality.expectation_result`. `checked_at` is naive UTC.

    `observed` and `expected` are short texts (`0.12`, `at most 0.05`); `meaning` says what a failure means.
    """

    run_id: str
    suite: str
    table_name: str
    expectation: str
    severity: Severity
    success: bool
    observed: str
    expected: str
    meaning: str
    checked_at: datetime


@dataclass(frozen=True)
class GateResult:
    """The results of one gate in one run, and the HTML page of the data docs that shows them."""

    results: list[ExpectationResult]
    page: Path

    @property
    def failed_errors(self) -> list[ExpectationResult]:
        return [result for result in self.results if not result.success and result.severity == "error"]

    @property
    def warnings(self) -> list[ExpectationResult]:
        return [result for result in self.results if not result.success and result.severity == "warning"]

    @property
    def passed(self) -> bool:
        """Whether the refresh may go on: warnings are recorded, only errors stop it."""
        return not self.failed_errors


def write_results(warehouse: Path, results: list[ExpectationResult]) -> None:
    """Keep the results; those that a repeated gate found before in the same run are replaced.

    Opens the warehouse for writing, shortly. Raises GateError if another process holds it.
    """
    try:
        connection = duckdb.connect(str(warehouse))
    except (duckdb.IOException, duckdb.ConnectionException) as error:
        raise GateError(f"the warehouse {warehouse} cannot be written: {first_line(error)}") from None
    with connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS quality")
        connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {RESULT_TABLE} (
                run_id VARCHAR, suite VARCHAR, table_name VARCHAR, expectation VARCHAR, severity VARCHAR,
                success BOOLEAN, observed VARCHAR, expected VARCHAR, meaning VARCHAR, checked_at TIMESTAMP
            )
            """
        )
        connection.begin()
        for run_id, suite in {(result.run_id, result.suite) for result in results}:
            connection.execute(f"DELETE FROM {RESULT_TABLE} WHERE run_id = ? AND suite = ?", [run_id, suite])
        marks = ", ".join("?" for _ in fields(ExpectationResult))
        connection.executemany(f"INSERT INTO {RESULT_TABLE} VALUES ({marks})", [astuple(result) for result in results])
        connection.commit()


def first_line(error: BaseException | None) -> str:
    """The first line of an error's text."""
    return str(error).strip().split("\n", 1)[0]
