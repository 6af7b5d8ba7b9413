"""Metrics: what Prometheus reads is what status, freshness and alarms say, and what the page on alarms names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from prometheus_client.parser import text_string_to_metric_families

from pipelines.serving.metrics import metrics_text
from pipelines.settings import DBT_PROJECT_DIR, Settings
from tests.pipelines.alarms.conftest import FAILED, SUCCESS, add_failed_check
from tests.pipelines.small_warehouse import AS_OF, land, make_settings


def metrics(settings: Settings) -> dict[tuple[str, ...], float]:
    """The values by the metric's name and the values of its labels."""
    text = metrics_text(settings).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_what_status_and_freshness_say(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    land(settings, "opportunities", "2025-04-30 10:00:00", bad=(("amount", "negative"), ("amount", "negative")))
    add_failed_check(settings, "landing", "raw.landing__calls", "volume_ratio", "warning")
    monkeypatch.setattr("pipelines.serving.metrics.last_runs", lambda _: [FAILED, SUCCESS])
    found = metrics(settings)
    assert SUCCESS.ended_at is not None
    assert {
        ("repline_dataset_age_seconds", "calls"): 7200.0,
        ("repline_dataset_age_limit_seconds", "calls"): 72 * 3600.0,
        ("repline_refresh_failed",): 1.0,
        ("repline_refresh_duration_seconds",): 60.0,
        ("repline_refresh_last_success_timestamp_seconds",): SUCCESS.ended_at.timestamp(),
        ("repline_published_version",): 1.0,
        ("repline_published_as_of_timestamp_seconds",): AS_OF.timestamp(),
        ("repline_published_rows", "fct_call"): 3.0,
        ("repline_warehouse_readable",): 1.0,
        ("repline_quarantined_rows", "opportunities"): 2.0,
        ("repline_failed_checks", "landing", "warning"): 1.0,
        ("repline_failed_checks", "landing", "error"): 0.0,
        ("repline_alarm", "failed_refresh", "refresh"): 1.0,
    }.items() <= found.items()
    with FileLock(settings.refresh_lock):
        names = {name for name, *_ in metrics(settings)}
    assert names >= {"repline_warehouse_readable", "repline_published_version"}
    assert not names & {"repline_quarantined_rows", "repline_failed_checks"}


def test_metrics_of_an_empty_home(tmp_path: Path) -> None:
    found = metrics(make_settings(tmp_path))
    assert found["repline_alarm", "stale_marts", "published"] == 1
    assert ("repline_published_version",) not in found


def test_the_page_names_the_metrics_that_there_are(settings: Settings) -> None:
    page = (DBT_PROJECT_DIR.parent / "docs" / "alarms.md").read_text(encoding="utf-8")
    there_are = {family.name for family in text_string_to_metric_families(metrics_text(settings).decode())}
    assert set(re.findall(r"\brepline_\w+", page)) == there_are
    rules = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert Settings.from_environment({"REPLINE_VARS": json.dumps(rules[0])}).alarms.alarm_webhooks == ["slack"]
    assert [rule["alert"] for rule in rules[2]["groups"][0]["rules"]] == ["ReplineAlarm", "ReplineGone", "ReplineSlow"]
