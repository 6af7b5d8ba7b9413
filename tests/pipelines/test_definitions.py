"""The definitions: loading them does no work, and the graph is whole."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from expectations.landing import LandingGate
from ingestion.contract import ENTITIES
from pipelines.assets.gates import marts_gate_of
from pipelines.assets.names import REFRESH_JOB, WAREHOUSE_POOL
from pipelines.assets.published import build_published_assets
from pipelines.assets.raw import raw_specs
from pipelines.definitions import build_defs
from pipelines.runs.dbt_runs import parsed_dir, prepare_manifest
from pipelines.settings import DBT_PROJECT_DIR, Settings, default_vars
from tests.expectations.declared import marts_gate

REPOSITORY = Path(__file__).resolve().parents[2]


def files_of(folder: Path) -> dict[Path, int]:
    """The files below a folder, with the moments of their last change."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("nothing") / "home"
    return Settings(home=home, landing=home / "landing")


@pytest.fixture(scope="module")
def graph(settings: Settings) -> Any:
    return build_defs(settings).resolve_asset_graph()


@pytest.fixture(scope="module")
def manifest(settings: Settings) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(prepare_manifest(settings).read_text(encoding="utf-8"))
    return manifest


def test_loading_opens_no_database_and_writes_nothing_into_the_data_home(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a database was opened")

    prepare_manifest(settings)
    monkeypatch.setattr(duckdb, "connect", refuse)
    definitions = build_defs(settings)
    dg.Definitions.validate_loadable(definitions)
    assert not settings.home.exists()


def test_parsing_the_models_opens_no_database_and_writes_below_the_data_home_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project may lie in a folder that the user cannot write to."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a database was opened")

    monkeypatch.setattr(duckdb, "connect", refuse)
    monkeypatch.setattr("pipelines.runs.dbt_runs.parsed_dir", parsed_dir)
    settings = Settings(home=tmp_path / "home", landing=tmp_path)
    before = files_of(DBT_PROJECT_DIR)
    manifest = prepare_manifest(settings)
    assert json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    assert files_of(DBT_PROJECT_DIR) == before
    assert manifest.is_relative_to(settings.home)


def test_every_published_table_goes_back_to_raw_tables(graph: Any) -> None:
    published = [key for key in graph.get_all_asset_keys() if key.path[0] == "published"]
    assert published
    for key in published:
        ancestors = graph.get_ancestor_asset_keys(key)
        assert dg.AssetKey(["marts", key.path[1]]) in ancestors
        # What the KPIs mean does not depend on data.
        is_written_down = key.path[1] == "kpi_catalogue"
        assert is_written_down or any(ancestor.path[0] == "raw" for ancestor in ancestors), key


def test_every_resource_and_every_model_is_an_asset(graph: Any, manifest: dict[str, Any]) -> None:
    raw = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    assert raw == {*(f"landing__{entity.name}" for entity in ENTITIES), "landing_files", "quarantine"}
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    for model in models:
        assert graph.has(dg.AssetKey([model["schema"], model["name"]])), model["name"]
    published = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "published"}
    assert published == {model["name"] for model in models if model["schema"] == "marts"}


def test_every_asset_says_what_it_is_and_whose(graph: Any) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.is_executable, f"{key} is in the graph, but nothing makes it"
        assert node.description, key
        assert node.owners, key
        subjects = {f"marts_{path.name}" for path in (DBT_PROJECT_DIR / "models" / "marts").iterdir() if path.is_dir()}
        assert node.group_name in {"raw", "snapshots", "staging", "intermediate", "published", *subjects}, key
        assert node.kinds, key
        if key.path[0] in ("marts", "published") or key.path[-1].startswith("landing__"):
            columns = node.metadata["dagster/column_schema"].columns
            assert columns, key
            assert all(column.type != "?" for column in columns), key


def test_raw_columns_are_those_of_the_contract(graph: Any) -> None:
    for entity in ENTITIES:
        schema = graph.get(dg.AssetKey(["raw", f"landing__{entity.name}"])).metadata["dagster/column_schema"]
        assert [(column.name, column.type) for column in schema.columns] == [
            (column.name, column.type.value) for column in entity.columns
        ]
        keys = [column.name for column in schema.columns if "primary key" in column.constraints.other]
        assert tuple(keys) == entity.key


def test_freshness_policies_follow_the_limits(graph: Any) -> None:
    limits = default_vars()["freshness_limit_hours"]
    for key in graph.get_all_asset_keys():
        name = key.path[1].removeprefix("landing__") if key.path[0] == "raw" else key.path[0]
        policy = graph.get(key).freshness_policy
        if key.path[0] in ("raw", "published") and name in limits:
            assert policy.fail_window.to_timedelta().total_seconds() == limits[name] * 3600, key
        else:
            assert policy is None, key


def test_freshness_policies_follow_the_settings(tmp_path: Path, manifest: dict[str, Any]) -> None:
    limits = {"calls": 5, "leads": None, "published": 7}
    settings = Settings(tmp_path, tmp_path, overrides={"freshness_limit_hours": limits})
    specs = [*raw_specs(settings, manifest), *build_published_assets(settings, manifest).specs]
    policies: dict[str, Any] = {"/".join(spec.key.path): spec.freshness_policy for spec in specs}
    assert policies["raw/landing__leads"] is None
    for key, hours in (("raw/landing__calls", 5), ("published/fct_call", 7)):
        assert policies[key].fail_window.to_timedelta() == timedelta(hours=hours)


def test_every_dbt_test_is_a_check(graph: Any, manifest: dict[str, Any]) -> None:
    checks = {key.name: key for key in graph.asset_check_keys}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    assert tests
    for test in tests:
        assert test["name"] in checks, test["name"]
        is_error = test["config"]["severity"].lower() == "error"
        assert graph.get(checks[test["name"]]).blocking == is_error, test["name"]
        assert graph.get(checks[test["name"]]).description, test["name"]


def test_a_check_says_in_words_what_a_test_of_a_column_asks(graph: Any) -> None:
    said = {graph.get(key).description for key in graph.asset_check_keys}
    assert "No two rows of fct_opportunity have the same opportunity_id." in said
    assert "Each user_id of fct_call is a user_id of dim_rep." in said


def test_every_published_mart_is_read_by_somebody(manifest: dict[str, Any]) -> None:
    named = {node for exposure in manifest["exposures"].values() for node in exposure["depends_on"]["nodes"]}
    marts = {
        node["unique_id"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }
    assert marts - named == set(), "name them in dbt_project/models/exposures.yml"


@pytest.mark.parametrize(
    ("exposure", "folder"),
    [("pages", "pipelines/pages/queries"), ("superset", "docs/bi/superset/datasets")],
)
def test_an_exposure_names_what_is_read(manifest: dict[str, Any], exposure: str, folder: str) -> None:
    marts = {node["name"] for node in manifest["nodes"].values() if node["schema"] == "marts"}
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / folder).rglob("*.*")]
    read = {name for text in texts for name in re.findall(r"(?:marts\.|table_name: )(\w+)", text)} & marts
    named = {
        node.split(".")[-1] for node in manifest["exposures"][f"exposure.repline.{exposure}"]["depends_on"]["nodes"]
    }
    assert named == read


def test_the_marts_gate_holds_columns_to_what_the_models_declare(manifest: dict[str, Any]) -> None:
    built, declared = marts_gate_of(manifest), marts_gate()
    assert declared.columns
    for part in ("facts", "columns", "faults", "no_faults"):
        assert sorted(getattr(built, part)) == sorted(getattr(declared, part)), part


def test_every_expectation_is_a_check_and_only_errors_block(graph: Any) -> None:
    for gate in (LandingGate(), marts_gate()):
        descriptions = gate.describe()
        assert {each.severity for each in descriptions} == {"error", "warning"}
        for each in descriptions:
            key = dg.AssetCheckKey(dg.AssetKey(each.table.split(".")), each.expectation)
            assert key in graph.asset_check_keys, key
            assert graph.get(key).blocking == (each.severity == "error"), key


def test_steps_that_open_the_warehouse_share_a_pool_of_one_and_the_lock(settings: Settings) -> None:
    job = build_defs(settings).resolve_job_def(REFRESH_JOB)
    steps = {node.name: node.definition for node in job.nodes}
    assert set(steps) == {"load_sources", "landing_gate", "build_models", "marts_gate", "publish_marts"}
    for step in steps.values():
        assert isinstance(step, dg.OpDefinition)
        assert step.description, step.name
        assert step.pool == WAREHOUSE_POOL
        assert "warehouse" in step.required_resource_keys


def steps_before(settings: Settings) -> dict[str, set[str]]:
    """The steps that Dagster knows to come right before each step of the job."""
    job = build_defs(settings).resolve_job_def(REFRESH_JOB)
    return {
        invocation.name: {each.node for dependency in inputs.values() for each in dependency.get_node_dependencies()}
        for invocation, inputs in job.graph.dependencies.items()
    }


def test_steps_follow_each_other(settings: Settings) -> None:
    """A gate's checks hold back what comes behind it only if Dagster knows that it comes behind it."""
    before = steps_before(settings)
    for earlier, later in pairwise(["load_sources", "landing_gate", "build_models", "marts_gate", "publish_marts"]):
        assert earlier in before[later]


def test_models_wait_for_the_landing_gate_even_if_dbt_tests_every_raw_table(
    settings: Settings, manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster frees a step from waiting for the checks on a table that it checks itself."""
    tested = deepcopy(manifest)
    pattern = next(node for node in tested["nodes"].values() if node["resource_type"] == "test")
    for source in tested["sources"].values():
        name = f"some_test_of_{source['name']}"
        unique_id = f"test.repline.{name}"
        depends_on = {**pattern["depends_on"], "nodes": [source["unique_id"]]}
        changes = {"name": name, "unique_id": unique_id, "depends_on": depends_on, "attached_node": None}
        tested["nodes"][unique_id] = {**pattern, **changes}
        tested["parent_map"][unique_id] = [source["unique_id"]]
        tested["child_map"][source["unique_id"]].append(unique_id)
    monkeypatch.setattr("pipelines.definitions.load_manifest", lambda _: tested)
    checks = {key.name for key in build_defs(settings).resolve_asset_graph().asset_check_keys}
    assert "some_test_of_landing__users" in checks
    assert "landing_gate" in steps_before(settings)["build_models"]


def test_the_workspace_file_names_the_definitions() -> None:
    workspace = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text(encoding="utf-8"))
    [location] = workspace["load_from"]
    assert location["python_module"]["module_name"] == "pipelines.definitions"


def test_schedule_and_sensors_are_on(settings: Settings) -> None:
    repository = build_defs(settings).get_repository_def()
    [schedule] = repository.schedule_defs
    assert (schedule.name, schedule.cron_schedule) == ("refresh_hourly", "0 * * * *")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert {sensor.name for sensor in repository.sensor_defs} == {"files_arrived", "dead_runs", "alarms"}
    assert all(sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in repository.sensor_defs)
