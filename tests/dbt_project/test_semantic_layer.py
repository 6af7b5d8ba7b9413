"""The metrics of the semantic layer are the figures of the marts, for the same rep, team and period."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt_project.warehouse import DBT_PROJECT_DIR, build, create_raw_tables, insert_rows, parse
from tests.processes import run_forked

# The fiscal year begins in February: MetricFlow's own quarters are others.
SETTINGS = {"as_of": "2025-03-10T12:00:00Z", "fiscal_year_start_month": 2}
AS_OF = date(2025, 3, 10)
PERIODS = {"month": "month", "quarter": "fiscal_quarter", "year": "fiscal_year"}
SCORECARDS = {"rep": "user_id", "rep__team": "team", "": ""}
FUNNEL = ["reached_count", "advanced_count", "stage_conversion_rate"]
# What only ratios are taken of.
PARTS = ["cycle_count", "cycle_days"]

Row = dict[str, Any]
Rows = list[Row]


class Layer:
    """The built warehouse, the metrics, and the SQL of the questions."""

    def __init__(self, home: Path, metrics: list[str], sql: dict[str, str]) -> None:
        self.connection = duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)
        self.metrics, self.sql = metrics, sql

    def rows(self, sql: str) -> Rows:
        found = self.connection.sql(sql)
        return [
            {
                name: float(value) if isinstance(value, Decimal) else value
                for name, value in zip(found.columns, row, strict=True)
            }
            for row in found.fetchall()
        ]


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Layer:
    home = tmp_path_factory.mktemp("semantic")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        for entity, rows in _company().items():
            insert_rows(connection, entity, rows)
    tables = ["kpi_rep_scorecard", "kpi_team_scorecard", "kpi_company_scorecard", "kpi_stage_funnel", "dim_date"]
    untested = ["--exclude-resource-types", "test", "unit_test"]
    build(home, SETTINGS, *untested, "--select", *[f"+{table}" for table in tables])
    questions = [
        *[
            (["scorecard"], [f"metric_time__{grain}", *([who] if who else [])])
            for grain in PERIODS.values()
            for who in SCORECARDS
        ],
        (FUNNEL, ["metric_time__fiscal_quarter", "funnel__pipeline", "funnel__stage"]),
        # As the docs show it.
        (["win_rate"], ["metric_time__quarter", "rep__team"]),
    ]
    answer = home / "sql.json"
    asked = run_forked(_sql, [str(answer), json.dumps(questions)], {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"})
    assert asked.returncode == 0, asked.stdout + asked.stderr
    found = json.loads(answer.read_text(encoding="utf-8"))
    return Layer(home, found["metrics"], found["sql"])


def _sql(arguments: Sequence[str]) -> None:
    """Write the metrics, and MetricFlow's SQL of each question; `scorecard` stands for all metrics that one has."""
    from dbt.adapters.factory import get_adapter_by_type
    from dbt.contracts.graph.semantic_manifest import SemanticManifest
    from dbt_metricflow.cli.dbt_connectors.adapter_backed_client import AdapterBackedSqlClient
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    answer = Path(arguments[0])
    written = answer.with_name("semantic_manifest.json")
    SemanticManifest(parse(str(DBT_PROJECT_DIR), SETTINGS).result).write_json_to_file(str(written))
    manifest = parse_manifest_from_dbt_generated_manifest(written.read_text(encoding="utf-8"))
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), AdapterBackedSqlClient(get_adapter_by_type("duckdb")))
    metrics = [metric.name for metric in manifest.metrics]
    scorecard = [name for name in metrics if name not in FUNNEL]
    sql = {}
    for names, groups in json.loads(arguments[1]):
        request = MetricFlowQueryRequest.create(
            metric_names=scorecard if names == ["scorecard"] else names, group_by_names=groups
        )
        sql[",".join(groups)] = engine.explain(request).sql_statement.sql
    answer.write_text(json.dumps({"metrics": metrics, "sql": sql}), encoding="utf-8")


def _company() -> dict[str, Rows]:
    """Reps who change teams and leave, with deals that are won, lost and open, calls and quotas."""
    chance = random.Random(7)
    reps = [f"u{number}" for number in range(5)]
    start = datetime(2024, 3, 1, 9)

    def moment(first: datetime, days: int) -> datetime:
        return first + timedelta(days=chance.randrange(days), seconds=chance.randrange(30_000))

    opportunities, history = [], []
    for number in range(90):
        opportunity, amount = {"opportunity_id": f"o{number}"}, chance.randrange(1_000, 90_000)
        created, owner = moment(start, 360), chance.choice([*reps, "ghost"])
        closed = created + timedelta(days=chance.randrange(5, 120))
        stage = chance.choice(["Won", "Won", "Lost", "Propose", "Qualify"])
        states = [(created, "Qualify"), (moment(created, 4) + timedelta(days=1), "Propose"), (closed, stage)]
        history += [
            {**opportunity, "stage": name, "owner_id": owner, "amount": amount, "close_date": closed.date(),
             "changed_at": at}
            for at, name in states[: 1 if stage == "Qualify" else 2 if stage == "Propose" else 3]
            if at.date() < AS_OF
        ]  # fmt: skip
        last = history[-1]["stage"]
        opportunities.append(
            {**opportunity, "stage": last, "owner_id": owner, "amount": amount, "created_at": created,
             "close_date": closed.date()}
        )  # fmt: skip
    return {
        "users": [
            {"user_id": rep, "hired_on": "2024-02-01", "left_on": "2024-11-20" if rep == "u4" else None}
            for rep in reps
        ],
        "user_history": [
            {"user_id": "u0", "team": "North", "valid_from": "2024-01-01"},
            {"user_id": "u0", "team": "South", "valid_from": "2024-08-15"},
            {"user_id": "u1", "team": "South", "valid_from": "2024-01-01"},
            {"user_id": "u1", "team": "North", "valid_from": "2024-10-31"},
            {"user_id": "u2", "team": "North", "valid_from": "2024-01-01"},
        ],
        "pipeline_stages": [
            {"stage": "Qualify", "position": 1, "is_closed": False, "is_won": False},
            {"stage": "Propose", "position": 2, "is_closed": False, "is_won": False},
            {"stage": "Won", "position": 3, "is_closed": True, "is_won": True},
            {"stage": "Lost", "position": 4, "is_closed": True, "is_won": False},
        ],
        "opportunities": opportunities,
        "opportunity_history": history,
        "calls": [
            {"call_id": f"c{number}", "user_id": chance.choice(reps), "started_at": moment(start, 370),
             "direction": chance.choice(["outbound", "outbound", "inbound"]),
             "disposition": chance.choice(["connected", "no_answer"]), "duration_seconds": chance.randrange(900)}
            for number in range(200)
        ],
        "quotas": [
            {"quota_id": f"q{rep}{metric}", "user_id": rep, "period_start": "2024-02-01", "period_end": "2025-07-31",
             "metric": metric, "amount": chance.randrange(100_000, 900_000)}
            for rep in reps[:4] for metric in ("bookings", "calls")
        ],
    }  # fmt: skip


def _by_key(rows: Rows, *names: str) -> dict[tuple[Any, ...], Row]:
    def value(found: Any) -> Any:
        return found.date() if isinstance(found, datetime) else found

    return {tuple(value(row[name]) for name in names): row for row in rows}


@pytest.mark.parametrize("period_type", PERIODS)
@pytest.mark.parametrize("who", SCORECARDS)
def test_a_metric_is_the_scorecards_column(layer: Layer, period_type: str, who: str) -> None:
    column = SCORECARDS[who]
    table = f"marts.kpi_{ {'rep': 'rep', 'rep__team': 'team', '': 'company'}[who] }_scorecard"
    time = f"metric_time__{PERIODS[period_type]}"
    groups = [time, who] if who else [time]
    answered = _by_key(layer.rows(layer.sql[",".join(groups)]), *groups)
    expected = _by_key(
        layer.rows(f"SELECT * FROM {table} WHERE period_type = '{period_type}'"),
        *(["period_start", column] if who else ["period_start"]),
    )
    assert len(expected) > 1
    metrics = [name for name in layer.metrics if name not in [*FUNNEL, *PARTS]]
    for key, row in expected.items():
        figures = {name: answered[key][name] for name in metrics}
        assert figures == pytest.approx({name: row[name] for name in metrics}), key
    # Beyond the scorecard's periods there are quotas.
    first, *_, last = sorted({key[0] for key in expected})
    beyond = [key[0] for key in answered.keys() - expected.keys() if any(answered[key][name] for name in metrics)]
    assert not [start for start in beyond if first <= start <= last]


def test_conversions_are_those_of_the_funnel(layer: Layer) -> None:
    groups = ["metric_time__fiscal_quarter", "funnel__pipeline", "funnel__stage"]
    answered = _by_key(layer.rows(layer.sql[",".join(groups)]), *groups)
    expected = _by_key(
        layer.rows("""
            SELECT quarter_start, pipeline, stage, sum(reached_count) AS reached_count,
                sum(advanced_count) AS advanced_count, sum(advanced_count) / sum(reached_count) AS stage_conversion_rate
            FROM marts.kpi_stage_funnel INNER JOIN marts.dim_date ON cohort_month = date_day
            GROUP BY ALL
        """),
        "quarter_start",
        "pipeline",
        "stage",
    )
    assert answered.keys() == expected.keys()
    for key, row in expected.items():
        assert {name: answered[key][name] for name in FUNNEL} == pytest.approx({name: row[name] for name in FUNNEL})


def test_quarters_are_those_of_the_calendar_and_teams_those_of_the_day(layer: Layer) -> None:
    answered = _by_key(layer.rows(layer.sql["metric_time__quarter,rep__team"]), "metric_time__quarter", "rep__team")
    expected = _by_key(
        layer.rows("""
            SELECT date_trunc('quarter', closed_on) AS quarter, team,
                count(*) FILTER (status = 'won') / count(*) FILTER (status <> 'open') AS win_rate
            FROM marts.fct_opportunity
            INNER JOIN marts.dim_rep_version
                ON closed_owner_id = user_id AND closed_on BETWEEN valid_from AND valid_to
            WHERE status <> 'open'
            GROUP BY ALL
        """),
        "quarter",
        "team",
    )
    assert {key: row["win_rate"] for key, row in answered.items() if row["win_rate"] is not None} == pytest.approx(
        {key: row["win_rate"] for key, row in expected.items()}
    )
