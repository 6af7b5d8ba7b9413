"""Settings from the environment: what counts, and what a wrong one says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.settings import Settings, SettingsError, default_vars

NOW = datetime(2025, 6, 30, 10, tzinfo=UTC)


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({})
    assert (settings.home, settings.landing) == (tmp_path / "data", tmp_path / "data" / "landing")
    assert settings.dbt_vars(NOW) == {**default_vars(), "as_of": "2025-06-30T10:00:00.000000Z"}


def test_as_of_is_taken_to_utc() -> None:
    settings = Settings.from_environment({"REPLINE_AS_OF": "2025-01-01T00:30:00+01:00"})
    assert settings.dbt_vars(NOW)["as_of"] == "2024-12-31T23:30:00.000000Z"
    assert Settings.from_environment({"REPLINE_VARS": '{"as_of": "2025-01-01"}'}).as_of == datetime(
        2025, 1, 1, tzinfo=UTC
    )


def test_an_override_of_a_mapping_changes_the_keys_that_it_names() -> None:
    settings = Settings.from_environment({"REPLINE_VARS": '{"freshness_limit_hours": {"calls": 5, "leads": null}}'})
    limits = settings.dbt_vars(NOW)["freshness_limit_hours"]
    expected = {**default_vars()["freshness_limit_hours"], "calls": 5}
    del expected["leads"]
    assert limits == expected


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("REPLINE_VARS", "{broken", "not JSON"),
        ("REPLINE_VARS", "[1]", "JSON object"),
        ("REPLINE_VARS", '{"base_curency": "EUR"}', "unknown setting 'base_curency'"),
        ("REPLINE_AS_OF", "yesterday", "not an ISO 8601 moment"),
        ("REPLINE_TARGET", "oracle", "it may be: duckdb"),
    ],
)
def test_a_wrong_setting_says_which_and_what_it_may_be(name: str, value: str, part: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: value})
    assert name in str(error.value)
    assert part in str(error.value)


def test_a_new_data_home_is_for_its_owner_alone_and_one_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    for home, mode in ((tmp_path / "new" / "home", 0o700), (tmp_path / "shared", 0o750)):
        if mode == 0o750:
            home.mkdir(mode)
        Settings(home, home / "landing").make_home()
        assert home.stat().st_mode & 0o777 == mode
