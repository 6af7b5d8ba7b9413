"""One round of alarms: judge, note what began and ended, tell each receiver, and remember who was told.

Belongs here: the state between rounds, `alarms/state.json` in the data home. Does not belong here: what is wrong
(`pipelines.alarms.conditions`), and how a message goes out (`pipelines.alarms.senders`).

A notice is written down before it is sent and struck out after: one that fails, or whose process is killed, goes out
with the next round. So an alarm is never lost; after a kill right after a delivery it may come twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from pipelines.alarms.conditions import Alarm, Judgement, judge
from pipelines.alarms.senders import DeliveryError, Message, Notice, Sender, senders
from pipelines.publication.versions import PublicationError
from pipelines.reports.freshness import measure
from pipelines.reports.status import Run, Status, collect
from pipelines.reports.warehouse_reader import is_refreshing
from pipelines.settings import Settings


@dataclass
class Round:
    """What one round found and did. `sent` and `failed` are by receiver: the notices, and why they did not go."""

    on: list[Alarm] = field(default_factory=list)
    sent: dict[str, Sequence[Notice]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class _State:
    """The alarms that are on, by key, and what each receiver is still to be told."""

    on: dict[str, Alarm] = field(default_factory=dict)
    untold: dict[str, list[Notice]] = field(default_factory=dict)


def tell(settings: Settings, runs: Sequence[Run], now: datetime | None = None) -> Round:
    """Judge, and tell each receiver what began and what ended since it was told last.

    `runs` are newest first. Waits for a round of another process. A delivery that fails is in the answer, not raised.
    """
    now = now or datetime.now(UTC)
    receivers = senders(settings.alarms)
    settings.make_home()
    folder = settings.home / "alarms"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "state.json"
    done = Round()
    with FileLock(folder / "state.lock"):
        state = _read(file)
        found = judge(settings, current_status(settings, runs), measure(settings, now), now)
        _note(state, found, list(receivers), now)
        _write(file, state)
        for name, send in receivers.items():
            if _deliver(name, send, state.untold[name], done):
                state.untold[name] = []
                _write(file, state)
    done.on.extend(state.on.values())
    return done


def try_out(settings: Settings) -> Round:
    """Send each receiver a notice that is no alarm, to see whether it arrives; remembers nothing."""
    now = datetime.now(UTC)
    notice = Notice("began", Alarm("test", "repline", "This is a test; nothing is wrong.", now, "Nothing."), now)
    done = Round()
    for name, send in senders(settings.alarms).items():
        _deliver(name, send, [notice], done)
    return done


def current_status(settings: Settings, runs: Sequence[Run]) -> Status:
    """The status, whatever state the data home is in."""
    try:
        return collect(settings, runs)
    except PublicationError as error:
        # That readers have no version is an alarm of freshness.
        return Status(runs, None, [], [], [], [], str(error), is_refreshing(settings))


def _deliver(name: str, send: Sender, notices: Sequence[Notice], done: Round) -> bool:
    """Send the notices, if any, and note in the round what came of it; return whether they went."""
    if not notices:
        return False
    try:
        send(Message(notices))
    except DeliveryError as error:
        done.failed[name] = str(error)
        return False
    done.sent[name] = notices
    return True


def _note(state: _State, found: Judgement, receivers: Sequence[str], now: datetime) -> None:
    """Bring the state to what was found, and put down for each receiver what it is to be told.

    A receiver that is new hears of all that is on.
    """
    known = {name: state.untold[name] for name in receivers if name in state.untold}
    current = {alarm.key: alarm for alarm in found.alarms}
    notices = []
    for key, alarm in state.on.items():
        if key in current:
            current[key] = replace(current[key], since=alarm.since)
        elif alarm.kind in found.unknown:
            current[key] = alarm
        else:
            notices.append(Notice("ended", alarm, now))
    notices += [Notice("began", alarm, now) for key, alarm in current.items() if key not in state.on]
    all_on = [Notice("began", alarm, now) for alarm in current.values()]
    state.untold = {name: [*known[name], *notices] if name in known else list(all_on) for name in receivers}
    state.on = current


def _read(file: Path) -> _State:
    """The state of the last round; an empty one where there is none, or none that can be read: all is told again."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return _State(
            {key: _alarm(each) for key, each in document["on"].items()},
            {name: [_notice(each) for each in untold] for name, untold in document["untold"].items()},
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return _State()


def _notice(document: Mapping[str, Any]) -> Notice:
    return Notice(document["event"], _alarm(document["alarm"]), datetime.fromisoformat(document["at"]))


def _alarm(document: Mapping[str, Any]) -> Alarm:
    return Alarm(**{**document, "since": datetime.fromisoformat(document["since"])})


def _write(file: Path, state: _State) -> None:
    """In one step: a reader, or a kill, meets the old state or the new one."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(state), default=datetime.isoformat, indent=1), encoding="utf-8")
    new.replace(file)
