"""An account, its API over HTTP, and loads of it into a warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from ingestion.api.options import Slice, SourceOptions
from ingestion.hubspot import source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.server import HubSpotApi, serve
from tests.ingestion.loading import run

TOKEN = "pat-eu1-a-secret-that-is-nowhere-else"


@dataclass
class Loads:
    """Loads of one account into one warehouse."""

    folder: Path
    url: str
    api: HubSpotApi
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def pipeline(self) -> dlt.Pipeline:
        return raw_pipeline("hubspot", self.warehouse, self.folder / "dlt")

    def load_slice(self, rows: int | None = None, token: str = TOKEN) -> bool:
        """One load; whether it stopped before it was done."""
        self.api.paths.clear()
        part = Slice(rows) if rows else Slice()
        options = SourceOptions(**self.options, slice=part)
        records = source(options, access_token=token, base_url=self.url)
        run(self.pipeline(), self.warehouse, records, loader_file_format="parquet")
        return part.is_cut

    def load(self) -> None:
        assert not self.load_slice()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def load_count(self) -> int:
        return int(self.query("SELECT count(*) FROM raw._dlt_loads")[0][0])


@pytest.fixture
def account() -> Account:
    """Two owners and one pipeline; tests add records."""
    account = Account()
    account.add_owner("11", "Ada", "Quist", "ada@example.com", team="North")
    account.add_owner("12", "Ben", "Rowe", "ben@example.com")
    account.add_pipeline(
        "default",
        "Sales",
        [("s1", "Discovery", "0.2", False), ("s2", "Won", "1.0", True), ("s3", "Lost", "0.0", True)],
    )
    account.dispositions = [{"id": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "label": "Connected", "deleted": False}]
    return account


@pytest.fixture
def api(account: Account) -> HubSpotApi:
    return HubSpotApi(account, TOKEN)


@pytest.fixture
def loads(tmp_path: Path, api: HubSpotApi) -> Iterator[Loads]:
    with serve(api) as url:
        yield Loads(tmp_path, url, api)
