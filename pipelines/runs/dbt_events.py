"""What dbt says while it runs, without what it says for debugging only.

Belongs here: which of dbt's events are heard. Does not belong here: what is made of them (`pipelines.runs.dbt_runs`).
"""

from __future__ import annotations

from typing import Any

from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager


class LoudEventManager(EventManager):
    """dbt's own, which makes no message of an event for debugging.

    dbt makes one of each before it asks who listens: a dozen per model or test, a twelfth of a small build's time.
    """

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        if force_warn_or_error_handling or (level or e.level_tag()) is not EventLevel.DEBUG:
            super().fire_event(e, level, node, force_warn_or_error_handling)
