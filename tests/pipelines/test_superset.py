"""Superset imports the shipped dashboard, and its charts show the figures of the published marts.

Run by `make bi`, which makes an environment for Superset; its folder is in REPLINE_SUPERSET.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from ingestion.generated import PROJECT
from tests.pipelines.conftest import RefreshedHome

SUPERSET = os.environ.get("REPLINE_SUPERSET")
BUNDLE = PROJECT / "docs" / "bi" / "superset"
USER, PASSWORD = "admin", "admin"

pytestmark = pytest.mark.skipif(not SUPERSET, reason="make bi runs it, in an environment of Superset's own")

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def published(refreshed: RefreshedHome) -> Path:
    return refreshed.settings.home / "published" / "repline.duckdb"


@pytest.fixture(scope="module")
def charts(published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What a new Superset answers for each chart after it imported the dashboard."""
    folder = tmp_path_factory.mktemp("superset")
    (folder / "superset_config.py").write_text(
        f"SECRET_KEY = {'for this test alone ' * 3!r}\n"
        f"SQLALCHEMY_DATABASE_URI = 'sqlite:///{folder}/superset.db'\n"
        "TALISMAN_ENABLED = False\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "FLASK_APP": "superset", "SUPERSET_CONFIG_PATH": f"{folder}/superset_config.py"}

    def run(program: str, *arguments: str) -> str:
        command = [f"{SUPERSET}/bin/{program}", *arguments]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("superset", "db", "upgrade")
    name = ("--firstname", "Ada", "--lastname", "Quist", "--email", "ada@example.com")
    run("superset", "fab", "create-admin", "--username", USER, "--password", PASSWORD, *name)
    run("superset", "init")
    run("superset", "import-dashboards", "--path", _bundle_of(published, folder), "--username", USER)
    said = run("python", str(Path(__file__).with_name("ask_superset.py")), USER, PASSWORD)
    return dict(json.loads(said.splitlines()[-1]))


def _bundle_of(published: Path, folder: Path) -> str:
    """The bundle as a user uploads it, with the address of the published file in place of the example's."""
    bundle = folder / "bundle" / "superset"
    shutil.copytree(BUNDLE, bundle)
    definition = bundle / "databases" / "Repline.yaml"
    database = yaml.safe_load(definition.read_text(encoding="utf-8"))
    database["sqlalchemy_uri"] = f"duckdb:///{published}"
    database["extra"]["engine_params"] = {"connect_args": {"read_only": True}}
    definition.write_text(yaml.safe_dump(database), encoding="utf-8")
    return shutil.make_archive(str(folder / "bundle"), "zip", folder / "bundle", "superset")


@pytest.fixture(scope="module")
def mart(published: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(published), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    return query


Mart = Callable[[str], list[tuple[Any, ...]]]


def test_bookings_by_month_and_team(charts: dict[str, Rows], mart: Mart) -> None:
    expected = mart("""
        SELECT team, sum(won_amount) FROM marts.kpi_team_scorecard WHERE period_type = 'month' GROUP BY team
    """)
    rows = charts["Bookings by month"]
    shown = {team: sum(row["won_amount"] for row in rows if row["team"] == team) for team in {r["team"] for r in rows}}
    assert shown == {team: pytest.approx(float(amount)) for team, amount in expected}
    assert any(amount > 0 for _, amount in expected)


def test_reps_of_the_latest_quarter(charts: dict[str, Rows], mart: Mart) -> None:
    expected = mart("""
        SELECT coalesce(full_name, user_id), won_amount, quota_amount, attainment, win_rate
        FROM marts.kpi_rep_scorecard LEFT JOIN marts.dim_rep USING (user_id)
        WHERE period_type = 'quarter'
            AND period_start = (SELECT max(period_start) FROM marts.kpi_rep_scorecard WHERE period_type = 'quarter')
        ORDER BY 1
    """)
    shown = sorted(charts["Reps of the quarter"], key=lambda row: row["full_name"])
    assert [row["full_name"] for row in shown] == [row[0] for row in expected]
    for row, (_, *figures) in zip(shown, expected, strict=True):
        names = ("won_amount", "quota_amount", "attainment", "win_rate")
        assert [row[name] for name in names] == [None if f is None else pytest.approx(float(f)) for f in figures]


def test_win_rate_by_quarter_and_team(charts: dict[str, Rows], mart: Mart) -> None:
    expected = mart("""
        SELECT team, strftime(period_start, '%Y-%m-%d'), win_rate
        FROM marts.kpi_team_scorecard WHERE period_type = 'quarter' AND win_rate IS NOT NULL
    """)
    shown = {
        (row["team"], _day(row["period_start"])): row["win_rate"]
        for row in charts["Win rate by quarter"]
        if row["win_rate"] is not None
    }
    assert shown == {(team, day): pytest.approx(rate) for team, day, rate in expected}


def _day(milliseconds: int) -> str:
    with duckdb.connect() as connection:
        found = connection.execute("SELECT strftime(epoch_ms(?::BIGINT), '%Y-%m-%d')", [milliseconds]).fetchone()
    return str(found[0]) if found else ""


def test_stage_funnel(charts: dict[str, Rows], mart: Mart) -> None:
    expected = mart("""
        SELECT pipeline, stage, sum(reached_count)::INTEGER, sum(advanced_count)::INTEGER
        FROM marts.kpi_stage_funnel GROUP BY ALL ORDER BY ALL
    """)
    names = ("pipeline", "stage", "reached_count", "advanced_count")
    assert sorted(tuple(row[name] for name in names) for row in charts["Stage funnel"]) == expected
