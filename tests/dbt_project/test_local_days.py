"""Days of the reporting time zone are exact in zones whose clocks do odd things at midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import jinja2
import pytest

from tests.dbt_project.warehouse import DBT_PROJECT_DIR, build, create_raw_tables, insert_rows

COMPILED_ZONE = "Europe/London"
# A moment a few hours before the odd midnight: put back over midnight, a midnight that is skipped, a day that
# does not exist, half an hour, and two midnights in one UTC day.
ODD_NIGHTS = {
    "America/Havana": "2024-11-03 00:00",
    "Atlantic/Azores": "2024-10-26 20:00",
    "Africa/Cairo": "2024-04-25 18:00",
    "Asia/Beirut": "2024-03-30 18:00",
    "Pacific/Apia": "2011-12-30 04:00",
    "Australia/Lord_Howe": "2024-04-06 09:00",
    "Europe/London": "2024-03-30 20:00",
    "Asia/Kolkata": "2024-03-30 16:00",
    "UTC": "2024-12-31 20:00",
}


@pytest.fixture(scope="module")
def local_days_sql(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A warehouse with calls from 2011 on, and the compiled SQL of the two models by name."""
    home = tmp_path_factory.mktemp("local_days")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        first_call = {"call_id": "c", "user_id": "u", "started_at": "2011-01-01", "direction": "inbound"}
        insert_rows(connection, "calls", [first_call])
    build(
        home,
        {"as_of": "2025-01-05T00:00:00Z", "reporting_timezone": COMPILED_ZONE},
        "--select",
        "+int_local_days",
        command="run",
    )
    compiled = home / "dbt_target" / "compiled" / "repline" / "models" / "intermediate"
    return home, {name: (compiled / f"{name}.sql").read_text() for name in ("int_calendar_days", "int_local_days")}


@pytest.mark.parametrize("zone", ODD_NIGHTS)
def test_each_quarter_of_an_hour_has_its_day(local_days_sql: tuple[Path, dict[str, str]], zone: str) -> None:
    home, sql = local_days_sql
    start = datetime.fromisoformat(ODD_NIGHTS[zone])
    moments = [start + timedelta(minutes=15 * step) for step in range(4 * 24 * 3)]
    moments += [moment - timedelta(microseconds=1) for moment in moments]
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for name, text in sql.items():
            # The macros write the zone into the SQL; compiling anew for each zone would take seconds.
            assert name == "int_local_days" or f"'{COMPILED_ZONE}'" in text
            text = text.replace(f"'{COMPILED_ZONE}'", f"'{zone}'")
            connection.execute(f"CREATE OR REPLACE TABLE intermediate.{name} AS {text}")
        connection.execute("CREATE OR REPLACE TEMP TABLE moments (moment TIMESTAMP)")
        connection.executemany("INSERT INTO moments VALUES (?)", [[moment] for moment in moments])
        found = connection.execute("""
            SELECT moment, list(local_day) FROM moments LEFT JOIN intermediate.int_local_days
                ON CAST(moment AS DATE) = utc_day AND moment >= starts_at AND moment < ends_at
            GROUP BY moment ORDER BY moment
        """).fetchall()
    expected = [(moment, [moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()]) for moment in sorted(moments)]
    assert found == expected


def test_a_zone_with_a_quote_stays_within_the_quotes() -> None:
    """Repline refuses such a name at the start; who runs `dbt build` alone gets an error of the engine and no more."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(DBT_PROJECT_DIR / "macros"))
    zone = "UTC'; drop table x; --"
    environment.globals.update({"var": {"reporting_timezone": zone}.get, "return": str})
    macros = environment.get_template("local_time.sql").module
    assert duckdb.execute(f"SELECT '{macros.reporting_timezone()}'").fetchall() == [(zone,)]  # type: ignore[attr-defined]
