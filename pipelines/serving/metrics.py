"""What Prometheus reads at `/metrics` of `repline serve`: ages, durations, rows, quarantine, version, alarms.

Belongs here: names of metrics, and the page of them. Does not belong here: what they measure (`pipelines.reports`,
`pipelines.alarms.conditions`), or who may read them (`pipelines.serving.guard`).

Everything is read anew for each scrape, as `repline status` and `repline freshness` do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.alarms.conditions import judge
from pipelines.alarms.rounds import current_status
from pipelines.reports.freshness import Freshness, measure
from pipelines.reports.status import Run, Status, last_runs
from pipelines.settings import Settings

PATH = "/metrics"


class WithMetrics:
    """An ASGI application that answers `/metrics` itself, and hands everything else to `app`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        # The warehouse may have to be waited for, which must not hold up the pages.
        text = await run_in_threadpool(metrics_text, self._settings)
        await Response(text, media_type=CONTENT_TYPE_LATEST)(scope, receive, send)


def metrics_text(settings: Settings) -> bytes:
    """All metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_State(settings))
    return generate_latest(registry)


class _State(Collector):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def describe(self) -> Iterable[Metric]:
        """Nothing: to register must not read anything."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        status = current_status(self._settings, last_runs(self._settings))
        freshness = measure(self._settings, now)
        yield from _of_datasets(freshness)
        yield from _of_runs(status.runs)
        yield from _of_publication(status)
        yield from _of_warehouse(status)
        alarms = judge(self._settings, status, freshness, now).alarms
        yield _gauge(
            "repline_alarm",
            "1 for each alarm that is on.",
            ("kind", "subject"),
            [((alarm.kind, alarm.subject), 1) for alarm in alarms],
        )


def _gauge(
    name: str, meaning: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float | None]]
) -> GaugeMetricFamily:
    """A metric with a value for each set of labels; what is not known has no value."""
    metric = GaugeMetricFamily(name, meaning, labels=labels)
    for of, value in values:
        if value is not None:
            metric.add_metric(of, value)
    return metric


def _single(name: str, meaning: str, value: float | None) -> GaugeMetricFamily:
    return _gauge(name, meaning, (), [((), value)])


def _of_datasets(freshness: Freshness) -> Iterator[Metric]:
    ages = [((each.dataset,), _seconds(each.age_hours)) for each in freshness.datasets]
    limits = [((each.dataset,), _seconds(each.limit_hours)) for each in freshness.datasets]
    yield _gauge("repline_dataset_age_seconds", "Age of the newest event at the as-of moment.", ("dataset",), ages)
    yield _gauge("repline_dataset_age_limit_seconds", "freshness_limit_hours of it.", ("dataset",), limits)


def _of_runs(runs: Sequence[Run]) -> Iterator[Metric]:
    """`runs` are newest first."""
    finished = [run for run in runs if run.status in ("success", "failure")]
    last = finished[0] if finished else None
    took = last.ended_at - last.started_at if last and last.ended_at and last.started_at else None
    success = next((run.ended_at for run in finished if run.status == "success"), None)
    yield _single("repline_refresh_failed", "1 where the last refresh failed, 0 where not.", _flag(last))
    yield _single("repline_refresh_duration_seconds", "Time that it took.", took.total_seconds() if took else None)
    yield _single("repline_refresh_last_success_timestamp_seconds", "End of the last that succeeded.", _unix(success))


def _of_publication(status: Status) -> Iterator[Metric]:
    version = status.published
    rows = [((table.name,), table.row_count) for table in version.tables] if version else []
    number, published_at, as_of = (version.number, version.published_at, version.as_of) if version else (None,) * 3
    yield _single("repline_published_version", "Number of the version that readers see.", number)
    yield _single("repline_published_timestamp_seconds", "When it was made.", _unix(published_at))
    yield _single("repline_published_as_of_timestamp_seconds", "Its as-of.", _unix(as_of))
    yield _gauge("repline_published_rows", "Its rows.", ("table",), rows)


def _of_warehouse(status: Status) -> Iterator[Metric]:
    """Without values while a refresh is running, where the warehouse cannot be read."""
    quarantined: Counter[str] = Counter()
    for each in status.quarantined:
        quarantined[each.entity] += each.row_count
    failed = Counter((check.suite, check.severity) for check in status.failed_checks)
    is_known = not status.unknown
    gates = [(suite, severity) for suite in ("landing", "marts") for severity in ("error", "warning")]
    yield _single("repline_warehouse_readable", "1 where the next two are known now.", int(is_known))
    yield _gauge(
        "repline_quarantined_rows",
        "Quarantined rows of the current files; an entity without any has no value.",
        ("entity",),
        [((entity,), count) for entity, count in quarantined.items()],
    )
    yield _gauge(
        "repline_failed_checks",
        "Failed checks of the last refresh that came to a gate.",
        ("gate", "severity"),
        [(gate, failed[gate]) for gate in gates if is_known],
    )


def _seconds(hours: float | None) -> float | None:
    return None if hours is None else hours * 3600


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _flag(run: Run | None) -> int | None:
    return None if run is None else int(run.status == "failure")
