"""`repline status`: the last runs, what is published, what is in quarantine, which checks failed.

Belongs here: collecting and printing these. Does not belong here: changing any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import duckdb
from rich.console import Console

from ingestion.account import CURRENT_FILES
from ingestion.text import first_line
from pipelines.publication.versions import (
    PARQUET,
    PublicationError,
    Version,
    published_version,
    version_numbers,
)
from pipelines.reports.tables import NOTHING, moment_text, print_line, print_table
from pipelines.reports.warehouse_reader import WarehouseUnavailableError, is_refreshing, open_warehouse
from pipelines.settings import Settings
from pipelines.sources import sources_of

if TYPE_CHECKING:
    from dagster import DagsterInstance

_SHOWN_RUNS = 5
_WARNINGS = "data_quality_warnings"
_NAMED_SUBJECTS = 3

# Rows of earlier contents of a file were quarantined once, and are gone.
_QUARANTINED = f"""
    WITH current_files AS ({CURRENT_FILES}),
    reasons AS (
        SELECT entity, file, reason, count(*) AS row_count
        FROM raw.quarantine JOIN current_files USING (source, entity, file, file_hash)
        GROUP BY ALL
    )
    SELECT entity, file, sum(row_count)::BIGINT, arg_max(reason, (row_count, reason))
    FROM reasons GROUP BY ALL ORDER BY ALL
"""
_HAS_RESULTS = """
    SELECT count(*) FROM information_schema.tables
    WHERE table_schema = 'quality' AND table_name = 'expectation_result'
"""
_FAILED_CHECKS = """
    SELECT severity, suite, table_name, expectation, observed, expected, meaning
    FROM quality.expectation_result
    WHERE NOT success
        AND run_id = (SELECT run_id FROM quality.expectation_result ORDER BY checked_at DESC LIMIT 1)
    ORDER BY ALL
"""


class Run(NamedTuple):
    """One run of the job. Moments are aware; None before it started or ended."""

    run_id: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None


class QuarantinedRows(NamedTuple):
    """The quarantined rows of a file's current content, with their commonest reason."""

    entity: str
    file: str
    row_count: int
    reason: str


class FailedCheck(NamedTuple):
    """A failed expectation of the last run that came to a gate. `meaning` says what to do."""

    severity: str
    suite: str
    table_name: str
    expectation: str
    observed: str
    expected: str
    meaning: str


class DataQualityWarning(NamedTuple):
    """What a rule of the published `data_quality_warnings` found of an entity, where that is not nothing.

    `subjects` are the first of the `subject_count` that the rule names; a rule that only counts names none.
    """

    rule: str
    entity: str
    row_count: int
    description: str
    subjects: Sequence[str]
    subject_count: int

    @property
    def examples(self) -> str:
        more = self.subject_count - len(self.subjects)
        return ", ".join(self.subjects) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True)
class Status:
    """The state of the data home. `unknown` says why the warehouse could not be read, empty if it was."""

    runs: Sequence[Run]
    published: Version | None
    kept_versions: Sequence[int]
    warnings: Sequence[DataQualityWarning]
    quarantined: Sequence[QuarantinedRows]
    failed_checks: Sequence[FailedCheck]
    unknown: str
    is_refreshing: bool


def collect(settings: Settings, runs: Sequence[Run]) -> Status:
    """Everything but the runs, newest first, is read here. Raises PublicationError for a damaged version."""
    published = published_version(settings)
    quarantined: list[QuarantinedRows] = []
    failed_checks: list[FailedCheck] = []
    unknown = ""
    try:
        with open_warehouse(settings) as connection:
            # Rows of APIs are judged by the models, and stand among the warnings.
            if sources_of(settings).contract:
                quarantined = [QuarantinedRows(*row) for row in connection.execute(_QUARANTINED).fetchall()]
            if connection.execute(_HAS_RESULTS).fetchall() != [(0,)]:
                failed_checks = [FailedCheck(*row) for row in connection.execute(_FAILED_CHECKS).fetchall()]
    except (WarehouseUnavailableError, duckdb.Error) as error:
        unknown = first_line(error)
    return Status(
        runs,
        published,
        version_numbers(settings),
        _published_warnings(published),
        quarantined,
        failed_checks,
        unknown,
        is_refreshing(settings),
    )


def show_status(settings: Settings, console: Console) -> None:
    """Print the status of the data home."""
    show(collect(settings, last_runs(settings)), console)


def show(status: Status, console: Console) -> None:
    _show_runs(status, console)
    _show_published(status, console)
    _title(console, "Quarantined rows")
    if status.unknown:
        print_line(console, f"Not known: {status.unknown}.")
    elif status.quarantined:
        rows = [(*row[:2], f"{row.row_count:,}", row.reason) for row in status.quarantined]
        print_table(console, ("entity", "file", "rows", "commonest reason"), rows, right=("rows",))
    else:
        print_line(console, "None.")
    _title(console, "Failed checks of the last run")
    if status.unknown:
        print_line(console, f"Not known: {status.unknown}.")
    elif status.failed_checks:
        errors = [number for number, check in enumerate(status.failed_checks) if check.severity == "error"]
        headings = ("severity", "gate", "table", "check", "found", "wanted", "meaning")
        print_table(console, headings, status.failed_checks, right=("found",), emphasised=errors)
    else:
        print_line(console, "None.")
    _title(console, "Data-quality warnings of the published marts")
    if status.warnings:
        found = [(*row[:2], f"{row.row_count:,}", row.examples or NOTHING, row.description) for row in status.warnings]
        print_table(console, ("rule", "entity", "rows", "found", "meaning"), found, right=("rows",))
    else:
        print_line(console, "None.")


def last_runs(settings: Settings) -> list[Run]:
    """The last runs as Dagster recorded them, newest first; empty in a data home that Dagster never saw."""
    if not settings.dagster_home.exists():
        return []
    # Dagster takes seconds to import.
    from pipelines.runs.instance import open_instance

    with open_instance(settings) as instance:
        return runs_of(instance)


def runs_of(instance: DagsterInstance) -> list[Run]:
    """The last runs that the instance recorded, newest first."""
    from dagster import RunsFilter

    from pipelines.assets.names import REFRESH_JOB

    records = instance.get_run_records(RunsFilter(job_name=REFRESH_JOB), limit=_SHOWN_RUNS)
    return [
        Run(
            record.dagster_run.run_id,
            record.dagster_run.status.value.lower(),
            _moment(record.start_time),
            _moment(record.end_time),
        )
        for record in records
    ]


def _show_runs(status: Status, console: Console) -> None:
    _title(console, "Last runs")
    if not status.runs:
        print_line(console, "None yet. Start one with `repline refresh`, or see `repline demo`.")
        return
    rows = []
    for run in status.runs:
        # A killed process cannot note its end; the next refresh does it.
        is_dead = run.status == "started" and not status.is_refreshing
        state = "started, and its process is gone" if is_dead else run.status
        took = _duration(run.ended_at - run.started_at) if run.started_at and run.ended_at else NOTHING
        rows.append((run.run_id[:8], moment_text(run.started_at), took, state))
    failed = [number for number, run in enumerate(status.runs) if run.status == "failure"]
    print_table(console, ("run", "started (UTC)", "took", "status"), rows, right=("took",), emphasised=failed)


def _show_published(status: Status, console: Console) -> None:
    _title(console, "Published version")
    version = status.published
    if version is None:
        kept = status.kept_versions
        lost = (
            f"Readers see none: `repline refresh` or `repline rollback` puts version {kept[-1]} in place."
            if kept
            else ""
        )
        print_line(console, lost or "None yet.")
        return
    print_line(
        console,
        f"Version {version.number}, published {moment_text(version.published_at)} UTC, "
        f"as of {moment_text(version.as_of)} UTC.",
    )
    newest = status.kept_versions[-1]
    if version.number != newest:
        print_line(console, f"Rolled back: version {newest} is newer. The next new data are published again.")
    print_line(console, f"Kept versions: {', '.join(map(str, status.kept_versions))}.")
    rows = [(table.name, f"{table.row_count:,}") for table in version.tables]
    print_table(console, ("table", "rows"), rows, right=("rows",))


def _published_warnings(version: Version | None) -> list[DataQualityWarning]:
    if version is None or _WARNINGS not in {table.name for table in version.tables}:
        return []
    file = version.path / PARQUET / f"{_WARNINGS}.parquet"
    try:
        with duckdb.connect() as connection:
            columns = connection.execute("SELECT name FROM parquet_schema(?)", [str(file)]).fetchall()
            # The first release named nothing.
            subject = "subject" if ("subject",) in columns else "CAST(NULL AS VARCHAR)"
            rows = connection.execute(
                f"""
                SELECT rule, entity, sum(row_count)::BIGINT AS row_count, description,
                    coalesce(
                        (list(DISTINCT {subject} ORDER BY {subject}) FILTER ({subject} IS NOT NULL))
                            [:{_NAMED_SUBJECTS}],
                        []
                    ),
                    count(DISTINCT {subject})
                FROM read_parquet(?) WHERE row_count > 0
                GROUP BY rule, entity, description
                ORDER BY row_count DESC, rule, entity
                """,
                [str(file)],
            ).fetchall()
    except duckdb.Error as error:
        raise PublicationError(f"version {version.number} cannot be read ({first_line(error)})") from error
    return [DataQualityWarning(*row) for row in rows]


def _title(console: Console, text: str) -> None:
    print_line(console, "")
    print_line(console, text, style="bold")


def _moment(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


def _duration(time: timedelta) -> str:
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
