"""A demo company's files at two scales, generated once for all workers. Only to be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.demo import generate
from tests.ingestion.demo.demo_files import Query, opened
from tests.prepared import prepared


@pytest.fixture(scope="session", params=[100, 20_000])
def scale(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="session")
def folder(scale: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory, f"demo_{scale}", lambda folder: generate(folder, calls=scale))


@pytest.fixture(scope="session")
def query(folder: Path) -> Iterator[Query]:
    with opened(folder) as connection:
        yield lambda sql: connection.execute(sql).fetchall()
