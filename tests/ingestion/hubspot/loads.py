"""Loads of one HubSpot account into one warehouse, for the tests of the source and of staging."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb

from ingestion.api.options import Slice, SourceOptions
from ingestion.hubspot import source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.hubspot.server import HubSpotApi
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


def ids(loads: Loads, table: str) -> list[str]:
    return [row[0] for row in loads.query(f"SELECT id FROM raw.hubspot__{table} ORDER BY id::BIGINT")]
