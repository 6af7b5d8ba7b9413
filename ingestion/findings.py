"""What a look at something found, in one line: well, a warning, or a fault with what to do.

Does not belong here: looking (`ingestion.probing`, `pipelines.doctor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a look at something ended. The value is what the report calls it."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What a look at something found: in one line, with what to do where it is not well, and never a secret."""

    state: State
    about: str
    text: str
