"""One refresh from the command line: runs the Dagster job `refresh` in this process and says what came of it.

Belongs here: starting the job, and reading its events. Does not belong here: what the job does
(`pipelines.definitions`), or printing (`pipelines.cli`, `pipelines.reports.progress`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from ingestion.text import one_line
from pipelines.assets.names import LOAD_STEP, PUBLISHED_GROUP, REFRESH_JOB, RELOAD
from pipelines.definitions import build_defs
from pipelines.publication.versions import PublicationError, Version, published_version
from pipelines.reports.progress import Progress, progress_logger
from pipelines.runs.instance import open_instance
from pipelines.settings import Settings
from pipelines.storage_faults import storage_fault

# The tag that tells these runs from those of the schedule and of the sensors, which Dagster tags itself.
STARTED_BY = "repline/started_by"
# Dagster's name for Ctrl-C, and for a run that was stopped in its UI.
_INTERRUPTED = "DagsterExecutionInterruptedError"


@dataclass(frozen=True)
class Outcome:
    """What came of a refresh. `failure` is one line, empty where it succeeded.

    `version` is the one that readers see, None before the first; `is_new` says whether this refresh made it.
    `rows` counts what it loaded: new_files, new_requests, new_rows_read, new_rows_loaded, new_rows_quarantined.
    """

    run_id: str
    failure: str
    version: Version | None
    is_new: bool
    rows: Counter[str] = field(default_factory=Counter)
    warnings: tuple[str, ...] = ()

    @property
    def success(self) -> bool:
        return not self.failure


def run_refresh(settings: Settings, progress: Progress, verbose: bool = False, reload: Sequence[str] = ()) -> Outcome:
    """Run the job in this process, recorded in the data home's Dagster instance.

    Waits while another refresh is running. `reload` names sources to read from their beginning. An error in a
    step is in the outcome, not raised.
    """
    settings.make_home()
    loggers = {"progress": progress_logger(progress), "console": dg.colored_console_logger}
    job = build_defs(settings, loggers).resolve_job_def(REFRESH_JOB)
    chosen: dict[str, dict[str, object]] = {"progress": {}}
    if verbose:
        chosen["console"] = {"config": {"log_level": "DEBUG"}}
    with open_instance(settings) as instance:
        config = {"loggers": chosen, "ops": {LOAD_STEP: {"config": {RELOAD: list(reload)}}}}
        result = job.execute_in_process(
            run_config=config, instance=instance, raise_on_error=False, tags={STARTED_BY: "command line"}
        )
    return Outcome(
        result.run_id,
        "" if result.success else _failure(result.all_events, settings),
        _seen_by_readers(settings),
        _has_published(result.all_events),
        _loaded_rows(result.all_events),
        tuple(_warning(each) for each in _evaluations(result.all_events) if _is_warning(each)),
    )


def _seen_by_readers(settings: Settings) -> Version | None:
    try:
        return published_version(settings)
    except PublicationError:  # damaged: the next refresh that succeeds puts that right
        return None


def _failure(events: Iterable[dg.DagsterEvent], settings: Settings) -> str:
    """The first error: the text that the step gave, or else that of the innermost exception."""
    for event in events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data is not None and failure.user_failure_data.description:
                return failure.user_failure_data.description
            error = failure.error
        elif event.event_type == dg.DagsterEventType.RUN_FAILURE:
            error = event.job_failure_data.error
        else:
            continue
        said = []
        while error is not None:
            said.append(error.message)
            if error.cause is None:
                break
            error = error.cause
        if fault := storage_fault("\n".join(said), settings):
            return fault
        if error is not None and error.cls_name == _INTERRUPTED:
            return "the refresh was interrupted; run it again when you like"
        where = f"the step {event.step_key} failed" if event.step_key else "the run failed"
        text = one_line(error.message if error else event.message or "")
        return f"{where}: {text} (`repline refresh --verbose` shows the whole log)"
    return "the run did not finish"


def _has_published(events: Iterable[dg.DagsterEvent]) -> bool:
    """By the run's own events: another refresh, for which this one waited, may have published meanwhile."""
    made = [event.asset_key for event in events if event.is_step_materialization]
    return any(key is not None and key.path[0] == PUBLISHED_GROUP for key in made)


def _loaded_rows(events: Iterable[dg.DagsterEvent]) -> Counter[str]:
    rows: Counter[str] = Counter()
    for event in events:
        if event.is_step_materialization:
            for name, value in event.step_materialization_data.materialization.metadata.items():
                if name.startswith("new_"):
                    rows[name] += int(str(value.value))
    return rows


def _evaluations(events: Iterable[dg.DagsterEvent]) -> Iterable[dg.AssetCheckEvaluation]:
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            yield event.asset_check_evaluation_data


def _is_warning(evaluation: dg.AssetCheckEvaluation) -> bool:
    return not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.WARN


def _warning(evaluation: dg.AssetCheckEvaluation) -> str:
    table = ".".join(evaluation.asset_key.path)
    found = {name: value.value for name, value in evaluation.metadata.items()}
    if "observed" in found:
        return f"{table}: {evaluation.check_name} is {found['observed']}, expected {found['expected']}"
    return f"{table}: {evaluation.check_name} found {found.get('bad_rows')} rows"
