"""All Dagster definitions, put together by one function that the daemon, the tests and the command line use.

Belongs here: which assets, checks, jobs, triggers and resources there are. Does not belong here: any of them.
Loading this opens no database and needs no secret; at most dbt parses its project anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from dagster_dlt import DagsterDltResource

from pipelines.alarms.sensor import build_alarm_sensor
from pipelines.assets.copied import build_copied_assets
from pipelines.assets.gates import build_gates
from pipelines.assets.models import build_model_assets, load_manifest
from pipelines.assets.names import REFRESH_JOB
from pipelines.assets.published import build_published_assets
from pipelines.assets.raw import build_raw_assets
from pipelines.runs.exclusion import WarehouseLock
from pipelines.runs.instance import spare_disk_syncs
from pipelines.runs.triggers import build_triggers
from pipelines.settings import Settings


def build_defs(
    settings: Settings | None = None, loggers: Mapping[str, dg.LoggerDefinition] | None = None
) -> dg.Definitions:
    """The definitions for these settings, by default those of the environment; `loggers` are further ones."""
    settings = settings or Settings.from_environment()
    spare_disk_syncs()
    manifest = load_manifest(settings)
    schedule, sensors = build_triggers(settings, REFRESH_JOB)
    raw = build_raw_assets(settings, manifest)
    return dg.Definitions(
        assets=[
            raw,
            build_model_assets(settings, manifest, [spec.key for spec in raw.specs]),
            build_published_assets(settings, manifest),
            *build_copied_assets(settings, manifest),
        ],
        asset_checks=build_gates(settings, manifest),
        jobs=[
            dg.define_asset_job(
                REFRESH_JOB,
                selection=dg.AssetSelection.all(),
                description="Load what is new in the sources, build, judge and publish the marts.",
            )
        ],
        schedules=[schedule],
        sensors=[*sensors, build_alarm_sensor(settings)],
        resources={
            "dlt": DagsterDltResource(),
            "warehouse": WarehouseLock(
                home=str(settings.home), warehouse=str(settings.warehouse), lock=str(settings.refresh_lock)
            ),
        },
        # One process for all steps: DuckDB has one writing process, and it holds the lock as long as it runs.
        executor=dg.in_process_executor,
        loggers=dict(loggers or {}),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads. A function, so that importing this module does no work."""
    return build_defs()
