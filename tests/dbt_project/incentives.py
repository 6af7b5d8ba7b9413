"""The ledger of commissions on a few rows in memory: its models compiled once, and run as often as wanted.

Belongs here: running the compiled models. Does not belong here: companies, and what is expected of their pay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.contract import ENTITIES_BY_NAME
from tests.dbt_project.warehouse import build

AS_OF = "2025-12-31T20:00:00Z"
Row = Mapping[str, Any]
Tables = Mapping[str, Iterable[Row]]

_ENTITIES = ("comp_plans", "comp_tiers", "comp_assignments", "opportunity_splits", "spiffs", "cancellations")
# What the models read of other marts.
_INPUTS = {
    "marts.fct_opportunity": {
        "opportunity_id": "VARCHAR",
        "closed_owner_id": "VARCHAR",
        "status": "VARCHAR DEFAULT 'won'",
        "product": "VARCHAR",
        "type": "VARCHAR",
        "currency": "VARCHAR DEFAULT 'USD'",
        "won_amount": "DECIMAL(18, 2)",
        "closed_on": "DATE",
        "closed_at": "TIMESTAMP",
    },
    "marts.fct_quota_month": {
        "user_id": "VARCHAR",
        "metric": "VARCHAR DEFAULT 'bookings'",
        "quota_amount": "DECIMAL(18, 2)",
        "month": "DATE",
    },
    "intermediate.int_exchange_rates_daily": {"currency": "VARCHAR", "rate": "DECIMAL(20, 10)", "valued_on": "DATE"},
    # Which opportunities are known, for the warnings.
    "intermediate.int_opportunities_unioned": {"opportunity_id": "VARCHAR"},
} | {
    f"intermediate.int_{name}_unioned": {
        column.name: column.type.value + (" DEFAULT false" if column.name == "is_deleted" else "")
        for column in ENTITIES_BY_NAME[name].columns
    }
    for name in _ENTITIES
}
_RELATION = re.compile(r'"warehouse"\."(\w+)"\."(\w+)"')


class Ledger:
    """The compiled models and reconciliations, and a database in memory that they are run in."""

    def __init__(self, home: Path) -> None:
        build(
            home,
            {"as_of": AS_OF},
            "--select",
            "path:models/intermediate/incentives",
            "path:models/marts/incentives",
            "int_incentives_warnings",
            "--exclude",
            "resource_type:unit_test",
            command="compile",
        )
        root = home / "dbt_target" / "compiled" / "repline"
        # Tests of a model stand in a folder named after its YAML.
        paths = [path for path in root.glob("models/**/*.sql") if path.parent.suffix != ".yml"]
        compiled = {path.stem: path.read_text(encoding="utf-8") for path in paths}
        needs = {name: {found for _, found in _RELATION.findall(sql)} & set(compiled) for name, sql in compiled.items()}
        order = TopologicalSorter(needs).static_order()
        self._models = {name: compiled[name] for name in order}
        self._reconciliations = {
            path.stem: path.read_text(encoding="utf-8")
            for path in root.glob("tests/assert_*.sql")
            if {found for _, found in _RELATION.findall(path.read_text(encoding="utf-8"))} <= {*compiled, *_names()}
        }
        assert {"assert_commissions_equal_totals", "assert_credits_add_up"} <= set(self._reconciliations)
        # Of a few rows more threads make nothing faster.
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("ATTACH ':memory:' AS warehouse; USE warehouse")
        self._connection.execute("CREATE SCHEMA intermediate; CREATE SCHEMA marts")
        for relation, columns in _INPUTS.items():
            typed = ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())
            self._connection.execute(f"CREATE TABLE {relation} ({typed})")

    def run(self, tables: Tables) -> Ledger:
        """Rebuild everything from these rows, by table or entity; what is not named is empty."""
        for relation in _INPUTS:
            self._connection.execute(f"TRUNCATE {relation}")
        for name, rows in tables.items():
            relation = next(each for each in _INPUTS if each.endswith((f".{name}", f".int_{name}_unioned")))
            for columns, alike in _by_columns(rows).items():
                arriving = pa.Table.from_pylist(alike)
                names = ", ".join(f'"{column}"' for column in columns)
                self._connection.execute(f"INSERT INTO {relation} ({names}) SELECT {names} FROM arriving")
                del arriving
        for name, sql in self._models.items():
            self._connection.execute(f"CREATE OR REPLACE TABLE {_schema(name)}.{name} AS {sql}")
        return self

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column name."""
        result = self._connection.execute(query)
        names = [column for column, *_ in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def broken_reconciliations(self) -> dict[str, list[dict[str, Any]]]:
        """The rows that the project's own reconciliations of the ledger find."""
        found = {name: self.rows(sql) for name, sql in self._reconciliations.items()}
        return {name: rows for name, rows in found.items() if rows}


def _names() -> set[str]:
    return {relation.split(".")[1] for relation in _INPUTS}


def _schema(model: str) -> str:
    return "intermediate" if model.startswith("int_") else "marts"


def _by_columns(rows: Iterable[Row]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Rows that have the same columns together: a column that is left out takes its default."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(dict(row))
    return alike
