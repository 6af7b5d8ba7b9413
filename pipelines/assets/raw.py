"""The raw tables as Dagster assets, one for each dlt resource, loaded by one step.

Belongs here: what Dagster knows of the raw tables. Does not belong here: reading files (`ingestion.landing`).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import duckdb
from dagster_dlt import DagsterDltResource, DagsterDltTranslator
from dagster_dlt.translator import DltResourceTranslatorData

from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, RAW_SCHEMA, Entity
from ingestion.landing import landing_pipeline, landing_source, table_name
from pipelines.assets.names import DEFAULT_OWNER, RAW_GROUP, REFRESH_JOB, WAREHOUSE_POOL
from pipelines.assets.table_metadata import COLUMN_SCHEMA, TABLE_NAME, read_table_facts
from pipelines.publication.versions import needs_publishing
from pipelines.runs.exclusion import WarehouseLock
from pipelines.runs.failures import clear_failures
from pipelines.runs.inputs import build_fingerprint
from pipelines.settings import Settings, default_vars

LANDING_FILES = dg.AssetKey([RAW_SCHEMA, "landing_files"])
# Of the account of the files: what is added up for each table.
_COUNTED = ("files", "rows_read", "rows_loaded", "rows_superseded", "rows_quarantined")
ENTITIES_BY_TABLE = {table_name(entity): entity for entity in ENTITIES}
BOOKKEEPING = {
    "landing_files": "One row per landing file and content: rows read, loaded, superseded and quarantined.",
    "quarantine": "One row per landing row that was not loaded: file, line, column, value and reason.",
}


class LandingTranslator(DagsterDltTranslator):
    """Describes the file source's resources as assets of schema `raw`."""

    def __init__(self, freshness_limit_hours: Mapping[str, float]) -> None:
        self._limits = freshness_limit_hours

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        table = data.resource.name
        entity = ENTITIES_BY_TABLE.get(table)
        limit = self._limits.get(entity.name) if entity else None
        schema = {COLUMN_SCHEMA: contract_schema(entity)} if entity else {}
        return dg.AssetSpec(
            [RAW_SCHEMA, table],
            description=_entity_description(entity) if entity else BOOKKEEPING[table],
            metadata={TABLE_NAME: f"{RAW_SCHEMA}.{table}", **schema},
            freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=limit)) if limit else None,
            skippable=True,
            kinds={"dlt", "duckdb"},
            group_name=RAW_GROUP,
            owners=[DEFAULT_OWNER],
        )


def _entity_description(entity: Entity) -> str:
    return (
        f"The {entity.name.replace('_', ' ')} of the landing files, each in its newest version: one row per "
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


def build_raw_assets(settings: Settings) -> dg.AssetsDefinition:
    """The step `load_landing` with the raw tables that it fills.

    It yields all tables or none. None where the newest published version was made of just these inputs:
    Dagster then skips every step behind it, and the run succeeds without a new version. All where a version
    is due, even if this load itself brought nothing, because a former run may have died after its load.
    """
    translator = LandingTranslator(default_vars()["freshness_limit_hours"])
    resources = landing_source(settings.landing).selected_resources.values()
    specs = [
        translator.get_asset_spec(DltResourceTranslatorData(resource=resource, pipeline=None)) for resource in resources
    ]

    @dg.multi_asset(name="load_landing", specs=specs, pool=WAREHOUSE_POOL)
    def load_landing(
        context: dg.AssetExecutionContext, dlt: DagsterDltResource, warehouse: WarehouseLock
    ) -> Iterator[dg.MaterializeResult[None]]:
        with clear_failures():
            results = dlt.run(
                context=context,
                dlt_source=landing_source(settings.landing),
                dlt_pipeline=landing_pipeline(settings.warehouse, settings.dlt_home),
                dagster_dlt_translator=translator,
            )
            for _ in results:  # the load happens while its results are taken
                pass
            fingerprint = build_fingerprint(settings, warehouse.started_at)
            # Who materialises tables by hand wants them made again, new or not.
            is_refresh = context.run.job_name == REFRESH_JOB
            if is_refresh and not needs_publishing(settings, fingerprint):
                context.log.info("Nothing new: the newest published version was made of these very inputs.")
                return
            facts = read_table_facts(settings.warehouse, [RAW_SCHEMA])
            rows = _rows_by_table(settings, warehouse.started_at)
        for spec in specs:
            table = spec.key.path[-1]
            yield dg.MaterializeResult(
                asset_key=spec.key,
                metadata={
                    **facts[(RAW_SCHEMA, table)].metadata(spec.metadata.get(COLUMN_SCHEMA)),
                    **rows.get(table, {}),
                },
            )

    return load_landing


def _rows_by_table(settings: Settings, since: datetime) -> dict[str, dict[str, Any]]:
    """The account of each entity's files as they are now; `new_...` counts those that were loaded `since`."""
    sums = [f"sum({name})::BIGINT AS {name}" for name in _COUNTED]
    sums += [f"coalesce(sum({name}) FILTER (is_new), 0)::BIGINT AS new_{name}" for name in _COUNTED]
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute(
            f"""
            WITH current_files AS (
                SELECT *, 1 AS files, loaded_at >= ? AS is_new
                FROM {RAW_SCHEMA}.landing_files
                QUALIFY row_number() OVER (PARTITION BY entity, file ORDER BY loaded_at DESC) = 1
            )
            SELECT entity, {", ".join(sums)}, strftime(max(loaded_at), '%Y-%m-%d %H:%M:%S UTC') AS last_load
            FROM current_files GROUP BY entity
            """,
            [since.astimezone(UTC).replace(tzinfo=None)],
        )
        names = [column[0] for column in found.description or ()]
        return {
            table_name(ENTITIES_BY_NAME[row[0]]): dict(zip(names[1:], row[1:], strict=True)) for row in found.fetchall()
        }
