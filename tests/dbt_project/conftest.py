"""What the tests of the SQL share: the SQL of a build from landing files, to be run on other rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.warehouse import STATEMENTS, build, create_raw_tables
from tests.prepared import prepared

AS_OF = "2024-03-10T12:00:00Z"


def build_of_nothing(home: Path) -> None:
    """All that dbt builds and tests, its unit tests too, upon raw tables without a row."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
    build(home, {"as_of": AS_OF})


@pytest.fixture(scope="session")
def built_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose warehouse was built by dbt, with its unit tests, from raw tables without a row."""
    return prepared(tmp_path_factory, "built_of_nothing", build_of_nothing)


@pytest.fixture(scope="session")
def statements(built_of_nothing: Path) -> Sequence[Sequence[str]]:
    """What that build did, for `build_again`: as of 10 March 2024, from landing files alone, by default settings."""
    read: Sequence[Sequence[str]] = json.loads((built_of_nothing / "dbt_target" / STATEMENTS).read_text())
    return read
