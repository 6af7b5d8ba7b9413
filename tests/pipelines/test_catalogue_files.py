"""What is written from the catalogue of KPIs, and that the catalogue has all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ingestion.generated import PROJECT, stale
from pipelines.catalogue_files import files
from pipelines.practice_settings import DIGEST_KPIS
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.settings import Settings

Manifest = Mapping[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    home = tmp_path_factory.mktemp("home")
    found: Manifest = json.loads(prepare_manifest(Settings(home, home)).read_text(encoding="utf-8"))
    return found


def _columns(manifest: Manifest, table: str) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = manifest["nodes"][f"model.repline.{table}"]["columns"]
    return columns


def _kpis(manifest: Manifest) -> dict[str, dict[str, Any]]:
    kpis = manifest["nodes"]["model.repline.kpi_catalogue"]["config"]["meta"]["kpis"]
    return {kpi["kpi"]: kpi for kpi in kpis}


def test_files_are_what_the_catalogue_says_now(manifest: Manifest) -> None:
    assert stale(files(manifest)) == [], "run `make docs`"


@pytest.mark.parametrize("grain", ["rep", "team", "manager", "company"])
def test_each_figure_of_a_scorecard_is_in_the_catalogue(manifest: Manifest, grain: str) -> None:
    columns = _columns(manifest, f"kpi_{grain}_scorecard")
    figures = {name for name, column in columns.items() if column["data_type"] not in ("string", "date")}
    found = {
        name for name, kpi in _kpis(manifest).items() if grain in kpi["grains"] and "_scorecard" in kpi["table_name"]
    }
    assert figures - {"bookings_rank"} == found


def test_each_kpi_stands_where_the_catalogue_says(manifest: Manifest) -> None:
    missing = [
        name for name, kpi in _kpis(manifest).items() if kpi["column_name"] not in _columns(manifest, kpi["table_name"])
    ]
    assert missing == []
    assert set(DIGEST_KPIS) <= set(_kpis(manifest))


def test_rows_of_a_kpi_are_of_published_columns(manifest: Manifest) -> None:
    kpis = _kpis(manifest)
    made_of = {name: kpi for name, kpi in kpis.items() if "row_table" in kpi}
    assert {"won_amount", "open_amount", "quota_amount", "talk_ratio", "avg_cycle_days"} <= set(made_of)
    for name, kpi in made_of.items():
        named = {kpi["row_rep"], kpi["row_day"], kpi["row_value"]} - {"", "1"}
        assert named <= set(_columns(manifest, kpi["row_table"])), name
    assert {part for kpi in kpis.values() for part in kpi.get("parts", [])} <= set(kpis)


def test_units_are_those_of_the_names(manifest: Manifest) -> None:
    ends = {"_count": "count", "_amount": "money", "_rate": "fraction", "_days": "days", "_seconds": "seconds"}
    # A rate by amount is no amount.
    units = {name: kpi["unit"] for name, kpi in _kpis(manifest).items() if name != "win_rate_amount"}
    wrong = [name for name in units for end, unit in ends.items() if name.endswith(end) and units[name] != unit]
    assert wrong == []


def test_every_scorecard_figure_that_adds_up_is_a_metric(manifest: Manifest) -> None:
    metrics = yaml.safe_load((PROJECT / "dbt_project/models/semantic/_metrics.yml").read_text(encoding="utf-8"))
    named = {metric["name"] for metric in metrics["metrics"]}
    rep = {name for name, kpi in _kpis(manifest).items() if kpi["table_name"] == "kpi_rep_scorecard"}
    # What was due when a period began is no sum of what was due when its months did.
    assert rep - named == {"due_open_amount", "coverage_at_start"}


def test_a_ratio_without_its_measures_is_no_metric(manifest: Manifest) -> None:
    changed = json.loads(json.dumps(manifest))
    kpis = changed["nodes"]["model.repline.kpi_catalogue"]["config"]["meta"]["kpis"]
    next(kpi for kpi in kpis if kpi["kpi"] == "win_rate")["sql"] = "won_count / met_count"
    metrics = yaml.safe_load(files(changed)["dbt_project/models/semantic/_metrics.yml"])["metrics"]
    assert not {"win_rate", "sales_velocity"} & {metric["name"] for metric in metrics}
