"""What all tests share: the reference data, if they are there at all, and how the models of the demo are built."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from ingestion.demo import DEFAULT_UNTIL, generate
from tests.dbt_project.warehouse import STATEMENTS, WITHOUT_TESTS, build, create_raw_tables, load_landing_csv
from tests.prepared import prepared
from tests.shortcuts import quicken_dlt, remember_types, share_parsed_states

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def shortcuts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_parsed_states(patch)
        remember_types(patch)
        quicken_dlt(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_pages() -> Iterator[None]:
    """A version of the tests has no pages, which take seconds to draw; the tests of the pages make theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for asking in ("publication.publish", "runs.inputs"):
            patch.setattr(f"pipelines.{asking}.is_installed", lambda: False)
        patch.setenv("REPLINE_PAGES", "false")  # for what runs in a process of its own
        yield


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of golden cases and real records; the test skips where it is absent."""
    folder = Path(os.environ.get("REPLINE_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "golden").is_dir():
        pytest.skip(f"no reference data in {folder}")
    return folder


@pytest.fixture(scope="session")
def demo_statements(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Sequence[str]]:
    """What dbt does to build the models as of the end of the synthetic company, by default settings.

    It knows that company's trackers, whose phrases stand in the SQL.
    """
    home = prepared(tmp_path_factory, "demo_statements", _build_the_demo)
    read: Sequence[Sequence[str]] = json.loads((home / "dbt_target" / STATEMENTS).read_text())
    return read


def _build_the_demo(home: Path) -> None:
    generate(home / "landing", calls=100)
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        load_landing_csv(connection, home / "landing")
    build(home, {"as_of": DEFAULT_UNTIL.isoformat()}, *WITHOUT_TESTS)
