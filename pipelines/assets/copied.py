"""The copy of the published tables as a Dagster asset, made by the last step of a refresh where it is wanted.

Belongs here: what Dagster knows of the copy. Does not belong here: how it is made (`pipelines.copying.copy`).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.assets.failures import clear_failures
from pipelines.assets.models import marts_of
from pipelines.assets.names import DEFAULT_OWNER, PUBLISHED_GROUP, WAREHOUSE_POOL, Manifest
from pipelines.copying.copy import copy_if_wanted
from pipelines.settings import Settings


def build_copied_assets(settings: Settings, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """The step `copy_marts` behind the publication; none where the settings name no database."""
    if settings.copy_to is None:
        return []

    spec = dg.AssetSpec(
        ["copied", settings.copy_schema],
        deps=[[PUBLISHED_GROUP, name] for name in marts_of(manifest)],
        description=f"The published marts in schema {settings.copy_schema} of a PostgreSQL database.",
        kinds={"postgres"},
        group_name="copied",
        owners=[DEFAULT_OWNER],
    )

    @dg.multi_asset(
        name="copy_marts",
        description="Brings the copy in PostgreSQL to the published version; only tables that changed are sent.",
        specs=[spec],
        pool=WAREHOUSE_POOL,
    )
    def copy_marts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with clear_failures(settings):
            copy_if_wanted(settings, context.log.info)
        yield dg.MaterializeResult(asset_key=spec.key)

    return [copy_marts]
