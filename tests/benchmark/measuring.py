"""Runs a command as a fresh process and watches its time and memory.

Does not belong here: what is run, and how it is shown (`bench`).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Ten looks a second cost below 1 % of a core and miss no step that matters.
_LOOK_EVERY_SECONDS = 0.1
_PAGE_BYTES = os.sysconf("SC_PAGESIZE")
GIB = 1 << 30


class RunError(RuntimeError):
    """A measured command failed; the message holds its output."""


@dataclass
class Measured:
    """A finished process: wall time from `started` (seconds since the epoch), output, resident memory over time.

    `cpu_seconds` is that of all cores: on a busy machine it says more than the wall time. The memory is that of
    the process and all its descendants, in bytes; it is empty where there is no /proc.
    """

    started: float
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    output: str = ""
    memory: list[tuple[float, int]] = field(default_factory=list)

    def peak_bytes(self, start: float = 0.0, end: float = float("inf")) -> int | None:
        """The greatest memory between two moments, None if nobody looked then."""
        return max((size for moment, size in self.memory if start <= moment <= end), default=None)


def measure(command: Sequence[str], environ: Mapping[str, str]) -> Measured:
    """Run `command` to its end. Raises RunError where its exit code is not 0."""
    cpu_before = _cpu_of_children()
    measured = Measured(time.time())
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY_SECONDS):
            if (size := _tree_bytes(process.pid)) is not None:
                measured.memory.append((time.time(), size))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    measured.output, _ = process.communicate()
    measured.seconds = time.time() - measured.started
    measured.cpu_seconds = _cpu_of_children() - cpu_before
    ended.set()
    watcher.join()
    if process.returncode != 0:
        raise RunError(f"{' '.join(command)} ended with exit code {process.returncode}:\n{measured.output}")
    return measured


def repline(*arguments: str) -> list[str]:
    """The installed command line beside this interpreter."""
    return [str(Path(sys.executable).with_name("repline")), *arguments]


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree_bytes(pid: int) -> int | None:
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, IndexError):  # it just ended, or this system has no /proc
        return None
    return resident + sum(_tree_bytes(child) or 0 for child in children)
