"""What a round of alarms did, in lines for a terminal and for Dagster.

Belongs here: the words of that. Does not belong here: the round (`pipelines.alarms.rounds`), or a message to a receiver
(`pipelines.alarms.senders`).
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.alarms.rounds import Round
from pipelines.reports.tables import moment_text


def lines(done: Round) -> Iterator[str]:
    """What was told to whom, what could not be, and what is on."""
    for name, notices in done.sent.items():
        for notice in notices:
            yield f"Told {name}: {notice.event} {notice.alarm.what}"
    for name, reason in done.failed.items():
        yield f"Could not tell {name}: {reason}. It is tried again with the next round."
    for alarm in done.on:
        yield f"On since {moment_text(alarm.since)} UTC: {alarm.what}"
    if not done.on:
        yield "No alarm is on."
