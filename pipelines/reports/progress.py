"""Shows a refresh while it runs: a live display on a terminal, plain lines elsewhere.

Belongs here: following a run's log. Does not belong here: the result (`pipelines.cli`).
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

import dagster as dg
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

# The steps of the job in their order, as the user reads them.
STEPS = {
    "load_sources": "Load what is new",
    "landing_gate": "Judge what arrived",
    "build_models": "Build the models",
    "marts_gate": "Judge the marts",
    "publish_marts": "Publish",
    "copy_marts": "Copy to PostgreSQL",
}
_ENDS = {"STEP_SUCCESS": "done", "STEP_FAILURE": "failed"}


class Progress(AbstractContextManager["Progress"], Protocol):
    """Hears of steps that begin and end (`done`, `failed`), and of what is going on in them."""

    def begin(self, step: str) -> None: ...

    def end(self, step: str, how: str) -> None: ...

    def say(self, step: str | None, text: str) -> None: ...


class PlainProgress:
    """One line for a step's end, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def begin(self, step: str) -> None:
        self._began[step] = time.monotonic()

    def end(self, step: str, how: str) -> None:
        seconds = time.monotonic() - self._began[step]
        self._console.print(f"{how:8}{seconds:6.1f} s  {STEPS.get(step, step)}", highlight=False)

    def say(self, step: str | None, text: str) -> None:
        if step is None:
            self._console.print(text, highlight=False)


class LiveProgress:
    """A line for each step, with a spinner, what it is doing, and its time."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:20}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[doing]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, step: str) -> None:
        self._tasks[step] = self._bars.add_task(STEPS.get(step, step), total=1, doing="")

    def end(self, step: str, how: str) -> None:
        self._bars.update(self._tasks[step], completed=1, doing="" if how == "done" else how)

    def say(self, step: str | None, text: str) -> None:
        if step in self._tasks:
            self._bars.update(self._tasks[step], doing=text[:60])
        else:
            self._bars.console.print(text, highlight=False)


def progress_logger(progress: Progress) -> dg.LoggerDefinition:
    """A Dagster logger that passes a run's steps, and what they log for information, on to `progress`."""

    def start(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.getLogger("repline.progress")
        logger.handlers = [_Handler(progress)]
        logger.propagate = False
        # Dagster logs the beginning and end of a step for debugging.
        logger.setLevel(logging.DEBUG)
        return logger

    return dg.LoggerDefinition(start)


class _Handler(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        about = record.__dict__["dagster_meta"]
        event, step = about["dagster_event"], about["step_key"]
        if event is None:
            if record.levelno >= logging.INFO:
                self._progress.say(step, about["orig_message"])
        elif event.event_type_value == "STEP_START":
            self._progress.begin(step)
        elif event.event_type_value in _ENDS:
            self._progress.end(step, _ENDS[event.event_type_value])
