"""A warehouse that a phone system's source is loaded into, without dbt.

Belongs here: loads, and reading raw tables. Does not belong here: servers, or what a test expects.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.warehouse import raw_pipeline
from tests.ingestion.loading import run


@dataclass
class RawWarehouse:
    source: str
    home: Path

    def load(self, **options: Any) -> bool:
        """One load, or slice of one; whether it had to stop before it was done."""
        settings = SourceOptions(**options)
        resources = importlib.import_module(f"ingestion.{self.source}").source(settings)
        pipeline = raw_pipeline(self.source, self.file, self.home / "dlt")
        run(pipeline, self.file, resources, loader_file_format="parquet")
        return settings.slice.is_cut

    @property
    def file(self) -> Path:
        return self.home / "warehouse.duckdb"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the source's raw tables, with the moment of their load."""
        tables = self.query(
            f"SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name LIKE '{self.source}__%'"
        )
        return {name: self.query(f"FROM raw.{name} ORDER BY ALL") for (name,) in tables}
