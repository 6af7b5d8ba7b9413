"""Which alarms are on: stale data, a failed refresh, a stopped gate, too much in quarantine, a figure that jumped.

Belongs here: turning what status and freshness know into alarms. Does not belong here: a second rule about data (limits
and checks are those of `pipelines.reports` and of the gates), and telling anybody (`pipelines.alarms.rounds`).

An alarm says what is wrong in names of tables, checks and figures of the company: nothing of a person, no value of a
row, no secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from zoneinfo import ZoneInfo

import duckdb

from pipelines.business_settings import PUBLISHED
from pipelines.publication.versions import PARQUET, PublicationError, Version, read_version
from pipelines.reports.freshness import Freshness
from pipelines.reports.status import FailedCheck, Run, Status
from pipelines.settings import Settings

STALE_DATA = "stale_data"
STALE_MARTS = "stale_marts"
FAILED_REFRESH = "failed_refresh"
STOPPED_GATE = "stopped_gate"
QUARANTINE = "quarantine"
KPI_JUMP = "kpi_jump"
_SCORECARD = "kpi_company_scorecard"
_QUARANTINE_CHECK = "quarantined_share"
_Figure = Decimal | float | int | None


@dataclass(frozen=True)
class Alarm:
    """One thing that is wrong. `kind` and `subject` tell it from others; `since` is aware; the texts are sentences."""

    kind: str
    subject: str
    what: str
    since: datetime
    advice: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True)
class Judgement:
    """The alarms that are on. Of the kinds in `unknown` nothing is known now: what was on stays on."""

    alarms: tuple[Alarm, ...]
    unknown: frozenset[str]


def judge(settings: Settings, status: Status, freshness: Freshness, now: datetime) -> Judgement:
    """What is wrong at the moment `now` (aware), by what status and freshness found."""
    unknown = set()
    alarms = list(_stale(freshness))
    if not freshness.is_live:
        alarms = [alarm for alarm in alarms if alarm.kind != STALE_DATA]
        unknown.add(STALE_DATA)
    finished = [run for run in status.runs if run.status in ("success", "failure")]
    if status.runs and not finished:
        unknown.add(FAILED_REFRESH)
    alarms += _failed_refresh(finished)
    if status.unknown:
        unknown |= {STOPPED_GATE, QUARANTINE}
    else:
        # The last run, where it failed, is the one that a gate stopped.
        stopped = finished[0].ended_at if finished and finished[0].status == "failure" else None
        alarms += _failed_checks(status.failed_checks, stopped or now)
    try:
        alarms += _jumps(settings, status)
    except (PublicationError, duckdb.Error):
        unknown.add(KPI_JUMP)
    return Judgement(tuple(alarms), frozenset(unknown))


def _stale(freshness: Freshness) -> Iterator[Alarm]:
    for each in freshness.datasets:
        if not each.is_late:
            continue
        is_marts = each.dataset == PUBLISHED
        if each.age_hours is None or each.last_event_at is None or each.limit_hours is None:
            what, since = "No version of the marts can be read.", freshness.as_of
        else:
            subject = "The published marts are" if is_marts else f"{each.dataset}: the newest event is"
            what = f"{subject} {each.age_hours:.1f} hours old; the limit is {each.limit_hours:g}."
            since = each.last_event_at.replace(tzinfo=UTC) + timedelta(hours=each.limit_hours)
        yield Alarm(
            STALE_MARTS if is_marts else STALE_DATA,
            each.dataset,
            what,
            since,
            "`repline status` says whether a refresh failed or none ran; is `repline serve` or cron alive?"
            if is_marts
            else "Ask for newer files, or look whether the system is reached; `repline freshness` shows all ages.",
        )


def _failed_refresh(finished: Sequence[Run]) -> Iterator[Alarm]:
    """`finished` is newest first; the alarm began with the first failure that no success followed."""
    failures = list(takewhile(lambda run: run.status == "failure", finished))
    since = failures[-1].ended_at if failures else None
    if since is not None:
        yield Alarm(
            FAILED_REFRESH,
            "refresh",
            f"The refresh failed (run {failures[0].run_id[:8]}); readers still see the last good version.",
            since,
            "`repline status` shows the checks that failed; `repline refresh` repeats it with the reason in one line.",
        )


def _failed_checks(failed: Sequence[FailedCheck], since: datetime) -> Iterator[Alarm]:
    errors = [check for check in failed if check.severity == "error"]
    for suite in dict.fromkeys(check.suite for check in errors):
        first, *others = [check for check in errors if check.suite == suite]
        more = f" {len(others)} more failed." if others else ""
        yield Alarm(
            STOPPED_GATE,
            suite,
            f"The {suite} gate stopped the refresh: {first.expectation} on {first.table_name} is {first.observed}, "
            f"expected {first.expected}.{more}",
            since,
            f"{_sentence(first.meaning)} Then `repline refresh`.",
        )
    for check in errors:
        if check.expectation == _QUARANTINE_CHECK:
            yield Alarm(
                QUARANTINE,
                check.table_name,
                f"{check.table_name}: the share of rows in quarantine is {check.observed}, expected {check.expected}.",
                since,
                "`repline status` names the files and the commonest reasons; correct the export and deliver it again.",
            )


def _jumps(settings: Settings, status: Status) -> Iterator[Alarm]:
    """Figures of one month, in the published version and in the one before it.

    The month is the last that was complete at the as-of of both: one that was still running grows by itself.
    """
    version, limits = status.published, settings.alarms.alarm_kpi_jumps
    earlier = [number for number in status.kept_versions if version and number < version.number]
    if version is None or not earlier or not limits:
        return
    before = read_version(settings, earlier[-1])
    zone = ZoneInfo(settings.business.reporting_timezone)
    first_open_day = min(version.as_of, before.as_of).astimezone(zone).date()
    now, month = _figures(version, list(limits), first_open_day)
    then, month_then = _figures(before, list(limits), first_open_day)
    if month is None or month != month_then:
        return
    for kpi, limit in limits.items():
        if _has_jumped(then[kpi], now[kpi], limit):
            yield Alarm(
                KPI_JUMP,
                # Of each version: the next one may jump again.
                f"{kpi} of version {version.number}",
                f"{kpi} of the company in {month:%Y-%m} went from {_text(then[kpi])} in version {before.number} to "
                f"{_text(now[kpi])} in version {version.number}; a ratio of {limit:g} is the limit.",
                version.published_at,
                "Look at what changed in the sources; `repline rollback` lets readers see the version before. This "
                "alarm ends with the next version.",
            )


def _figures(version: Version, kpis: Sequence[str], first_open_day: date) -> tuple[dict[str, _Figure], date | None]:
    """The KPIs of the last month that ended before the day, and its first day, None where there is none."""
    file = version.path / PARQUET / f"{_SCORECARD}.parquet"
    if _SCORECARD not in {table.name for table in version.tables}:
        return {}, None
    with duckdb.connect() as connection:
        row = connection.execute(
            f"SELECT {', '.join(kpis)}, period_start FROM read_parquet(?)"
            " WHERE period_type = 'month' AND period_end < ? ORDER BY period_start DESC LIMIT 1",
            [str(file), first_open_day],
        ).fetchone()
    return (dict(zip(kpis, row[:-1], strict=True)), row[-1]) if row else ({}, None)


def _has_jumped(before: _Figure, after: _Figure, limit: float) -> bool:
    """Whether one figure is more than `limit` times the other; none at all counts as nothing."""
    small, great = sorted((abs(float(before or 0)), abs(float(after or 0))))
    has_turned = float(before or 0) * float(after or 0) < 0
    return great > 0 and (has_turned or great > small * limit)


def _text(figure: _Figure) -> str:
    if figure is None:
        return "none"
    return f"{figure:,.3f}" if isinstance(figure, float) else f"{figure:,}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
