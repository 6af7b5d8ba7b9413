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
        # Without a key: every column, and how often it stands there.
        "fct_commission": (),
        "kpi_commission_statement": ("user_id", "plan_id", "pay_period_start"),
        "kpi_company_scorecard": ("period_type", "period_start"),
        "kpi_forecast": ("period_type", "period_start", "snapshot_on", "owner_id"),
        "kpi_forecast_accuracy": ("period_type", "weeks_left", "level", "method"),
        "kpi_goal_buy_in": ("quarter_start", "team"),
        "kpi_goal_progress": ("goal_id",),
        "kpi_leaderboard": ("period_type", "period_start", "kpi", "user_id"),
        "kpi_manager_scorecard": ("period_type", "period_start", "manager_id"),
        "kpi_quota_coverage": ("period_type", "period_start", "manager_id"),
        "kpi_quota_pace": ("user_id", "period_type"),
        "kpi_team_scorecard": ("period_type", "period_start", "team"),
        "kpi_territory": ("period_type", "period_start", "territory"),
    },
    "practice_developing": {
        "fct_call_conversation": ("call_id",),
        "fct_call_tracker": ("call_id", "tracker", "speaker"),
        "kpi_capacity": ("team", "month"),
        "kpi_coaching_effect": ("event_kind", "event_id", "user_id", "event_on", "kpi"),
        "kpi_coaching_focus": ("user_id", "quarter_start"),
        "kpi_company_month": ("month",),
        "kpi_conversation": ("user_id", "month"),
        "kpi_customer": ("account_id",),
        "kpi_feedback_cadence": ("user_id",),
        "kpi_lead_funnel": ("source", "month"),
        "kpi_ramp": ("user_id",),
        "kpi_recruiting": ("source", "team", "quarter_start"),
        "kpi_rep_digest": ("user_id", "month", "position"),
        "kpi_rep_stage_funnel": ("user_id", "quarter_start", "pipeline", "stage"),
        "kpi_sdr_scorecard": ("user_id", "month"),
        "kpi_skill": ("user_id", "quarter_start", "criterion"),
        "kpi_training": ("user_id", "program"),
    },
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
    if not expected_csv.read_text(encoding="utf-8").strip():
        rows = connection.execute(f"SELECT t FROM marts.{table} AS t LIMIT {limit}").fetchall()
        return [("row too many", row, None) for (row,) in rows]
    expected = f"read_csv('{expected_csv}', all_varchar = true)"
    columns = [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {expected}").fetchall()]
    types = {name: str(type_) for name, type_, *_ in connection.execute(f"DESCRIBE marts.{table}").fetchall()}
    missing = [name for name in columns if name not in types]
    if missing:
        return [(f"no column {name}", None, None) for name in missing]
    keys = ALL_KEYS[table]
    if not keys:
        return _unequal_rows(connection, table, expected, types, columns, limit)
    same_key = " AND ".join(
        f"actual_row.{name} IS NOT DISTINCT FROM CAST(expected_row.{name} AS {types[name]})" for name in keys
    )
    wrong = " || ".join(
        f"CASE WHEN {_same(table, name, types[name])} THEN '' ELSE '{name} ' END"
        for name in columns
        if name not in keys
    )
    return connection.execute(f"""
        SELECT
            CASE WHEN actual_row.is_there IS NULL THEN 'missing row'
                 WHEN expected_row.is_there IS NULL THEN 'row too many'
                 ELSE {wrong} END AS difference,
            actual_row,
            expected_row
        FROM (SELECT *, true AS is_there FROM marts.{table}) AS actual_row
        FULL JOIN (SELECT *, true AS is_there FROM {expected}) AS expected_row ON {same_key}
        WHERE difference <> ''
        LIMIT {limit}
    """).fetchall()


def _unequal_rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    expected: str,
    types: dict[str, str],
    columns: list[str],
    limit: int,
) -> list[tuple[str, dict[str, str] | None, dict[str, str] | None]]:
    """Rows that stand in one of the two more often than in the other, money and rates as they are."""
    names = ", ".join(columns)
    casts = ", ".join(f"CAST({name} AS {types[name]}) AS {name}" for name in columns)
    found: list[tuple[str, dict[str, str] | None, dict[str, str] | None]] = []
    for what, first, second in (
        ("row too many", f"SELECT {names} FROM marts.{table}", f"SELECT {casts} FROM {expected}"),
        ("missing row", f"SELECT {casts} FROM {expected}", f"SELECT {names} FROM marts.{table}"),
    ):
        rows = connection.execute(f"SELECT r FROM ({first} EXCEPT ALL {second}) AS r LIMIT {limit}").fetchall()
        found += [(what, row, None) for (row,) in rows]
    return found


def _same(table: str, column: str, type_: str) -> str:
    """The condition under which a column agrees: money to 0.01, other numbers to 0.0001 or 1e-6 of them."""
    actual, text = f"actual_row.{column}", f"expected_row.{column}"
    if type_ == "VARCHAR":
        # A field of a CSV file does not tell empty text from null.
        actual = f"nullif({actual}, '')"
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
