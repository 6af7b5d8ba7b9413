"""The forecast is what was known at each snapshot, whatever became known later; and bad input joins nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import Rows, build, create_raw_tables, insert_rows

# A Monday: what comes after its first moment is scrambled.
SNAPSHOT = "2024-02-12"
KNOWN_THEN = (
    "won_amount", "commit_amount", "best_case_amount", "pipeline_amount", "omitted_amount", "due_amount",
    "weighted_amount", "forecast_amount", "submitted_amount",
)  # fmt: skip

OPEN = {"is_closed": False, "is_won": False}
WON = {"is_closed": True, "is_won": True}
BOTH_PERIODS = ("month", "2024-02-01"), ("quarter", "2024-01-01")


def _history(opportunity_id: str, *changes: tuple[str, str, int, str, str, str | None]) -> Rows:
    columns = ("changed_at", "stage", "amount", "close_date", "owner_id", "forecast_category")
    return [{"opportunity_id": opportunity_id, **dict(zip(columns, change, strict=True))} for change in changes]


# Of the tests, many look at more than is built here.
TESTS = ("resource_type:test", "resource_type:unit_test")
CURRENCIES = {"won": "EUR", "won ahead": None, "slips": None, "closes": "EUR", "omitted": None}

COMPANY: dict[str, Rows] = {
    "users": [
        {"user_id": "u1", "territory": "Bonn", "updated_at": "2024-01-01"},
        {"user_id": "u2", "territory": "Round", "updated_at": "2024-01-01"},
        {"user_id": "u3", "updated_at": "2024-01-01"},
    ],
    "territories": [
        {"territory": "Bonn", "parent": "About"},
        {"territory": "Round", "parent": "About"},
        {"territory": "About", "parent": "Round"},
    ],
    "pipeline_stages": [
        {"stage": "Qualify", "position": 1, "probability": 0.1, **OPEN},
        {"stage": "Propose", "position": 2, "probability": 0.5, "forecast_category": "Best Case", **OPEN},
        {"stage": "Won", "position": 3, "probability": 1, **WON},
        {"stage": "Lost", "position": 4, "probability": 0, **WON, "is_won": False},
    ],
    "exchange_rates": [
        {"rate_date": "2024-01-01", "currency": "EUR", "rate": 1.1},
        {"rate_date": "2024-02-07", "currency": "EUR", "rate": 1.2},
        {"rate_date": "2024-02-13", "currency": "EUR", "rate": 1.3},
    ],
    "opportunities": [
        {"opportunity_id": name, "stage": "Propose", "owner_id": "u1", "currency": currency, "created_at": "2024-01-05",
         "amount": 1, "close_date": "2024-03-01", "updated_at": "2024-03-01"}
        for name, currency in CURRENCIES.items()
    ],
    "opportunity_history": [
        *_history(
            "won",
            ("2024-01-05 10:00:00", "Qualify", 100, "2024-02-20", "u1", "Commit"),
            ("2024-02-06 10:00:00", "Won", 90, "2024-02-06", "u1", None),
            ("2024-02-20 10:00:00", "Qualify", 80, "2024-03-20", "u2", None),
        ),
        *_history(
            "won ahead",
            ("2024-01-05 10:00:00", "Qualify", 20, "2024-02-20", "u1", None),
            ("2024-02-07 10:00:00", "Won", 20, "2024-06-30", "u2", None),
        ),
        *_history(
            "slips",
            ("2024-01-05 10:00:00", "Qualify", 300, "2024-02-28", "u1", None),
            ("2024-02-14 10:00:00", "Propose", 300, "2024-05-31", "u1", "commit"),
        ),
        *_history(
            "closes",
            ("2024-01-05 10:00:00", "Propose", 400, "2024-02-15", "u2", "COMMIT"),
            ("2024-02-12 00:00:00", "Won", 500, "2024-02-12", "u2", None),
        ),
        *_history(
            "omitted",
            ("2024-01-05 10:00:00", "Propose", 50, "2024-02-15", "u2", None),
            ("2024-02-09 10:00:00", "Propose", 60, "2024-02-15", "u2", "Omitted"),
            ("2024-02-13 10:00:00", "Lost", 60, "2024-02-13", "u2", None),
        ),
    ],
    "forecast_submissions": [
        {"user_id": "u1", "period_type": period_type, "period_start": period_start, "submitted_at": moment,
         "amount": amount}
        for period_type, period_start in BOTH_PERIODS
        for moment, amount in (("2024-01-30", 700), ("2024-02-11 23:59:59", 800), ("2024-02-12", 900))
    ] + [
        # No fiscal quarter starts in February.
        {"user_id": "u3", "period_type": "quarter", "period_start": "2024-02-01", "submitted_at": "2024-02-02",
         "amount": 9},
    ],
}  # fmt: skip

# Every row that says what came after the snapshot's moment says something else.
SCRAMBLES = (
    f"""
    UPDATE raw.landing__opportunity_history
    SET stage = CASE stage WHEN 'Won' THEN 'Propose' ELSE 'Won' END, amount = amount * 7 + 13, owner_id = 'u3',
        close_date = close_date - 9, forecast_category = 'omitted'
    WHERE changed_at >= '{SNAPSHOT}'
    """,
    f"""
    UPDATE raw.landing__opportunities
    SET stage = 'Lost', amount = 77777, owner_id = 'u3', close_date = '2024-02-10'
    WHERE updated_at >= '{SNAPSHOT}'
    """,
    f"UPDATE raw.landing__forecast_submissions SET amount = amount * 9 WHERE submitted_at >= '{SNAPSHOT}'",
    f"UPDATE raw.landing__exchange_rates SET rate = rate * 9 WHERE rate_date > '{SNAPSHOT}'",
    # And what nobody had heard of by then: a deal that was made and won since.
    f"""
    INSERT INTO raw.landing__opportunities BY NAME
    SELECT 'unheard of' AS opportunity_id, 'Won' AS stage, 'u1' AS owner_id, 5000 AS amount,
        CAST('{SNAPSHOT}' AS TIMESTAMP) AS created_at, DATE '2024-02-12' AS close_date, false AS is_deleted
    """,
    f"""
    INSERT INTO raw.landing__opportunity_history BY NAME
    SELECT 'unheard of' AS opportunity_id, 'Won' AS stage, 'u1' AS owner_id, 5000 AS amount,
        CAST('{SNAPSHOT}' AS TIMESTAMP) AS changed_at, DATE '2024-02-01' AS close_date
    """,
    f"""
    INSERT INTO raw.landing__forecast_submissions BY NAME
    SELECT user_id, period_type, period_start, submitted_at + INTERVAL 99 DAY AS submitted_at, 1 AS amount,
        false AS is_deleted
    FROM raw.landing__forecast_submissions WHERE submitted_at < '{SNAPSHOT}'
    """,
)


def _built(home: Path, *models: str, scrambles: tuple[str, ...] = ()) -> duckdb.DuckDBPyConnection:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        for entity, rows in COMPANY.items():
            insert_rows(connection, entity, rows)
        for scramble in scrambles:
            connection.execute(scramble)
    wanted = [f"+{model}" for model in models]
    build(home, {"as_of": "2024-04-10T12:00:00Z"}, "--select", *wanted, "--exclude", *TESTS)
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    models = ("kpi_forecast", "kpi_territory", "int_forecast_warnings", "int_territory_warnings")
    return _built(tmp_path_factory.mktemp("company"), *models)


def _known(connection: duckdb.DuckDBPyConnection, snapshots: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"""
        SELECT period_type, period_start, snapshot_on, owner_id, {", ".join(KNOWN_THEN)}
        FROM marts.kpi_forecast
        WHERE {snapshots} AND ({" OR ".join(f"{column} <> 0" for column in KNOWN_THEN)})
        ORDER BY ALL
    """).fetchall()


def test_no_snapshot_knows_what_came_after_it(company: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    scrambled = _built(tmp_path, "kpi_forecast", scrambles=SCRAMBLES)
    upto, later = f"snapshot_on <= '{SNAPSHOT}'", f"snapshot_on > '{SNAPSHOT}'"
    assert _known(scrambled, upto) == _known(company, upto)
    assert _known(scrambled, later) != _known(company, later)


def test_snapshot_stands_as_at_its_midnight(company: duckdb.DuckDBPyConnection) -> None:
    """500 EUR are won at the very midnight of the second one, which is too late for it."""
    found = company.execute(f"""
        SELECT snapshot_on::VARCHAR, owner_id, won_amount, commit_amount, best_case_amount, pipeline_amount,
            omitted_amount, weighted_amount, submitted_amount
        FROM marts.kpi_forecast
        WHERE period_type = 'month' AND snapshot_on IN ('2024-02-05', '{SNAPSHOT}', '2024-02-19')
            AND period_start = '2024-02-01'
        ORDER BY ALL
    """).fetchall()
    assert [(*row[:2], *(None if amount is None else float(amount) for amount in row[2:])) for row in found] == [
        # 100 EUR and 20 USD and 300 USD at 0.1; the submission of before the month still stands.
        ("2024-02-05", "u1", 0, 110, 0, 320, 0, 43, 700),
        # 400 EUR and 50 USD at 0.5.
        ("2024-02-05", "u2", 0, 440, 50, 0, 0, 245, None),
        # 90 EUR at the rate of the day it was won; of the submissions the last before midnight.
        ("2024-02-12", "u1", 99, 0, 0, 300, 0, 30, 800),
        # Won with a close date ahead, which counts on the day before; what is omitted is in no other amount.
        ("2024-02-12", "u2", 20, 480, 0, 0, 60, 240, None),
        ("2024-02-19", "u1", 99, 0, 0, 0, 0, 0, 900),
        ("2024-02-19", "u2", 620, 0, 0, 0, 0, 0, None),
    ]


def test_submission_of_no_period_is_in_no_forecast(company: duckdb.DuckDBPyConnection) -> None:
    assert company.execute("SELECT count(*) FROM marts.kpi_forecast WHERE owner_id = 'u3'").fetchone() == (0,)
    assert company.execute(
        "SELECT rule, row_count FROM intermediate.int_forecast_warnings ORDER BY rule"
    ).fetchall() == [
        ("amount_without_rate", 0),
        ("submission_of_no_period", 1),
    ]


def test_territories_in_a_circle_are_named_and_stand_alone(company: duckdb.DuckDBPyConnection) -> None:
    """Bonn lies in About, which lies in Round, which lies in About: Bonn's figures go up to About and no further."""
    found = company.execute("""
        SELECT territory, parent, has_children, rep_count
        FROM marts.kpi_territory
        WHERE period_type = 'year'
        ORDER BY territory
    """).fetchall()
    assert found == [
        ("About", None, True, 1),
        ("Bonn", "About", False, 1),
        ("Round", None, False, 1),
        ("unassigned", None, False, 1),
    ]
    assert company.execute("SELECT rule, subject FROM intermediate.int_territory_warnings ORDER BY 2").fetchall() == [
        ("territory_cycle", "About"),
        ("territory_cycle", "Round"),
    ]
