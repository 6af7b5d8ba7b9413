"""Compares a published table with an expected one, by the rules of the golden cases' README.

Belongs here: keys and tolerances. Does not belong here: how the table was built.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

KEYS = {
    "fct_opportunity_stage": ("opportunity_id", "visit_number"),
    "kpi_rep_scorecard": ("period_type", "period_start", "user_id"),
    "kpi_stage_funnel": ("pipeline", "stage", "cohort_month"),
    "kpi_pipeline_waterfall": ("month", "pipeline", "owner_id"),
    "kpi_slippage": ("period_type", "period_start", "owner_id"),
}
# Tables of the practice, by the golden cases that have them.
PRACTICE_KEYS: dict[str, dict[str, tuple[str, ...]]] = {
    "practice_steering": {
        "dim_rep_version": ("user_id", "valid_from"),
    },
    "practice_developing": {},
}
ALL_KEYS = {**KEYS, **PRACTICE_KEYS["practice_steering"], **PRACTICE_KEYS["practice_developing"]}
# All its columns but the keys are money; elsewhere the name ends in `_amount`.
_MONEY_TABLE = "kpi_pipeline_waterfall"


def differences(
    connection: duckdb.DuckDBPyConnection, table: str, expected_csv: Path, limit: int = 5
) -> list[tuple[str, dict[str, str] | None, dict[str, str] | None]]:
    """Rows that differ: what is wrong, the actual row, the expected row. Empty where the tables agree.

    `table` is one of ALL_KEYS, in schema `marts`. It may have more columns than the file, never fewer.
    """
    expected = f"read_csv('{expected_csv}', all_varchar = true)"
    columns = [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {expected}").fetchall()]
    types = {name: str(type_) for name, type_, *_ in connection.execute(f"DESCRIBE marts.{table}").fetchall()}
    missing = [name for name in columns if name not in types]
    if missing:
        return [(f"no column {name}", None, None) for name in missing]
    keys = ALL_KEYS[table]
    same_key = " AND ".join(
        f"actual.{name} IS NOT DISTINCT FROM CAST(expected.{name} AS {types[name]})" for name in keys
    )
    wrong = " || ".join(
        f"CASE WHEN {_same(table, name, types[name])} THEN '' ELSE '{name} ' END"
        for name in columns
        if name not in keys
    )
    return connection.execute(f"""
        SELECT
            CASE WHEN actual IS NULL THEN 'missing row'
                 WHEN expected IS NULL THEN 'row too many'
                 ELSE {wrong} END AS difference,
            actual,
            expected
        FROM marts.{table} AS actual
        FULL JOIN {expected} AS expected ON {same_key}
        WHERE difference <> ''
        LIMIT {limit}
    """).fetchall()


def _same(table: str, column: str, type_: str) -> str:
    """The condition under which a column agrees: money to 0.01, other numbers to 0.0001 or 1e-6 of them."""
    actual, text = f"actual.{column}", f"expected.{column}"
    if type_ == "TIMESTAMP":
        expected = f"timezone('UTC', CAST({text} AS TIMESTAMPTZ))"
        condition = f"abs(epoch_us({actual}) - epoch_us({expected})) < 1000"
    elif type_ in {"VARCHAR", "DATE", "BOOLEAN"}:
        condition = f"{actual} = CAST({text} AS {type_})"
    else:
        tolerance = 0.01 if column.endswith("_amount") or table == _MONEY_TABLE else 0.0001
        expected = f"CAST({text} AS DOUBLE)"
        # A hair more than the tolerance: the difference of two doubles a cent apart may be more than a cent.
        condition = f"abs({actual} - {expected}) <= greatest({tolerance} + 1e-9, 1e-6 * abs({expected}))"
    return f"coalesce({condition}, {actual} IS NULL AND {text} IS NULL)"
