"""Users change from day to day and no source keeps their history: the warehouse does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.company import Company

pytestmark = pytest.mark.slow

DAYS = ["2025-03-03T18:00:00Z", "2025-03-10T18:00:00Z", "2025-03-17T18:00:00Z"]


def _land_users(folder: Path, ada: str) -> None:
    """`ada` is her role, manager, team and territory."""
    folder.mkdir(exist_ok=True)
    (folder / "users.csv").write_text(
        f"user_id,full_name,role,manager_id,team,territory\nada,Ada,{ada}\nbo,Bo,manager,,North,EMEA\n",
        encoding="utf-8",
    )


def _land_deals(folder: Path) -> None:
    (folder / "pipeline_stages.csv").write_text(
        "stage,position,is_closed,is_won\nTalk,1,false,false\nWon,2,true,true\n", encoding="utf-8"
    )
    won = [f"{day},Won,ada,100,2025-03-01T10:00:00Z,2025-03-{day}" for day in ("02", "05", "12")]
    (folder / "opportunities.csv").write_text(
        "\n".join(["opportunity_id,stage,owner_id,amount,created_at,close_date", *won]) + "\n", encoding="utf-8"
    )


def _versions(company: Company) -> list[tuple[str, ...]]:
    return company.query("""
        SELECT team, coalesce(manager_id, ''), CAST(valid_from AS VARCHAR), CAST(valid_to AS VARCHAR)
        FROM marts.dim_rep_version WHERE user_id = 'ada' ORDER BY valid_from
    """)


def test_three_days_and_a_look_back(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    company = Company(landing, tmp_path / "home", DAYS[0])
    _land_users(landing, "ae,bo,North,EMEA")
    _land_deals(landing)
    company.refresh()
    first_day = company.marts(tmp_path / "first_day")
    assert _versions(company) == [("North", "bo", "1900-01-01", "9999-12-31")]

    company.as_of = DAYS[1]
    _land_users(landing, "ae,,South,EMEA")
    company.refresh()
    assert _versions(company) == [
        ("North", "bo", "1900-01-01", "2025-03-09"),
        ("South", "", "2025-03-10", "9999-12-31"),
    ]
    second_day = company.marts(tmp_path / "second_day")

    # What was seen on the second day, and what the files say by now, is no news of the first.
    company.as_of = DAYS[0]
    _land_users(landing, "ae,,West,EMEA")
    company.refresh()
    looked_back = company.marts(tmp_path / "looked_back")
    assert [table for table, rows in looked_back.items() if rows != first_day[table]] == []

    # Nor is it lost.
    company.as_of = DAYS[2]
    company.refresh()
    assert _versions(company) == [
        ("North", "bo", "1900-01-01", "2025-03-09"),
        ("South", "", "2025-03-10", "2025-03-16"),
        ("West", "", "2025-03-17", "9999-12-31"),
    ]
    won = company.query("""
        SELECT team, won_count FROM marts.kpi_team_scorecard
        WHERE period_type = 'month' AND won_count > 0 ORDER BY team
    """)
    assert won == [("North", 2), ("South", 1)]

    # A day between others is what it was, too.
    company.as_of = DAYS[1]
    company.refresh()
    looked_back = company.marts(tmp_path / "looked_back_again")
    assert [table for table, rows in looked_back.items() if rows != second_day[table]] == []
