"""How long customers stay, from invoices to expected months, against a published example."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.warehouse import build, create_raw_tables, insert_rows

SETTINGS = {"as_of": "2025-12-31T12:00:00Z", "reporting_timezone": "UTC"}
# Weeks of remission of 21 patients under 6-mercaptopurine, and whether it ended; E. J. Freireich et al., "The effect of
# 6-mercaptopurine on the duration of steroid-induced remissions in acute leukemia", Blood 21 (1963), 699-716. Here they
# are months.
REMISSIONS = [
    (6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False), (11, False),
    (13, True), (16, True), (17, False), (19, False), (20, False), (22, True), (23, True), (25, False), (32, False),
    (32, False), (34, False), (35, False),
]  # fmt: skip
# The survival that textbooks print for them, by the month from which on it holds.
SURVIVAL = {0: 1, 6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def invoice(account_id: str, months: int, has_ended: bool) -> dict[str, object]:
    """One invoice of 100 per month of service, which ended years ago or lasts."""
    first = 2020 * 12 if has_ended else 2026 * 12 - months
    after = first + months
    first_day = date(first // 12, first % 12 + 1, 1).isoformat()
    last_day = date(after // 12, after % 12 + 1, 1) - timedelta(days=1)
    return {
        "invoice_id": account_id,
        "account_id": account_id,
        "invoiced_on": first_day,
        "service_start": first_day,
        "service_end": last_day.isoformat(),
        "amount": 100 * months,
    }


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Customers of three segments: the published one, one of 19, and 20 of no account record who all stay."""
    home: Path = tmp_path_factory.mktemp("customers")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        for number, (months, has_ended) in enumerate(REMISSIONS):
            insert_rows(connection, "accounts", [{"account_id": f"published {number}", "segment": "published"}])
            insert_rows(connection, "invoices", [invoice(f"published {number}", months, has_ended)])
        for number in range(19):
            insert_rows(connection, "accounts", [{"account_id": f"few {number}", "segment": "few"}])
            insert_rows(connection, "invoices", [invoice(f"few {number}", 3, True)])
        insert_rows(connection, "invoices", [invoice(f"unknown {number}", 1, False) for number in range(20)])
    build(home, SETTINGS, "--select", "+kpi_customer", command="run")
    return duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)


def test_expected_months_are_the_area_under_the_published_survival(marts: duckdb.DuckDBPyConnection) -> None:
    starts = [*SURVIVAL, 36]
    area = sum(
        rate * (until - since) for rate, since, until in zip(SURVIVAL.values(), starts, starts[1:], strict=False)
    )
    rows = marts.execute("""
        SELECT DISTINCT expected_months_36, monthly_revenue, round(lifetime_value_36m / expected_months_36, 9)
        FROM marts.kpi_customer WHERE segment = 'published'
    """).fetchall()
    assert rows == [(pytest.approx(area, abs=0.01), 100, 100)]
    assert rows[0][0] == pytest.approx(23.7356, abs=0.0001)


def test_few_customers_say_nothing_and_who_all_stay_stay(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute("""
        SELECT DISTINCT segment, is_active, expected_months_36, lifetime_value_36m FROM marts.kpi_customer
        WHERE segment IS DISTINCT FROM 'published' ORDER BY ALL
    """).fetchall()
    assert rows == [("few", False, None, None), (None, True, pytest.approx(36), pytest.approx(3600))]
