"""Who makes a round: Dagster's sensor, and `repline alert` with its settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from pipelines.alarm_settings import AlarmSettings
from pipelines.alarms.sensor import build_alarm_sensor
from pipelines.assets.names import REFRESH_JOB
from pipelines.cli import main
from pipelines.settings import Settings, SettingsError
from tests.pipelines.alarms.conftest import Webhook
from tests.pipelines.small_warehouse import AS_OF


def test_of_two_processes_at_once_one_tells(settings: Settings, tmp_path: Path) -> None:
    said = tmp_path / "said"
    command = ["sh", "-c", 'sleep 1; cat >> "$0"', str(said)]
    environment = {
        **os.environ,
        "REPLINE_HOME": str(settings.home),
        "REPLINE_AS_OF": "2025-05-02T00:00:00Z",
        "REPLINE_VARS": json.dumps({"alarm_command": command}),
    }
    program = [sys.executable, "-c", "from pipelines.cli import main; main()", "alert"]
    processes = [
        subprocess.Popen(program, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    printed = sorted(process.communicate(timeout=120)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0]
    assert printed[0].splitlines() == [
        "On since 2025-05-01 14:00 UTC: The published marts are 36.0 hours old; the limit is 26."
    ]
    assert printed[1].startswith("Told command: began The published marts are 36.0 hours old")
    assert said.read_text(encoding="utf-8").count("BEGAN") == 1


def test_the_sensor_tells_while_dagster_runs(
    settings: Settings, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.op
    def fail() -> None:
        raise dg.Failure("no")

    @dg.job(name=REFRESH_JOB)
    def refresh() -> None:
        fail()

    with dg.DagsterInstance.ephemeral() as instance:
        refresh.execute_in_process(instance=instance, raise_on_error=False)

        def look(of: Settings) -> str:
            result = build_alarm_sensor(of)(dg.build_sensor_context(instance=instance))
            assert isinstance(result, dg.SkipReason)
            return result.skip_message or ""

        assert look(replace(settings, alarms=AlarmSettings())).startswith("Nobody is to be told")
        webhook.status = 500
        assert "Could not tell json" in look(settings)
        webhook.status = 200
        assert "Told json: began The refresh failed" in look(settings)
        assert "Told" not in look(settings)
    assert webhook.told == [("began", "refresh")]


def test_the_command_tries_the_receivers_out(tmp_path: Path, webhook: Webhook) -> None:
    environment = {"REPLINE_HOME": str(tmp_path / "home"), "REPLINE_VARS": '{"alarm_webhooks": ["json"]}'}
    tried = CliRunner().invoke(main, ["alert", "--test"], env=environment, catch_exceptions=False)
    assert (tried.exit_code, webhook.told) == (0, [("began", "repline")])
    assert tried.stdout.startswith("Told json: began This is a test")
    webhook.status = 404
    refused = CliRunner().invoke(main, ["alert"], env=environment, catch_exceptions=False)
    assert refused.exit_code == 1
    assert "Could not tell json: the address in REPLINE_ALARM_JSON_URL answers with HTTP 404." in refused.stdout


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"alarm_webhooks": ["slak"]}, "alarm_webhooks names 'slak'; did you mean 'slack'"),
        ({"alarm_webhooks": ["https://example.com/x"]}, "alarm_webhooks names"),
        ({"alarm_mail_to": ["nobody"]}, "alarm_mail_to has 'nobody', not an e-mail address"),
        ({"alarm_mail_to": ["a@b.example\nBcc: c@d.example"]}, "not an e-mail address"),
        ({"alarm_mail_from": "x"}, "alarm_mail_from has 'x', not an e-mail address"),
        ({"alarm_command": "logger -t x"}, r"alarm_command is 'logger -t x'; write a list such as \["),
        ({"alarm_kpi_jumps": {"won_amount": 1}}, "alarm_kpi_jumps has 1 for won_amount; write a ratio above 1"),
        ({"alarm_kpi_jumps": {"won": 2}}, "alarm_kpi_jumps names 'won'"),
        ({"smtp_server": "a b"}, "smtp_server is 'a b'; write a host"),
        ({"smtp_security": "ssl"}, "smtp_security names 'ssl'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({"REPLINE_VARS": json.dumps(setting)})


def test_alarms_change_nothing_of_what_is_computed() -> None:
    given = json.dumps({"alarm_webhooks": ["slack"], "alarm_kpi_jumps": {"won_amount": 2, "win_rate": None}})
    settings = Settings.from_environment({"REPLINE_VARS": given})
    assert settings.alarms.alarm_kpi_jumps == {"won_amount": 2, "created_amount": 1.25}
    assert settings.dbt_vars(AS_OF) == Settings.from_environment({}).dbt_vars(AS_OF)
