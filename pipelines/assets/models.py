"""The dbt models and snapshots as Dagster assets and the dbt tests as their checks, built by one step.

Belongs here: what Dagster knows of models and tests, and turning dbt's results into Dagster's events. Does
not belong here: how dbt is run (`pipelines.runs.dbt_runs`).

All of it is in dbt's manifest. dagster-dbt would read it too, but it imports dbt into every process that loads the
definitions: 1.7 s, where Dagster itself took 0.7 s.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from ingestion.text import one_line
from pipelines.assets.failures import clear_failures
from pipelines.assets.names import DEFAULT_OWNER, MARTS_SCHEMA, WAREHOUSE_POOL, Manifest, source_key, team
from pipelines.assets.table_metadata import COLUMN_SCHEMA, TABLE_NAME, TableFacts, read_table_facts
from pipelines.runs import dbt_runs
from pipelines.runs.dbt_runs import NodeResult
from pipelines.runs.exclusion import WarehouseLock
from pipelines.runs.inputs import build_fingerprint
from pipelines.settings import Settings
from pipelines.storage_faults import storage_fault

# In the metadata of an asset or a check: which dbt node it stands for.
_UNIQUE_ID = "dbt/unique_id"
_BUILT = ("model", "snapshot")
# On the materialisations: what a model was built from. Publication takes them up (`pipelines.assets.published`).
AS_OF = "as_of"
FINGERPRINT = "fingerprint"


def load_manifest(settings: Settings) -> Manifest:
    manifest: Manifest = json.loads(dbt_runs.prepare_manifest(settings).read_text(encoding="utf-8"))
    return manifest


def build_model_assets(settings: Settings, manifest: Manifest, raw: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """The step `build_models` with the dbt models and their tests, behind the gate on the `raw` tables."""
    checks = check_specs(manifest)
    tested = {check.asset_key for check in checks}
    # Dagster does not hold a step back for the checks on a table that the step itself checks, and dbt's
    # step runs the tests of the raw tables. By a table that has no dbt test, dbt waits for the landing gate.
    gated = next(key for key in raw if key not in tested)

    @dg.multi_asset(
        name="build_models",
        description="dbt builds every model from the raw tables and runs its tests; a failed one holds back the rest.",
        specs=model_specs(manifest, gated),
        check_specs=checks,
        allow_arbitrary_check_specs=True,  # those of raw tables
        can_subset=True,
        pool=WAREHOUSE_POOL,
    )
    def build_models(
        context: dg.AssetExecutionContext, warehouse: WarehouseLock
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        variables = settings.dbt_vars(warehouse.started_at)
        nodes = _selected_nodes(context, manifest)
        with clear_failures(settings):
            results = dbt_runs.build(settings, variables, nodes, context.log.info)
            origin = {
                AS_OF: variables["as_of"],
                FINGERPRINT: build_fingerprint(settings, warehouse.started_at),
            }
            schemas = {node["schema"] for node in manifest["nodes"].values()}
            facts = read_table_facts(settings.warehouse, schemas)
        yield from _events(context, manifest, results, facts, origin)
        failed = [each for each in results if not (each.is_good or each.is_warning or each.is_skipped)]
        if failed:
            fault = storage_fault("\n".join(each.message for each in failed), settings)
            raise dg.Failure(fault or describe_failure(manifest, failed), allow_retries=False)

    return build_models


def model_specs(manifest: Manifest, gated: dg.AssetKey) -> list[dg.AssetSpec]:
    """An asset for each model and snapshot, by layer; those that read raw tables come behind `gated` too."""
    specs = []
    for node in manifest["nodes"].values():
        if node["resource_type"] not in _BUILT:
            continue
        parents = node["depends_on"]["nodes"]
        upstream = [_key(manifest, parent) for parent in parents]
        if any(parent in manifest["sources"] for parent in parents):
            upstream.append(gated)
        is_view = node["config"]["materialized"] == "view"
        specs.append(
            dg.AssetSpec(
                _key(manifest, node["unique_id"]),
                deps=dict.fromkeys(upstream),
                description=f"{node['description']}\n\n```sql\n{node['raw_code']}\n```",
                metadata={
                    TABLE_NAME: f"{node['schema']}.{node['alias']}",
                    COLUMN_SCHEMA: described_columns(node),
                    _UNIQUE_ID: node["unique_id"],
                },
                skippable=True,
                group_name=_group(node),
                code_version=node["checksum"]["checksum"],
                owners=owners_of(manifest, node),
                kinds={"dbt", "duckdb", "view" if is_view else "table"},
            )
        )
    return specs


def check_specs(manifest: Manifest) -> list[dg.AssetCheckSpec]:
    """A check for each test, on the model or source that it is declared at, else on the last of those that it reads."""
    specs = []
    for test in manifest["nodes"].values():
        if test["resource_type"] != "test":
            continue
        parents = sorted(test["depends_on"]["nodes"])
        attached = test.get("attached_node") or parents[-1]
        on = _key(manifest, attached)
        specs.append(
            dg.AssetCheckSpec(
                test["name"],
                asset=on,
                description=test.get("description") or _said(test, attached),
                additional_deps={_key(manifest, parent) for parent in parents} - {on},
                blocking=test["config"]["severity"].lower() == "error",
                metadata={_UNIQUE_ID: test["unique_id"]},
            )
        )
    return specs


def _group(node: Mapping[str, Any]) -> str:
    """The layer of a model, and of a mart its subject too: one box in the graph for each."""
    if node["resource_type"] != "model":
        return str(node["schema"])
    layer, subject = node["fqn"][1:3]
    return f"{layer}_{subject}" if layer == MARTS_SCHEMA else str(layer)


def _said(test: Mapping[str, Any], on: str) -> str:
    """What a generic test of the node `on` asks, in words: dbt has no description of one."""
    kind, arguments = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
    table, column = on.rpartition(".")[2], arguments.get("column_name")
    match kind:
        case "not_null":
            return f"{column} of {table} is never null."
        case "unique":
            return f"No two rows of {table} have the same {column}."
        case "unique_combination":
            return f"No two rows of {table} have the same {', '.join(arguments['columns'])}."
        case "relationships":
            other = next((each for each in test["depends_on"]["nodes"] if each != on), on).rpartition(".")[2]
            return f"Each {column} of {table} is a {arguments['field']} of {other}."
        case "accepted_values":
            return f"{column} of {table} is one of: {', '.join(map(str, arguments['values']))}."
    return f"The dbt test {kind} of {table}{f'.{column}' if column else ''}."


def _key(manifest: Manifest, unique_id: str) -> dg.AssetKey:
    if unique_id in manifest["sources"]:
        return source_key(manifest["sources"][unique_id])
    node = manifest["nodes"][unique_id]
    return dg.AssetKey([node["schema"], node["name"]])


def marts_of(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """The models that are published, by name: those of schema `marts`."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return {node["name"]: node for node in models if node["schema"] == MARTS_SCHEMA}


def owners_of(manifest: Manifest, model: Mapping[str, Any]) -> list[str]:
    """The team that the model's dbt group names; data engineering for a model that is in no group."""
    groups = manifest["groups"].values()
    named = [team(group["owner"]["name"]) for group in groups if group["name"] == model["group"]]
    return named or [DEFAULT_OWNER]


def described_columns(model: Mapping[str, Any]) -> dg.TableSchema:
    """The columns of a model as dbt's YAML describes them."""
    return dg.TableSchema(
        [
            dg.TableColumn(column["name"], column["data_type"] or "?", description=column["description"])
            for column in model["columns"].values()
        ]
    )


def describe_failure(manifest: Manifest, failed: list[NodeResult]) -> str:
    """One line on the first failed model or test: a failed model is named before the tests."""
    first = min(failed, key=lambda each: each.unique_id.startswith("test."))
    node = manifest["nodes"][first.unique_id]
    others = f"; {len(failed) - 1} more failed" if len(failed) > 1 else ""
    if node["resource_type"] == "test":
        tested = ", ".join(parent.split(".")[-1] for parent in node["depends_on"]["nodes"])
        found = f"{first.failures} bad rows" if first.failures else one_line(first.message)
        return f"the dbt test {node['name']} on {tested} failed: {found}{others} ({node['original_file_path']})"
    return (
        f"the dbt {node['resource_type']} {node['schema']}.{node['name']} failed: {one_line(first.message)}{others} "
        f"({node['original_file_path']})"
    )


def _selected_nodes(context: dg.AssetExecutionContext, manifest: Manifest) -> list[str]:
    """The names of the models and tests that a run takes; none where it takes all."""
    if not context.is_subset:
        return []
    assets = context.assets_def
    ids = [assets.metadata_by_key[key][_UNIQUE_ID] for key in context.selected_asset_keys]
    ids += [assets.get_spec_for_check_key(key).metadata[_UNIQUE_ID] for key in context.selected_asset_check_keys]
    return [manifest["nodes"][unique_id]["name"] for unique_id in ids]


def _events(
    context: dg.AssetExecutionContext,
    manifest: Manifest,
    results: list[NodeResult],
    facts: Mapping[tuple[str, str], TableFacts],
    origin: Mapping[str, str],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    assets = context.assets_def
    keys = {assets.metadata_by_key[key][_UNIQUE_ID]: key for key in context.selected_asset_keys}
    checks = {
        assets.get_spec_for_check_key(key).metadata[_UNIQUE_ID]: assets.get_spec_for_check_key(key)
        for key in context.selected_asset_check_keys
    }
    for result in results:
        node = manifest["nodes"][result.unique_id]
        if result.unique_id in keys and result.is_good:
            key = keys[result.unique_id]
            described = assets.metadata_by_key[key].get(COLUMN_SCHEMA)
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    # Views of Spark are not shown.
                    **(known.metadata(described) if (known := facts.get((node["schema"], node["alias"]))) else {}),
                    **origin,
                    "seconds": result.seconds,
                },
            )
        elif result.unique_id in checks and not result.is_skipped:
            spec = checks[result.unique_id]
            severity = dg.AssetCheckSeverity.WARN if result.is_warning else dg.AssetCheckSeverity.ERROR
            yield dg.AssetCheckResult(
                asset_key=spec.asset_key,
                check_name=spec.name,
                passed=result.is_good,
                severity=severity,
                description=one_line(result.message) or spec.description,
                metadata={"bad_rows": result.failures or 0, "seconds": result.seconds},
            )
