"""The fingerprint of a version's inputs: it changes with what can change a figure, and with nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from expectations.landing import QUERIES
from ingestion.account import CURRENT_FILES
from pipelines.runs import inputs
from pipelines.runs.inputs import build_fingerprint, sources_digest
from pipelines.settings import Settings

NOW = datetime(2025, 6, 30, 10, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            "CREATE TABLE raw.landing_files"
            " (source VARCHAR, entity VARCHAR, file VARCHAR, file_hash VARCHAR, loaded_at TIMESTAMP)"
        )
    settings = Settings(home=tmp_path, landing=tmp_path / "landing")
    load(settings, "calls.csv", "aaaa", NOW)
    return settings


def load(settings: Settings, file: str, content: str, moment: datetime) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "INSERT INTO raw.landing_files VALUES ('landing', 'calls', ?, ?, ?)",
            [file, content, moment.replace(tzinfo=None)],
        )


def test_the_same_inputs_have_the_same_fingerprint_all_day(settings: Settings) -> None:
    assert build_fingerprint(settings, NOW) == build_fingerprint(settings, NOW + timedelta(hours=13))


def test_a_new_day_of_the_reporting_time_zone_is_a_new_input(settings: Settings) -> None:
    assert build_fingerprint(settings, NOW) != build_fingerprint(settings, NOW + timedelta(hours=14))
    tokyo = replace(settings, overrides={"reporting_timezone": "Asia/Tokyo"})
    assert build_fingerprint(tokyo, NOW) != build_fingerprint(tokyo, NOW + timedelta(hours=5))


def test_a_set_as_of_stands_for_itself_on_any_day(settings: Settings) -> None:
    fixed = replace(settings, as_of=NOW)
    assert build_fingerprint(fixed, NOW) == build_fingerprint(fixed, NOW + timedelta(days=3))
    assert build_fingerprint(fixed, NOW) != build_fingerprint(settings, NOW)
    later = replace(settings, as_of=NOW + timedelta(seconds=1))
    assert build_fingerprint(fixed, NOW) != build_fingerprint(later, NOW)


def test_settings_files_and_sql_count(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_fingerprint(settings, NOW)
    assert build_fingerprint(replace(settings, overrides={"base_currency": "EUR"}), NOW) != before
    load(settings, "calls.csv", "bbbb", NOW + timedelta(minutes=1))
    changed = build_fingerprint(settings, NOW)
    assert changed != before
    # Back to the first content: the raw tables keep what the second one brought, so it is another input.
    load(settings, "calls.csv", "aaaa", NOW + timedelta(minutes=2))
    assert build_fingerprint(settings, NOW) not in (before, changed)
    monkeypatch.setattr(inputs, "sources_digest", lambda: "other SQL")
    assert build_fingerprint(settings, NOW) != changed


def test_the_place_counts_where_views_name_files_by_it(settings: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(settings.warehouse, elsewhere)
    moved = replace(settings, home=elsewhere)
    assert build_fingerprint(moved, NOW) == build_fingerprint(settings, NOW)
    limited = {"duckdb_file_max_rows": 1000}
    fingerprints = [build_fingerprint(replace(each, overrides=limited), NOW) for each in (settings, moved)]
    assert len({build_fingerprint(settings, NOW), *fingerprints}) == 3


def test_the_digest_follows_the_sources_and_not_what_dbt_leaves_behind(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    model = tmp_path / "models" / "a.sql"
    model.write_text("select 1", encoding="utf-8")
    before = sources_digest(tmp_path)
    for name in ("target", "logs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".user.yml").write_text("id: 1", encoding="utf-8")
    assert sources_digest(tmp_path) == before
    model.rename(tmp_path / "models" / "b.sql")
    renamed = sources_digest(tmp_path)
    assert renamed != before
    (tmp_path / "models" / "b.sql").write_text("select 2", encoding="utf-8")
    assert sources_digest(tmp_path) not in (before, renamed)


def test_the_landing_gate_asks_for_the_same_current_files() -> None:
    """It knows no other room, so it has a query of its own."""
    assert QUERIES["current_files"].split() == CURRENT_FILES.split()
