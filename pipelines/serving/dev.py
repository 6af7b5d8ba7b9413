"""`dagster dev` with the guarded web server in place of the open one; takes the arguments of `dagster dev`.

Belongs here: that one exchange. Does not belong here: the guard. Dagster has no setting for it: `dagster dev` starts
the code server, the daemon and the web server, the last by the name of its module.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

from dagster._cli import dev

_OPEN = "dagster_webserver"
_GUARDED = "pipelines.serving.webserver"
_start = dev.open_ipc_subprocess


def start_guarded(parts: Sequence[str], **kwargs: Any) -> subprocess.Popen[Any]:
    """Start one of Dagster's programs, but never the open web server."""
    started: subprocess.Popen[Any] = _start([_GUARDED if part == _OPEN else part for part in parts], **kwargs)
    return started


if __name__ == "__main__":
    dev.open_ipc_subprocess = start_guarded
    dev.dev_command(prog_name="repline serve")
