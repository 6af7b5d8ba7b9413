"""Rounds: each alarm is told once when it begins and once when it ends, and never lost.

Does not belong here: how one receiver is told (`test_senders`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.rounds import Round, tell
from pipelines.settings import Settings
from tests.pipelines.alarms.conftest import FAILED, FAILED_AGAIN, SUCCESS, Webhook, add_failed_check, later


def test_each_alarm_is_told_once_when_it_begins_and_once_when_it_ends(settings: Settings, webhook: Webhook) -> None:
    assert tell(settings, [SUCCESS]) == Round()
    for _ in range(2):
        tell(settings, [FAILED, SUCCESS])
    assert webhook.told == [("began", "refresh")]
    for _ in range(2):
        tell(later(settings, hours=71), [FAILED_AGAIN, FAILED, SUCCESS])
    assert webhook.told[1:] == [("began", "calls"), ("began", "published")]
    for _ in range(2):
        tell(settings, [SUCCESS])
    assert sorted(webhook.told[3:]) == [("ended", "calls"), ("ended", "published"), ("ended", "refresh")]
    assert len(webhook.posted) == 3
    [ended] = [each for each in webhook.posted[2]["notices"] if each["subject"] == "refresh"]
    assert ended["since"] == "2025-04-30T11:01:00+00:00"


def test_a_delivery_that_fails_is_tried_again_and_loses_nothing(settings: Settings, webhook: Webhook) -> None:
    webhook.status = 500
    done = tell(settings, [FAILED])
    assert (done.sent, list(done.failed)) == ({}, ["json"])
    # Over before anybody was told: both are told.
    assert tell(settings, [SUCCESS]).on == []
    webhook.status = 200
    tell(settings, [SUCCESS])
    tell(settings, [SUCCESS])
    assert webhook.told == [("began", "refresh"), ("ended", "refresh")]


def test_one_receiver_does_not_wait_for_another_and_a_new_one_hears_what_is_on(
    settings: Settings, webhook: Webhook, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    both = AlarmSettings(alarm_webhooks=["json"], alarm_command=["sh", "-c", 'cat >> "$0"', str(said)])
    webhook.status = 503
    tell(settings, [FAILED])
    done = tell(replace(settings, alarms=both), [FAILED])
    assert (list(done.sent), list(done.failed)) == (["command"], ["json"])
    assert said.read_text(encoding="utf-8").startswith("Repline: failed refresh began (refresh)\n\nBEGAN The refresh")


def test_what_cannot_be_known_now_neither_begins_nor_ends(settings: Settings, webhook: Webhook) -> None:
    add_failed_check(settings, "landing", "raw.landing__calls", "quarantined_share", "error")
    late = later(settings, hours=71)
    tell(late, [FAILED])
    assert len(webhook.told) == 5
    with FileLock(settings.refresh_lock):
        assert len(tell(late, [FAILED]).on) == 5
        fresh = later(settings, hours=0)
        assert {alarm.kind for alarm in tell(fresh, [SUCCESS]).on} == {"stale_data", "stopped_gate", "quarantine"}
    assert sorted(webhook.told[5:]) == [("ended", "published"), ("ended", "refresh")]


def test_a_state_that_cannot_be_read_tells_again(settings: Settings, webhook: Webhook) -> None:
    tell(settings, [FAILED])
    (settings.home / "alarms" / "state.json").write_text('{"on": {"x"', encoding="utf-8")
    tell(settings, [FAILED])
    assert webhook.told == [("began", "refresh")] * 2


def test_a_damaged_version_is_an_alarm_and_no_error(settings: Settings, webhook: Webhook) -> None:
    (settings.published / "current" / "parquet" / "publication.parquet").write_bytes(b"")
    tell(settings, [FAILED])
    assert webhook.told == [("began", "published"), ("began", "refresh")]
