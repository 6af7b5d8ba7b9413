"""The setting `sources`: what is on, what that brings, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from rich.console import Console

from ingestion.api.options import SourceOptions
from ingestion.personal import OptionsError
from ingestion.register import API_SOURCES
from ingestion.sources import api_tables, load
from pipelines.definitions import build_defs
from pipelines.refresh import run_refresh
from pipelines.reports.progress import PlainProgress
from pipelines.settings import Settings, SettingsError
from pipelines.sources import sources_of
from tests.pipelines.conftest import refresh


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", landing=tmp_path / "landing")


def switched_on(settings: Settings, **overrides: Any) -> Settings:
    return replace(settings, overrides=overrides)


def test_by_default_only_landing_files_are_read(settings: Settings) -> None:
    sources = sources_of(settings)
    assert sources.names == ("landing",)
    assert [source.is_complete for source in sources.contract] == [True]
    assert sources.api_tables == ()


def test_files_beside_a_crm_need_not_be_complete(settings: Settings) -> None:
    sources = sources_of(switched_on(settings, sources=["hubspot", "landing", "aircall"]))
    assert [(source.name, source.is_complete) for source in sources.contract] == [("landing", False)]
    assert sources.apis == ("hubspot", "aircall")
    assert {table.source for table in sources.api_tables} == {"hubspot", "aircall"}


def test_a_phone_system_beside_files_leaves_them_complete(settings: Settings) -> None:
    sources = sources_of(switched_on(settings, sources=["landing", "aircall"]))
    assert [source.is_complete for source in sources.contract] == [True]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"sources": ["hubspott"]}, "sources names 'hubspott'; did you mean 'hubspot'. it may name: landing, exports"),
        ({"sources": "hubspot"}, r"sources is 'hubspot'; write a list such as \[\"landing\"\]"),
        ({"sources": []}, r"sources is \[\]; write a list"),
        ({"sources": ["landing", "landing"]}, "sources names 'landing' twice"),
        ({"sources": ["aircall"]}, r"sources is \['aircall'\], none of which has opportunities"),
        ({"landed_by": {"aircall": "fivetran"}}, "landed_by names 'aircall'; it may name: hubspot, salesforce"),
        ({"landed_by": {"hubspot": "stitch"}}, "landed_by says 'stitch' for hubspot; it may be: fivetran, airbyte"),
        ({"personal_columns": {"hubspot__contacts.email": "hash"}}, "'hubspot__contacts.email', a table of no source"),
        ({"personal_columns": {"email": "hash"}}, "personal_columns names 'email'"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings: Settings, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        sources_of(switched_on(settings, **overrides))


def test_each_source_is_an_asset_group_that_needs_no_secret(settings: Settings) -> None:
    """The tables are assets, and the models of the sources that are off are not there."""
    graph = build_defs(switched_on(settings, sources=["hubspot", "aircall"])).resolve_asset_graph()
    keys = graph.get_all_asset_keys()
    for source in ("hubspot", "aircall"):
        for table in api_tables(source):
            assert dg.AssetKey(["raw", table.raw_name]) in keys
    staged = {key.path[-1].partition("__")[0] for key in keys if key.path[0] == "staging"}
    assert {"stg_hubspot", "stg_aircall"} <= staged <= {"stg_hubspot", "base_hubspot", "stg_aircall", "base_aircall"}
    scorecard = graph.get_ancestor_asset_keys(dg.AssetKey(["published", "kpi_rep_scorecard"]))
    assert {dg.AssetKey(["raw", "hubspot__deals"]), dg.AssetKey(["raw", "aircall__calls"])} <= scorecard


def test_every_source_says_its_tables_without_a_secret() -> None:
    for source in (each.name for each in API_SOURCES):
        tables = api_tables(source)
        assert tables
        for table in tables:
            assert table.source == source
            assert set(table.key) <= set(table.columns)
            assert not table.cursor or table.cursor in table.columns
            assert table.description


@pytest.mark.parametrize("source", [source.name for source in API_SOURCES])
def test_a_missing_secret_is_named_with_where_it_goes(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # no .dlt folder of whoever runs the tests
    with pytest.raises(
        OptionsError, match=rf"{source} needs SOURCES__{source.upper()}__.*\[sources\.{source}\] in .dlt"
    ):
        load(source, SourceOptions(), tmp_path / "warehouse.duckdb", tmp_path / "dlt", lambda *_: None)


def test_a_refresh_says_a_missing_secret_in_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = refresh(switched_on(settings, sources=["hubspot", "aircall"]))
    assert outcome.failure.startswith("hubspot needs SOURCES__HUBSPOT__ACCESS_TOKEN: set it in the environment")
    assert "\n" not in outcome.failure


def test_only_a_source_that_is_on_can_be_read_anew(settings: Settings) -> None:
    with PlainProgress(Console(quiet=True)) as progress:
        outcome = run_refresh(settings, progress, reload=["hubspot"])
    assert "only a source that is on can be read anew, not 'hubspot'" in outcome.failure
