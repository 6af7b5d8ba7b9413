"""The raw tables as Dagster assets, loaded by one step.

Belongs here: what Dagster knows of the raw tables, and running each source's dlt pipeline. Does not belong here:
which sources are on (`pipelines.sources`), or reading files and APIs (`ingestion`).
"""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import duckdb
from dagster_dlt import DagsterDltResource, DagsterDltTranslator
from dagster_dlt.translator import DltResourceTranslatorData
from dlt import Pipeline
from dlt.extract import DltSource

from expectations.landing import ContractSource
from ingestion import sources as ingestion_sources
from ingestion.account import CURRENT_FILES
from ingestion.api.options import SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, RAW_SCHEMA, Entity
from ingestion.forgetting import Home, forget_again
from ingestion.hiding import hide_former_loads
from ingestion.lake import Lake
from ingestion.landing import table_name
from ingestion.landing.personal import Hiding
from ingestion.register import SOURCES_BY_NAME
from pipelines.assets.failures import clear_failures
from pipelines.assets.names import (
    DEFAULT_OWNER,
    LOAD_STEP,
    RAW_GROUP,
    REFRESH_JOB,
    RELOAD,
    WAREHOUSE_POOL,
    Manifest,
    source_key,
)
from pipelines.assets.table_metadata import COLUMN_SCHEMA, TABLE_NAME, read_table_facts
from pipelines.copying.copy import copy_if_wanted
from pipelines.publication.versions import needs_publishing, restore_current, version_numbers
from pipelines.runs.exclusion import WarehouseLock
from pipelines.runs.inputs import build_fingerprint
from pipelines.settings import SPARK, Settings, SettingsError
from pipelines.sources import options_of, sources_of, unmapped_files
from pipelines.spark.lake import settled_lake

# Of the account of the files: what is added up for each table.
_COUNTED = ("files", "rows_read", "rows_loaded", "rows_superseded", "rows_quarantined")
# Personal columns of people that the snapshot of users does not have.
_NOT_SEEN = {"full_name", "email"}
BOOKKEEPING = {
    "landing_files": "One row per file and content: rows read, loaded, superseded and quarantined.",
    "quarantine": "One row per row of a file that was not loaded: file, line, column, value and reason.",
}


# Dagster's own, in which it says of each blocking check of a step that gave no result that nothing waits for it.
_PLAN_LOG = logging.getLogger("dagster._core.execution.plan.active")


def _is_no_missing_result(record: logging.LogRecord) -> bool:
    return "emitted no result" not in record.getMessage()


class RawTranslator(DagsterDltTranslator):
    """Finds the asset of a resource: it has the name of the table that the resource fills."""

    def __init__(self, specs: Iterable[dg.AssetSpec]) -> None:
        self._specs = {spec.key: spec for spec in specs}

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        return self._specs[dg.AssetKey([RAW_SCHEMA, str(data.resource.table_name)])]


def raw_specs(settings: Settings, manifest: Manifest) -> list[dg.AssetSpec]:
    """The raw tables of the sources that are on. Needs no secret.

    Those that Repline loads itself are in schema `raw`; those that another tool loads are the ones that dbt reads.
    """
    sources = sources_of(settings)
    limits = settings.business.freshness_limit_hours
    specs: list[dg.AssetSpec] = []
    if sources.contract:
        specs += [_spec(table, description) for table, description in BOOKKEEPING.items()]
    for source in sources.contract:
        for entity in ENTITIES:
            description = _entity_description(entity, source)
            schema = contract_schema(entity)
            specs.append(_spec(table_name(entity, source.name), description, limits.get(entity.name), schema))
    for table in sources.api_tables:
        specs.append(_spec(table.raw_name, table.description, limits.get(table.entity), _api_schema(table)))
    for node in manifest["sources"].values():
        if node["schema"] in sources.landed.values():
            name = f"{node['schema']}.{node['identifier']}"
            specs.append(
                dg.AssetSpec(
                    source_key(node),
                    description=f"{node['description']} Another tool loads it; a refresh looks what it holds.",
                    metadata={TABLE_NAME: name},
                    skippable=True,
                    kinds={"duckdb"},
                    group_name=RAW_GROUP,
                    owners=[DEFAULT_OWNER],
                )
            )
    return specs


def build_raw_assets(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """The step `load_sources` with the raw tables that it fills.

    It yields all tables or none. None where the newest published version was made of just these inputs:
    Dagster then skips every step behind it, and the run succeeds without a new version. All where a version
    is due, even if this load itself brought nothing, because a former run may have died after its load.
    """
    specs = raw_specs(settings, manifest)
    translator = RawTranslator(specs)

    @dg.multi_asset(
        name=LOAD_STEP,
        description="Loads what is new in each source into schema raw; where nothing is, all other steps are skipped.",
        specs=specs,
        pool=WAREHOUSE_POOL,
        config_schema={RELOAD: dg.Field([str], default_value=[], description="Sources to read from their beginning.")},
    )
    def load_sources(
        context: dg.AssetExecutionContext, dlt: DagsterDltResource, warehouse: WarehouseLock
    ) -> Iterator[dg.MaterializeResult[None]]:
        def run(pipeline: Pipeline, source: DltSource, refresh: str | None) -> None:
            results = dlt.run(
                context=context,
                dlt_source=source,
                dlt_pipeline=pipeline,
                dagster_dlt_translator=translator,
                refresh=refresh,
            )
            for _ in results:  # the load happens while its results are taken
                pass

        _PLAN_LOG.removeFilter(_is_no_missing_result)
        chosen = [spec for spec in specs if spec.key in context.selected_asset_keys]
        with clear_failures(settings):
            restore_current(settings)
            lake = settled_lake(settings, context.log.info)
            options = ingestion_sources.options(settings.dbt_vars(warehouse.started_at), context.log.info)
            hidden = _hide_former_loads(settings, manifest, options, lake)
            if hidden:
                context.log.info(
                    f"Personal columns: hid {hidden:,} values of former loads and wrote the warehouse anew; the "
                    "published versions that may hold them go when a new one is published."
                )
            _load(settings, options, chosen, run, context.op_execution_context.op_config[RELOAD], lake)
            forgotten = sum(done.rows for done in forget_again(forgetting_home(settings, manifest, lake)))
            if forgotten:
                context.log.warning(
                    f"Somebody forgotten came again from a source: {forgotten:,} rows were cleaned; delete them there."
                )
            if unread := unmapped_files(settings):
                context.log.warning(unread)
            fingerprint = build_fingerprint(settings, warehouse.started_at)
            # Who materialises tables by hand wants them made again, new or not.
            is_refresh = context.run.job_name == REFRESH_JOB
            if is_refresh and not needs_publishing(settings, fingerprint):
                context.log.info("Nothing new: the newest published version was made of these very inputs.")
                # It says so of steps that it skips as well, of dozens of checks.
                _PLAN_LOG.addFilter(_is_no_missing_result)
                # Made up for here where it failed: no step comes after this one.
                copy_if_wanted(settings, context.log.info)
                return
            facts = read_table_facts(settings.warehouse, {spec.key.path[0] for spec in chosen})
            rows = {**_rows_of_files(settings, warehouse.started_at), **_rows_of_apis(settings, options)}
        if hidden:
            rows.setdefault(chosen[0].key.path[-1], {})["new_values_hidden"] = hidden
        if forgotten:
            rows.setdefault(chosen[0].key.path[-1], {})["new_rows_forgotten"] = forgotten
        for spec in chosen:
            schema, table = spec.key.path
            # A table that another tool does not land is left to dbt: some are not needed.
            found = facts.get((schema, table))
            yield dg.MaterializeResult(
                asset_key=spec.key,
                metadata={
                    **(found.metadata(spec.metadata.get(COLUMN_SCHEMA)) if found else {}),
                    **rows.get(table, {}),
                },
            )

    return load_sources


def _load(
    settings: Settings,
    options: SourceOptions,
    chosen: Iterable[dg.AssetSpec],
    run: ingestion_sources.RunPipeline,
    anew: Collection[str],
    lake: Lake | None,
) -> None:
    """Load the sources that have a chosen table, those named in `anew` from their beginning."""
    tables = [spec.key.path[-1] for spec in chosen if spec.key.path[0] == RAW_SCHEMA]
    sources = sources_of(settings)
    able = (*(source.name for source in sources.contract), *sources.apis)
    for name in anew:
        if name not in able:
            raise SettingsError(
                f"only a source that is on can be read anew, not {name!r}; these are: {', '.join(able)}"
            )
    for source in sources.on:
        if not any(table.startswith(f"{source.name}__") for table in tables):
            continue
        placed = options_of(settings, sources, source, options)
        ingestion_sources.load(
            source.name,
            placed,
            settings.warehouse,
            settings.dlt_home,
            run,
            source.name in anew,
            # A home that came back to DuckDB has one still.
            lake if settings.target == SPARK else None,
        )


def _hide_former_loads(settings: Settings, manifest: Manifest, options: SourceOptions, lake: Lake | None) -> int:
    sources = sources_of(settings)
    hidings = {source.name: Hiding(source.name, options.personal_columns) for source in sources.contract}
    treatments = {
        **{table_name(entity, name): hiding.of(entity) for name, hiding in hidings.items() for entity in ENTITIES},
        **{table.raw_name: options.personal(options.table(table)) for table in sources.api_tables},
    }
    seen = {table_name(ENTITIES_BY_NAME["users"], name) for name in hidings}
    seen |= {table.raw_name for table in sources_of(settings).api_tables if table.entity in ("users", "")}
    derived = _derived_schemas(manifest)
    if any(treatments[table].keys() - _NOT_SEEN for table in seen):
        # It goes only where it may hold what is hidden now.
        derived |= _snapshot_schemas(manifest)
    newest = max(version_numbers(settings), default=0)
    return hide_former_loads(
        settings.warehouse,
        settings.dlt_home,
        options.personal_columns,
        treatments,
        derived,
        newest,
        lake,
    )


def forgetting_home(settings: Settings, manifest: Manifest, lake: Lake | None) -> Home:
    """What there is to look through where somebody is to be forgotten."""
    return Home(
        settings.warehouse,
        settings.dlt_home,
        derived=_derived_schemas(manifest),
        seen=_snapshot_schemas(manifest),
        api_tables=sources_of(settings).api_tables,
        version=max(version_numbers(settings), default=0),
        lake=lake,
    )


def _derived_schemas(manifest: Manifest) -> set[str]:
    """Those that dbt makes anew from the raw tables."""
    return {node["schema"] for node in manifest["nodes"].values()} - _snapshot_schemas(manifest)


def _snapshot_schemas(manifest: Manifest) -> set[str]:
    """That of the snapshot of users: no source can give again what it saw."""
    return {node["schema"] for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"}


def _spec(
    table: str, description: str, limit_hours: float | None = None, schema: dg.TableSchema | None = None
) -> dg.AssetSpec:
    return dg.AssetSpec(
        [RAW_SCHEMA, table],
        description=description,
        metadata={TABLE_NAME: f"{RAW_SCHEMA}.{table}", **({COLUMN_SCHEMA: schema} if schema else {})},
        freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=limit_hours)) if limit_hours else None,
        skippable=True,
        kinds={"dlt", "duckdb"},
        group_name=RAW_GROUP,
        owners=[DEFAULT_OWNER],
    )


def _entity_description(entity: Entity, source: ContractSource) -> str:
    origin = SOURCES_BY_NAME[source.name].origin
    return (
        f"The {entity.name.replace('_', ' ')} of the {origin}, each in its newest version: one row per "
        f"{', '.join(entity.key)}. {'Required' if entity.is_required else 'Optional'} in the contract."
    )


def contract_schema(entity: Entity) -> dg.TableSchema:
    """The contract's columns. A row with a null in a required one is quarantined."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                column.type.value,
                description=column.description or None,
                constraints=dg.TableColumnConstraints(
                    nullable=not column.must_be_present,
                    unique=entity.key == (column.name,),
                    other=["primary key"] if column.is_key else [],
                ),
            )
            for column in entity.columns
        ]
    )


def _api_schema(table: ApiTable) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                "TIMESTAMP" if name == table.cursor else "VARCHAR",
                constraints=dg.TableColumnConstraints(
                    nullable=name not in table.key,
                    unique=table.key == (name,),
                    other=["primary key"] if name in table.key else [],
                ),
            )
            for name in table.columns
        ]
    )


def _rows_of_apis(settings: Settings, options: SourceOptions) -> dict[str, dict[str, Any]]:
    """What this load brought of each table of an API; how often the APIs were asked stands at the first table."""
    counted: dict[str, dict[str, Any]] = {}
    for table in sources_of(settings).api_tables:
        new_rows = options.rows[table.raw_name]
        counted[table.raw_name] = {"new_rows_read": new_rows, "new_rows_loaded": new_rows}
        if len(counted) == 1:
            asked = {f"requests to {system}": count for system, count in options.requests.items()}
            counted[table.raw_name] |= {"new_requests": sum(asked.values()), **asked}
    return counted


def _rows_of_files(settings: Settings, since: datetime) -> dict[str, dict[str, Any]]:
    """The account of each entity's files as they are now; `new_...` counts those that were loaded `since`."""
    if not sources_of(settings).contract:
        return {}
    sums = [f"sum({name})::BIGINT AS {name}" for name in _COUNTED]
    sums += [f"coalesce(sum({name}) FILTER (is_new), 0)::BIGINT AS new_{name}" for name in _COUNTED]
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute(
            f"""
            WITH current_files AS (SELECT *, 1 AS files, loaded_at >= ? AS is_new FROM ({CURRENT_FILES}))
            SELECT source, entity, {", ".join(sums)}, strftime(max(loaded_at), '%Y-%m-%d %H:%M:%S UTC') AS last_load
            FROM current_files GROUP BY source, entity
            """,
            [since.astimezone(UTC).replace(tzinfo=None)],
        )
        names = [column[0] for column in found.description or ()][2:]
        return {
            table_name(ENTITIES_BY_NAME[entity], source): dict(zip(names, row, strict=True))
            for source, entity, *row in found.fetchall()
        }
