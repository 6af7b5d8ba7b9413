"""`repline init`: an empty folder becomes one that Repline can be started in, and nothing of a user is written over."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import dlt
import pytest

from ingestion.contract import ENTITIES
from ingestion.landing.files import listing
from ingestion.register import SOURCES
from pipelines.first_files import write_first_files
from pipelines.settings import Settings


def test_an_empty_folder_gets_all_that_a_company_begins_with(tmp_path: Path) -> None:
    lines = list(write_first_files(tmp_path, {}))
    assert all(line.startswith("Wrote ") for line in lines)
    settings = Settings.from_environment({}, tmp_path)
    assert settings.file == tmp_path / "repline.yml"
    assert settings.home.stat().st_mode & 0o777 == 0o700
    readme = (settings.landing / "README.md").read_text(encoding="utf-8")
    for entity in ENTITIES:
        assert f"**{entity.name}**" in readme
        assert all(f"`{column}`" in readme for column in entity.column_names)
    assert listing(settings.landing) == []  # the README is no landing file


def test_what_is_there_is_left_alone_and_named(tmp_path: Path) -> None:
    crm = tmp_path / "crm"
    crm.mkdir()
    (crm / "users.csv").write_text("mine", encoding="utf-8")
    (tmp_path / ".env.example").write_text("mine", encoding="utf-8")
    wrote, left, also_left = write_first_files(tmp_path, {"REPLINE_LANDING": "crm"})
    assert wrote.startswith(f"Wrote {tmp_path / 'repline.yml'}")
    assert left == f"Left alone: {crm}, which has files."
    assert also_left == f"Left alone: {tmp_path / '.env.example'}, which is there already."
    assert [path.name for path in crm.iterdir()] == ["users.csv"]
    assert (tmp_path / ".env.example").read_text(encoding="utf-8") == "mine"


def test_the_example_names_the_secrets_and_holds_none(tmp_path: Path) -> None:
    list(write_first_files(tmp_path, {}))
    names = re.findall("(?m)^#([A-Z_]+)=(.*)$", (tmp_path / ".env.example").read_text(encoding="utf-8"))
    assert {value for _, value in names} == {""}
    assert {"SOURCES__HUBSPOT__ACCESS_TOKEN", "SOURCES__DATABASE__CREDENTIALS", "COPY__PASSWORD"} <= dict(names).keys()


@pytest.mark.parametrize(
    "source", [each for each in SOURCES if not each.is_contract_shaped], ids=lambda each: each.name
)
def test_the_register_names_the_secrets_that_a_source_asks_for(source: object) -> None:
    name, secrets = source.name, source.secrets  # type: ignore[attr-defined]
    function = importlib.import_module(f"ingestion.{name}.source").source
    parameters = inspect.signature(inspect.unwrap(function._f)).parameters
    required = {each.name for each in parameters.values() if each.default in (dlt.secrets.value, dlt.config.value)}
    secret = {each.name for each in parameters.values() if "Secret" in str(each.annotation)}
    assert {each.name for each in secrets if each.is_required} == required
    assert required | secret <= {each.name for each in secrets} <= set(parameters)
