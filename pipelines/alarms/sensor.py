"""The sensor that tells of alarms while Dagster runs; where cron is enough, `repline alert` does the same.

Belongs here: when it looks, and what it says in Dagster. Does not belong here: the round (`pipelines.alarms.rounds`).
"""

import dagster as dg

from pipelines.alarms.report import lines
from pipelines.alarms.rounds import tell
from pipelines.alarms.senders import NOBODY, senders
from pipelines.reports.status import runs_of
from pipelines.settings import Settings

# A refresh is hourly, and limits are hours: who is on call knows within minutes.
INTERVAL_SECONDS = 300


def build_alarm_sensor(settings: Settings) -> dg.SensorDefinition:
    """The sensor `alarms`. It starts nothing, so what it does never fails a refresh."""

    @dg.sensor(
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells whom repline.yml names what went wrong, once when it begins and once when it ends.",
    )
    def alarms(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if not senders(settings.alarms):
            return dg.SkipReason(NOBODY)
        done = tell(settings, runs_of(context.instance))
        for name, reason in done.failed.items():
            context.log.warning(f"Could not tell {name}: {reason}.")
        return dg.SkipReason("\n".join(lines(done)))

    return alarms
