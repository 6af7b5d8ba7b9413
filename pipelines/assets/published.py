"""The published tables as Dagster assets, put in place together by one step.

Belongs here: what Dagster knows of the published tables. Does not belong here: how a version is made and put
in place (`pipelines.publication.publish`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from pipelines.assets.failures import clear_failures
from pipelines.assets.models import AS_OF, FINGERPRINT, described_columns, marts_of, owners_of
from pipelines.assets.names import MARTS_SCHEMA, PUBLISHED_GROUP, WAREHOUSE_POOL, Manifest
from pipelines.assets.table_metadata import COLUMN_SCHEMA, ROW_COUNT, TABLE_NAME
from pipelines.publication.publish import publish
from pipelines.runs.exclusion import WarehouseLock
from pipelines.settings import Settings


def build_published_assets(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """The step `publish_marts` with an asset `published/<table>` for each mart."""
    marts = marts_of(manifest)
    limit = settings.business.freshness_limit_hours.get("published")
    specs = [
        dg.AssetSpec(
            [PUBLISHED_GROUP, name],
            deps=[[MARTS_SCHEMA, name]],
            description=f"The mart {name} as reports read it: a table of repline.duckdb, and a Parquet file.",
            metadata={COLUMN_SCHEMA: described_columns(marts[name]), TABLE_NAME: f"{MARTS_SCHEMA}.{name}"},
            freshness_policy=dg.FreshnessPolicy.time_window(timedelta(hours=limit)) if limit else None,
            kinds={"duckdb", "parquet"},
            group_name=PUBLISHED_GROUP,
            owners=owners_of(manifest, marts[name]),
        )
        for name in marts
    ]

    @dg.multi_asset(
        name="publish_marts",
        description="Writes a new version of the marts, compares it with the warehouse, and shows it to readers.",
        specs=specs,
        pool=WAREHOUSE_POOL,
    )
    def publish_marts(
        context: dg.AssetExecutionContext, warehouse: WarehouseLock
    ) -> Iterator[dg.MaterializeResult[None]]:
        with clear_failures(settings):
            as_of, fingerprint = _origin(context, list(marts))
            version = publish(settings, as_of, fingerprint, list(marts), context.log.info, context.log.warning)
        for table in version.tables:
            if table.name not in marts:
                continue
            yield dg.MaterializeResult(
                asset_key=[PUBLISHED_GROUP, table.name],
                metadata={
                    ROW_COUNT: table.row_count,
                    "version": version.number,
                    "checksum": table.checksum,
                    AS_OF: version.as_of.isoformat(),
                },
            )

    return publish_marts


def _origin(context: dg.AssetExecutionContext, names: list[str]) -> tuple[datetime, str]:
    """The as-of and the fingerprint that the marts were built with, as their builds noted them.

    Not those of this run: it may repeat only the last steps of a run that failed yesterday.
    """
    found = set()
    for name in names:
        event = context.instance.get_latest_materialization_event(dg.AssetKey([MARTS_SCHEMA, name]))
        built = event.asset_materialization if event else None
        if built is None or FINGERPRINT not in built.metadata:
            raise dg.Failure(f"{MARTS_SCHEMA}.{name} was never built; run a whole refresh", allow_retries=False)
        found.add((str(built.metadata[AS_OF].value), str(built.metadata[FINGERPRINT].value)))
    if len(found) > 1:
        raise dg.Failure("the marts were built from different inputs; run a whole refresh", allow_retries=False)
    [(as_of, fingerprint)] = found
    return datetime.fromisoformat(as_of), fingerprint
