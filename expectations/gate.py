"""What both gates are: checks that can be told without data, and are run on a warehouse.

Belongs here: how a gate is described and run. Does not belong here: which checks it has (one module per gate), or how
Great Expectations runs them (`expectations.context`, slow to import).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from expectations.checks import Description, Gate

if TYPE_CHECKING:
    from expectations.results import GateResult

# What answers a query of one row, in DuckDB's words, with its numbers by column.
Measure = Callable[[str], Mapping[str, Any]]


class RunnableGate(ABC):
    """A gate, whose `SUITE` is its name."""

    SUITE: ClassVar[str]

    @property
    @abstractmethod
    def gate(self) -> Gate:
        """The checks with the queries that they use."""

    @abstractmethod
    def literals(self, variables: Mapping[str, Any], published_row_counts: Mapping[str, int]) -> dict[str, str]:
        """The SQL literals that the checks compare with. Raises GateError for a setting that cannot be used."""

    def describe(self) -> list[Description]:
        """The gate's checks, known without data and without importing Great Expectations."""
        return self.gate.describe()

    def run(
        self,
        warehouse: Path,
        data_docs: Path,
        run_id: str,
        variables: Mapping[str, Any],
        published_row_counts: Mapping[str, int] | None = None,
        measure: Measure | None = None,
    ) -> GateResult:
        """Run the gate on the warehouse; `variables` are the dbt vars.

        `published_row_counts` are the rows of the last published version by table name; without them (a first
        publication, or a version of a later as-of, which may well have more rows) the row counts are not judged.
        `measure` answers the gate's query in DuckDB's place, whose tables the warehouse has to show as well.
        Writes `quality.expectation_result` and the data docs. Raises GateError where the gate cannot be run.
        """
        # Great Expectations takes two seconds to import, and definitions are loaded far oftener than gates run.
        from expectations.context import run_gate

        literals = self.literals(variables, published_row_counts or {})
        return run_gate(self.gate, warehouse, data_docs, run_id, variables, literals, measure)
