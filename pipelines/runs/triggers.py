"""What starts a refresh without being asked, and what watches over runs.

Belongs here: the schedule and the sensors. Does not belong here: what a refresh does, or whether anything has
changed in content (the refresh itself finds that out and then does nothing).
"""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from ingestion.sources import listing
from pipelines.runs.exclusion import fail_dead_runs
from pipelines.settings import Settings
from pipelines.sources import sources_of

# A file that was written to within this time may still grow.
QUIET_SECONDS = 10.0

Listing = Sequence[tuple[str, int, int]]


def listing_fingerprint(files: Listing) -> str:
    """A hash of names, sizes and modification times: cheap, and another when a file arrives or changes."""
    return hashlib.sha256(json.dumps(sorted(files)).encode()).hexdigest()


def is_being_written(files: Listing, now_ns: int) -> bool:
    """Whether a file changed within the last `QUIET_SECONDS`; a time in the future does not count."""
    return any(0 <= now_ns - mtime_ns < QUIET_SECONDS * 1e9 for _, _, mtime_ns in files)


def watched_files(settings: Settings) -> tuple[list[str], Listing]:
    """The folders in which files arrive for the sources that are on, and what is in them."""
    folders: list[str] = []
    files: list[tuple[str, int, int]] = []
    for source in sources_of(settings).on:
        if source.has_folder:
            folder: Path = getattr(settings, source.place)
            folders.append(str(folder))
            files += [(f"{source.name}/{name}", size, mtime) for name, size, mtime in listing(source.name, folder)]
    return folders, files


def build_triggers(settings: Settings, job_name: str) -> tuple[dg.ScheduleDefinition, list[dg.SensorDefinition]]:
    """The hourly schedule, and the sensors for arriving files and dead runs. All are on from the start."""

    @dg.schedule(
        job_name=job_name,
        cron_schedule="0 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refresh at every full hour; does nothing but look where nothing is new.",
    )
    def refresh_hourly() -> dg.RunRequest | dg.SkipReason:
        folders, files = watched_files(settings)
        # Where a source without files is on, there is always something to ask.
        if len(folders) == len(sources_of(settings).on) and not files:
            return dg.SkipReason(f"{' and '.join(folders)} has no files yet.")
        return dg.RunRequest()

    @dg.sensor(
        job_name=job_name,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refresh when a file arrived, changed or went, once it is no longer written to.",
    )
    def files_arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        folders, files = watched_files(settings)
        fingerprint = listing_fingerprint(files)
        if not files:
            return dg.SkipReason(f"{' and '.join(folders)} has no files yet." if folders else "No source has files.")
        if fingerprint == context.cursor:
            return dg.SkipReason("No file has arrived or changed.")
        if is_being_written(files, time.time_ns()):
            return dg.SkipReason("A file is still being written.")
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=fingerprint)

    @dg.sensor(
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Marks runs as failed whose process died, so that they do not hold up the queue.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        dead = fail_dead_runs(context.instance, settings.home)
        return dg.SkipReason(f"Marked as failed: {', '.join(dead)}." if dead else "No run has died.")

    return refresh_hourly, [files_arrived, dead_runs]
