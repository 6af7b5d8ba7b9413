"""A Gong server, and loads from it into a warehouse of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from ingestion.api.options import Slice, SourceOptions
from ingestion.gong import source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.gong.account import Account
from tests.ingestion.gong.server import ACCESS_KEY, ACCESS_KEY_SECRET, GongServer
from tests.ingestion.loading import run


@contextmanager
def running_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GongServer]:
    """A server with an empty account, which the source's settings name."""
    with GongServer() as running:
        monkeypatch.setenv("SOURCES__GONG__ACCESS_KEY", ACCESS_KEY)
        monkeypatch.setenv("SOURCES__GONG__ACCESS_KEY_SECRET", ACCESS_KEY_SECRET)
        monkeypatch.setenv("SOURCES__GONG__BASE_URL", running.url)
        yield running


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GongServer]:
    with running_server(monkeypatch) as running:
        yield running


@pytest.fixture
def account(server: GongServer) -> Account:
    return server.account


@dataclass
class Warehouse:
    """A warehouse that is loaded from the server alone."""

    home: Path

    def load(self, rows_per_slice: int | None = None, **options: Any) -> SourceOptions:
        """One load, or slice of one, and what it noted."""
        this_slice = Slice(rows_per_slice) if rows_per_slice else Slice()
        settings = SourceOptions(slice=this_slice, **options)
        run(self.pipeline, self.home / "warehouse.duckdb", source(settings), loader_file_format="parquet")
        return settings

    @property
    def pipeline(self) -> dlt.Pipeline:
        return raw_pipeline("gong", self.home / "warehouse.duckdb", self.home / "dlt")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def count(self, table: str) -> int:
        return int(self.query(f"SELECT count(*) FROM raw.gong__{table}")[0][0])

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all raw tables, without the moment of their load."""
        names = self.query(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name LIKE 'gong%'"
        )
        return {
            name: self.query(f"SELECT * EXCLUDE (_loaded_at) FROM raw.{name} ORDER BY ALL") for (name,) in sorted(names)
        }


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)
