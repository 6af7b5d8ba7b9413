"""The same marts whatever happened on the way: built twice, with nothing new, killed at every step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from ingestion.demo import change
from tests.end_to_end.company import Company, Unpublished, small_company

pytestmark = pytest.mark.slow

STEPS = ["Load what is new", "Judge what arrived", "Build the models", "Judge the marts"]


@pytest.fixture
def undisturbed(demo_company: Company, tmp_path: Path) -> dict[str, bytes]:
    return demo_company.marts(tmp_path / "undisturbed")


def test_two_builds_of_the_same_input_are_the_same_byte_for_byte(
    demo_company: Company, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    again = Company(demo_company.landing, tmp_path / "home", demo_company.as_of)
    again.refresh()
    marts = again.marts(tmp_path / "again")
    assert sorted(marts) == sorted(undisturbed)
    assert [table for table, rows in marts.items() if rows != undisturbed[table]] == []


def test_nothing_new_publishes_no_new_version(demo_company: Company) -> None:
    version = demo_company.version()
    assert f"Nothing new; version {version} stands" in demo_company.refresh()
    assert demo_company.version() == version


def test_killed_at_every_step_and_run_again(
    demo_company: Company, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    killed = Company(demo_company.landing, tmp_path / "home", demo_company.as_of)
    _kill_while_loading(killed)
    for step in STEPS:
        _kill_after(killed, step)
        assert not killed.published.exists(), f"a version was published although the refresh died after: {step}"
    killed.refresh()
    marts = killed.marts(tmp_path / "killed")
    assert [table for table, rows in marts.items() if rows != undisturbed[table]] == []
    assert killed.raw("SELECT count(*) FROM raw.landing_files") == demo_company.raw(
        "SELECT count(*) FROM raw.landing_files"
    )


def test_a_change_gives_what_a_build_from_nothing_gives(
    tmp_path: Path, demo_statements: Sequence[Sequence[str]]
) -> None:
    """Files that arrive one after the other give the marts of the same files at once."""
    company = small_company(tmp_path / "grown", calls=500)
    company.refresh()
    change(company.landing, share=0.05)
    assert "Published version 2" in company.refresh()
    at_once = Unpublished(company.landing, tmp_path / "at_once", statements=demo_statements)
    at_once.refresh()
    grown, whole = company.marts(tmp_path / "a"), at_once.marts(tmp_path / "b")
    assert [table for table, rows in grown.items() if rows != whole[table]] == []


def _kill_while_loading(company: Company) -> None:
    with company.started("refresh") as running:
        deadline = time.monotonic() + 120
        # The load packages of dlt appear when rows are on their way.
        while not list((company.home / "dlt").rglob("*.parquet")):
            assert running.process.is_alive(), running.printed.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _kill_after(company: Company, step: str) -> None:
    """Kill a refresh as soon as it says that a step is done, that is at the start of the next."""
    printed = []
    with company.started("refresh") as running:
        for line in running.printed:
            printed.append(line)
            if line.startswith("done") and step in line:
                return
    pytest.fail("the refresh ended before it could be killed:\n" + "".join(printed))
