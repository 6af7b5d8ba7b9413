"""Settings from the environment and from repline.yml: what counts, and what a wrong one says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from ingestion.generated import stale
from pipelines import business_settings, settings_files
from pipelines.cli import main
from pipelines.settings import DBT_PROJECT_DIR, Settings, SettingsError, default_vars

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
        (
            "REPLINE_VARS",
            '{"base_curency": "EUR"}',
            "unknown setting 'base_curency'; did you mean 'base_currency'?",
        ),
        ("REPLINE_VARS", '{"colour": "red"}', "unknown setting 'colour'; known are: agent_rep, agent_row_limit"),
        ("REPLINE_VARS", '{"landing": "files"}', "unknown setting 'landing'"),
        ("REPLINE_AS_OF", "yesterday", "not an ISO 8601 moment"),
        ("REPLINE_AS_OF", "0001-01-01", "REPLINE_AS_OF is '0001-01-01'; it must be from 1970-01-01 to before 2200"),
        ("REPLINE_AS_OF", "9999-12-31T23:59:59-01:00", "it must be from 1970-01-01 to before 2200-01-01"),
        ("REPLINE_VARS", '{"as_of": "0001-01-01T00:00:00+01:00"}', "REPLINE_VARS: as_of is '0001-01-01T00"),
        ("REPLINE_TARGET", "oracle", "it may be: duckdb, spark"),
        ("REPLINE_HOME", "/srv/what?", "use another folder"),
        ("REPLINE_HOME", "/srv/#1", "use another folder"),
        ("REPLINE_HOME", "/srv/100%", "use another folder"),
    ],
)
def test_a_wrong_setting_says_which_and_what_it_may_be(name: str, value: str, part: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: value})
    assert name in str(error.value)
    assert part in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("base_currency", "usd", "is 'usd', not an ISO 4217 currency code, which is three capitals such as EUR"),
        ("base_currency", None, "is None, not an ISO 4217 currency code"),
        ("reporting_timezone", "Europe/Amsterdm", "is 'Europe/Amsterdm', not an IANA time zone such as Europe/Amster"),
        ("reporting_timezone", "UTC'; drop table x; --", 'is "UTC\'; drop table x; --", not an IANA time zone'),
        ("reporting_timezone", 5, "is 5, not an IANA time zone"),
        ("fiscal_year_start_month", 13, "is 13; it must be from 1 to 12"),
        ("fiscal_year_start_month", "4", "is '4'; it must be a whole number"),
        ("fiscal_year_start_month", True, "is True; it must be a whole number"),
        ("bottleneck_min_cohort", 0, "is 0; it must be from 1 on"),
        ("max_call_seconds", -1, "is -1; it must be from 0 on"),
        ("max_call_seconds", "an hour", "is 'an hour'; it must be a number"),
        ("max_quarantined_share", 5, "is 5; it must be from 0 to 1"),
        ("max_volume_ratio", float("nan"), "is nan; it must be from 0 on"),
        ("max_plausible_amount", float("inf"), "is inf; it must be from 0 on"),
        ("keep_versions", 1, "is 1; it must be from 2 on"),
        ("duckdb_file_max_rows", -1, "is -1; it must be from 0 on"),
        ("duckdb_file_max_rows", "many", "is 'many'; it must be a whole number"),
        ("earliest_plausible_date", "1990-13-01", "is '1990-13-01', not an ISO 8601 date"),
        ("earliest_plausible_date", 1990, "is 1990, not an ISO 8601 date"),
        ("max_close_date_years", 5000, "is 5000; it must be from 0 to 1000"),
        ("pass_through_columns", ["campaign"], "is ['campaign']; write for example"),
        ("pass_through_columns", {"leads": ["x"]}, "names 'leads'; it may name: users, pipeline_stages, accounts"),
        ("pass_through_columns", {"calls": "x"}, "is 'x'; write a list such as"),
        ("entity_sources", {"deals": ["landing"]}, "names 'deals'; it may name: users"),
        ("entity_sources", {"quotas": ["aircall"]}, "names 'aircall'; it may name: landing, exports, database"),
        ("entity_sources", {"calls": ["aircall"]}, ".calls names 'aircall', which is not on; sources names: landing"),
        ("personal_columns", {"landing__users.email": "mask"}, "says 'mask' for landing__users.email; it may be: hash"),
        ("landed_schemas", {"hubspot": 5}, "says 5 for hubspot; write the name of a schema"),
        ("freshness_limit_hours", {"calls": -1}, "has -1 for calls"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_line(name: str, value: object, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings(Path("home"), Path("landing"), overrides={name: value}).dbt_vars(NOW)
    assert str(error.value).startswith(name + (message if message.startswith(".") else f" {message}"))
    assert "\n" not in str(error.value)


def test_each_wrong_value_has_a_line() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({"REPLINE_VARS": '{"base_currency": "usd", "keep_versions": 0}'})
    assert [line.partition(" is ")[0] for line in str(error.value).splitlines()] == [
        "REPLINE_VARS: base_currency",
        "REPLINE_VARS: keep_versions",
    ]


def test_duckdb_knows_every_time_zone_that_may_be_set() -> None:
    known = {name for (name,) in duckdb.execute("SELECT name FROM pg_timezone_names()").fetchall()}
    assert "Europe/Amsterdam" in known
    assert business_settings._zones() <= known


class TestSettingsFile:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "work").mkdir()
        (tmp_path / "home").mkdir()
        monkeypatch.chdir(tmp_path / "work")
        return tmp_path

    def read(self, folder: Path, **environ: str) -> Settings:
        return Settings.from_environment({"REPLINE_HOME": str(folder / "home"), **environ})

    @pytest.mark.parametrize("place", ["work", "home"])
    def test_it_is_found_in_the_working_folder_and_the_data_home(self, folder: Path, place: str) -> None:
        (folder / place / "repline.yml").write_text(
            "landing: files\nexports: ~/exports\nas_of: 2025-01-31\nbase_currency: EUR\n"
            "earliest_plausible_date: 2001-02-03\nfreshness_limit_hours: {calls: 5, leads: null}\n",
            encoding="utf-8",
        )
        settings = self.read(folder)
        assert settings.file == folder / place / "repline.yml"
        assert settings.landing == folder / place / "files"
        assert settings.exports == Path("~/exports").expanduser()
        variables = settings.dbt_vars(NOW)
        assert variables["as_of"] == "2025-01-31T00:00:00.000000Z"
        assert (variables["base_currency"], variables["earliest_plausible_date"]) == ("EUR", "2001-02-03")
        assert variables["freshness_limit_hours"]["calls"] == 5
        assert "leads" not in variables["freshness_limit_hours"]
        assert variables["freshness_limit_hours"]["published"] == 26

    def test_the_environment_wins(self, folder: Path) -> None:
        (folder / "work" / "repline.yml").write_text(
            "landing: files\nas_of: 2025-01-31\nbase_currency: EUR\nkeep_versions: 9\n"
            "freshness_limit_hours: {calls: 5, leads: 6}\n",
            encoding="utf-8",
        )
        settings = self.read(
            folder,
            REPLINE_LANDING="others",
            REPLINE_AS_OF="2025-02-01T12:00:00Z",
            REPLINE_VARS='{"base_currency": "CHF", "freshness_limit_hours": {"leads": 7}}',
        )
        assert settings.landing == folder / "work" / "others"
        assert settings.as_of == datetime(2025, 2, 1, 12, tzinfo=UTC)
        business = settings.business
        assert (business.base_currency, business.keep_versions) == ("CHF", 9)
        assert (business.freshness_limit_hours["calls"], business.freshness_limit_hours["leads"]) == (5, 7)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("base_curency: EUR", "{file} names the unknown setting 'base_curency'; did you mean 'base_currency'?"),
            ("base_currency: usd", "{file}: base_currency is 'usd', not an ISO 4217"),
            ("target: oracle", "{file}: target is 'oracle'; it may be: duckdb, spark"),
            (
                "a: 1\nkeep_versions: 3\na: 2",
                "{file}, line 3: this is not YAML that can be read ('a' stands here twice)",
            ),
            ("keep_versions: [", "{file}, line 1: this is not YAML"),
            ("- keep_versions", "{file} has to name settings and their values"),
            ("landing: 5", "{file}: landing is 5; it should be a valid string"),
        ],
    )
    def test_what_is_wrong_in_it_is_named_with_the_file(self, folder: Path, text: str, message: str) -> None:
        file = folder / "work" / "repline.yml"
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SettingsError) as error:
            self.read(folder)
        assert str(error.value).startswith(message.format(file=file))
        assert "\n" not in str(error.value)

    def test_of_two_files_none_is_taken(self, folder: Path) -> None:
        for place in ("work", "home"):
            (folder / place / "repline.yml").write_text("keep_versions: 3", encoding="utf-8")
        with pytest.raises(SettingsError, match="there are two settings files"):
            self.read(folder)

    def test_init_writes_every_setting_with_its_default_and_never_over_a_file(self, folder: Path) -> None:
        assert CliRunner().invoke(main, ["init"]).exit_code == 0
        file = folder / "work" / "repline.yml"
        text = file.read_text(encoding="utf-8")
        untouched = self.read(folder)
        assert (untouched.file, untouched.overrides) == (file, {})

        file.write_text(re.sub("(?m)^#(?=[a-z])", "", text), encoding="utf-8")
        all_set = self.read(folder)
        assert set(all_set.overrides) | {"as_of"} == set(default_vars())
        assert all_set.dbt_vars(NOW) == untouched.dbt_vars(NOW)
        assert replace(all_set, overrides={}) == untouched

        again = CliRunner().invoke(main, ["init"])
        assert again.exit_code == 0
        assert f"Left alone: {file}, which is there already." in again.stdout
        assert file.read_text(encoding="utf-8") != text


def test_the_vars_of_dbt_are_the_settings() -> None:
    assert stale(settings_files.files()) == [], "run `make docs`"
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"] == default_vars()


def test_a_new_data_home_is_for_its_owner_alone_and_one_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    for home, mode in ((tmp_path / "new" / "home", 0o700), (tmp_path / "shared", 0o750)):
        if mode == 0o750:
            home.mkdir(mode)
        Settings(home, home / "landing").make_home()
        assert home.stat().st_mode & 0o777 == mode
