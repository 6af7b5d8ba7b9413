"""What dbt is told when the project is parsed, and what only when it builds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.types import Note

from pipelines.runs.dbt_events import LoudEventManager
from pipelines.runs.dbt_runs import DECIDING_VARIABLES, prepare_manifest
from pipelines.settings import DBT_PROJECT_DIR, Settings

_VARIABLE = re.compile(r"var\('(\w+)'")
_CONFIG = re.compile(r"\{\{\s*config\((.*?)\)\s*\}\}", re.DOTALL)


def test_no_config_rests_on_a_setting_that_only_the_build_knows() -> None:
    named = {
        name
        for folder in ("models", "snapshots", "tests")
        for file in (DBT_PROJECT_DIR / folder).rglob("*")
        if file.suffix in (".sql", ".yml")
        for text in ([file.read_text()] if file.suffix == ".yml" else _CONFIG.findall(file.read_text()))
        for name in _VARIABLE.findall(text)
    }
    assert named
    assert named <= set(DECIDING_VARIABLES)


def test_only_settings_that_say_which_models_there_are_have_a_parsed_state_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.runs.dbt_runs._parse", lambda settings, folder: None)

    def folder(**overrides: object) -> Path:
        return prepare_manifest(Settings(home=tmp_path, landing=tmp_path, overrides=overrides)).parent

    assert folder(base_currency="EUR", reporting_timezone="Europe/Amsterdam") == folder()
    assert folder(sources=["landing", "aircall"]) != folder()


def test_of_what_dbt_says_only_what_is_for_debugging_is_not_heard() -> None:
    heard: list[EventMsg] = []
    manager = LoudEventManager()
    manager.add_callback(heard.append)
    for level in EventLevel:
        manager.fire_event(Note(msg="said"), level)
    assert [each.info.level for each in heard] == [each.value for each in EventLevel if each is not EventLevel.DEBUG]
