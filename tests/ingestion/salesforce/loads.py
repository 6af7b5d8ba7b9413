"""Loads of one Salesforce organisation into one warehouse, for the tests of the source and of staging."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb

from ingestion.api.options import Slice, SourceOptions
from ingestion.salesforce import source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.loading import run


@dataclass
class Warehouse:
    home: Path
    new_rows: dict[str, int] = field(default_factory=dict)

    def load(self, *tables: str, rows_per_slice: int = 100_000, **options: Any) -> bool:
        """One load, or slice of one; whether it had to stop before it was done. `new_rows` is what it brought.

        `tables` are those that are loaded, where not all are: each costs time.
        """
        settings = SourceOptions(slice=Slice(rows_per_slice), **options)
        chosen = source(settings)
        if tables:
            chosen = chosen.with_resources(*(f"salesforce__{table}" for table in tables))
        run(self.pipeline, self.home / "warehouse.duckdb", chosen, loader_file_format="parquet")
        self.new_rows = {table.removeprefix("salesforce__"): rows for table, rows in settings.rows.items()}
        return settings.slice.is_cut

    @property
    def pipeline(self) -> dlt.Pipeline:
        return raw_pipeline("salesforce", self.home / "warehouse.duckdb", self.home / "dlt")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a raw table by id."""
        return self.query(f"SELECT {', '.join(columns)} FROM raw.salesforce__{table} ORDER BY id")

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that was loaded of the system: each raw table's rows, without the moment of their load."""
        names = self.query("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'salesforce%'")
        return {name: self.query(f"SELECT * EXCLUDE (_loaded_at) FROM raw.{name} ORDER BY ALL") for (name,) in names}
