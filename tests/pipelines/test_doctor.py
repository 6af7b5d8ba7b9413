"""`repline doctor`: a line for each look, what to do where it is not well, and an exit code."""

from __future__ import annotations

import importlib
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ingestion.findings import Finding
from ingestion.register import SOURCES
from pipelines.cli import main
from pipelines.doctor import home, machine
from pipelines.doctor.report import examine
from pipelines.publication.publish import publish
from pipelines.publication.versions import rollback
from pipelines.settings import Settings
from pipelines.sources import sources_of
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path / "home")


def states(findings: Iterator[Finding]) -> dict[str, str]:
    return {each.about: str(each.state) for each in findings}


@pytest.mark.parametrize("source", [each.name for each in SOURCES])
def test_each_source_brings_its_own_probe(source: str) -> None:
    assert callable(importlib.import_module(f"ingestion.{source}").probe)


def test_a_new_folder_lacks_nothing_but_files(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["doctor"], env={"REPLINE_HOME": str(tmp_path / "home")})
    assert done.exit_code == 1
    [fault] = [line for line in done.stdout.splitlines() if line.startswith("fault")]
    assert f"landing folder               {tmp_path / 'home' / 'landing'} cannot be read" in fault
    assert "1 at fault" in done.stdout.splitlines()[-1]
    assert not (tmp_path / "home").exists()  # a look changes nothing


def test_a_published_home_is_well(settings: Settings) -> None:
    make_warehouse(settings)
    publish(settings, AS_OF, "inputs 1")
    publish(settings, AS_OF, "inputs 2")
    found = states(examine(settings))
    assert {found[each] for each in ("settings", "clock", "write", "python", "warehouse", "published")} == {"ok"}
    rollback(settings)
    _, finding = home.publication(settings)
    assert finding.state == "warning"
    assert finding.text.startswith("version 1, rolled back from 2")


def test_a_clock_before_the_last_publication_is_a_fault(settings: Settings) -> None:
    assert states(machine.clock(settings, NOW, NOW - timedelta(hours=1))) == {"clock": "ok"}
    assert states(machine.clock(settings, NOW, NOW + timedelta(hours=1))) == {"clock": "fault"}
    late = replace(settings, as_of=NOW + timedelta(days=1))
    assert states(machine.clock(late, NOW, None)) == {"clock": "ok", "as_of": "warning"}


def test_a_disk_without_room_for_a_refresh_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(settings.home.parent)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    found = {each.about: each for each in machine.disk(settings)}
    assert (found["write"].state, found["disk"].state) == ("ok", "warning")
    assert found["disk"].text.startswith("1.0 MB free, and a refresh may need 500.0 MB")


def test_a_package_beyond_its_range_and_a_missing_extra_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def installed(name: str) -> str:
        if name == "adbc-driver-postgresql":
            raise metadata.PackageNotFoundError
        return "0.1" if name == "duckdb" else version(name)

    monkeypatch.setattr(machine.metadata, "version", installed)
    found = {each.about: each for each in machine.versions({"copy"})}
    assert found["packages"].state == "fault"
    assert "duckdb is 0.1, not <1.6,>=1.5" in found["packages"].text
    assert found["extra copy"].state == "fault"
    assert "adbc-driver-postgresql is missing" in found["extra copy"].text
    assert "extra copy" not in {each.about for each in machine.versions(set())}  # nothing here needs it


def test_a_port_that_is_taken_is_a_warning() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert states(machine.port(listener.getsockname()[1])) == {"port": "warning"}


def test_a_damaged_warehouse_and_one_that_lacks_a_tools_tables_are_faults(settings: Settings) -> None:
    landed = {"sources": ["hubspot"], "landed_by": {"hubspot": "fivetran"}}
    of_tool = replace(settings, overrides=landed)
    assert states(home.warehouse(of_tool, sources_of(of_tool))) == {"warehouse": "fault"}
    assert states(home.warehouse(settings, sources_of(settings))) == {"warehouse": "ok"}
    settings.make_home()
    duckdb.connect(str(settings.warehouse)).close()
    assert states(home.warehouse(of_tool, sources_of(of_tool))) == {"warehouse": "ok", "source hubspot": "fault"}
    settings.warehouse.write_bytes(b"no database" * 1000)
    assert states(home.warehouse(of_tool, sources_of(of_tool))) == {"warehouse": "fault"}
