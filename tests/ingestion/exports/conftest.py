"""A folder of exports with its warehouse, for the tests of the exports source and the mapping file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # has no type information

from ingestion.exports import exports_source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.loading import run

STAGES = """
  pipeline_stages:
    rows:
      - {stage: Qualify, position: 1, is_closed: false, is_won: false}
      - {stage: Won, position: 2, is_closed: true, is_won: true}
"""
USERS = """
  users:
    file: owners.csv
    columns: {user_id: Id, full_name: Owner}
"""
DEALS = """
  opportunities:
    file: deals.csv
    columns: {opportunity_id: Deal ID, stage: Stage, created_at: Created}
"""


@dataclass
class Exports:
    """An exports folder and the home of its warehouse: write files, load them, look at the raw tables."""

    folder: Path
    home: Path

    def write(self, name: str, content: str, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding))
        return path

    def write_workbook(self, name: str, sheets: dict[str, list[list[Any]]]) -> Path:
        """A workbook whose dates, times and formulas (texts that begin with =) are cells of that type."""
        path = self.folder / name
        with xlsxwriter.Workbook(path) as book:
            formats = {
                kind: book.add_format({"num_format": shown})
                for kind, shown in ((datetime, "dd/mm/yyyy hh:mm"), (date, "dd/mm/yyyy"), (time, "hh:mm:ss"))
            }
            for sheet, rows in sheets.items():
                page = book.add_worksheet(sheet)
                for number, row in enumerate(rows):
                    for position, value in enumerate(row):
                        page.write(number, position, value, formats.get(type(value)))
        return path

    def mapping(self, *entities: str, top: str = "") -> Path:
        """Write the mapping, of sections below `entities`."""
        return self.write("mapping.yml", f"{top}\nentities:\n{''.join(entities)}")

    def load(self, required: bool = True, anew: bool = False) -> int:
        """Load, and return how many load packages reached the warehouse."""
        pipeline = raw_pipeline("exports", self.home / "warehouse.duckdb", self.home / "dlt")
        # As the orchestrator does: nothing but the warehouse remembers what was loaded.
        pipeline.drop()
        info = run(pipeline, self.home / "warehouse.duckdb", exports_source(self.folder, required, anew=anew))
        info.raise_on_failed_jobs()
        return len(info.loads_ids)

    def failure(self) -> str:
        """The text of the error that a load stops with, all its causes included; nothing may have been loaded."""
        with pytest.raises(Exception) as caught:
            self.load()
        parts: list[str] = []
        error: BaseException | None = caught.value
        while error:
            parts.append(str(error))
            error = error.__cause__
        with duckdb.connect(str(self.home / "warehouse.duckdb")) as connection:
            tables = connection.sql("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'").fetchone()
        assert tables == (0,), "something was loaded although the load stopped"
        return "\n".join(parts)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def quarantined(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT file, line, record_key, column_name, value, reason FROM raw.quarantine ORDER BY ALL")


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    """A folder with a small sound company and its mapping."""
    exports = Exports(tmp_path / "exports", tmp_path / "home")
    exports.write("owners.csv", "Id,Owner\n1,Ada\n2,Bo\n")
    exports.write("deals.csv", "Deal ID,Stage,Created\nd1,Qualify,2025-01-02\nd2,Won,2025-01-03\n")
    exports.mapping(USERS, STAGES, DEALS)
    return exports
