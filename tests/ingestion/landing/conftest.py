"""A small sound company in landing files, and a loader, for the tests of the file source."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingestion.landing import landing_pipeline, landing_source
from ingestion.personal import PersonalColumns
from tests.ingestion.loading import run

STAGES = "pipeline,stage,position,is_closed,is_won\n,Qualify,1,false,false\n,Won,2,true,true\n,Lost,3,true,false\n"
USERS = "user_id,full_name\nu1,Ada Demo\nu2,Bo Demo\n"
OPPORTUNITIES = (
    "opportunity_id,owner_id,stage,amount,created_at,close_date,updated_at,is_deleted\n"
    "o1,u1,Qualify,100.50,2025-01-02T10:00:00Z,2025-03-01,2025-01-02T10:00:00Z,false\n"
    "o2,u2,Won,20,2025-01-03T10:00:00+02:00,2025-02-01,2025-02-01T10:00:00Z,false\n"
)


@dataclass
class Landing:
    """A landing folder with its warehouse: write files, load them, look at what the raw tables hold."""

    folder: Path
    home: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_parquet(self, name: str, select: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return path

    def load(self, required: bool = True, personal: PersonalColumns | None = None, anew: bool = False) -> int:
        """Load, and return how many load packages reached the warehouse."""
        pipeline = landing_pipeline(self.home / "warehouse.duckdb", self.home / "dlt")
        # As the orchestrator does: nothing but the warehouse remembers what was loaded.
        pipeline.drop()
        source = landing_source(self.folder, required, personal, anew)
        info = run(pipeline, self.home / "warehouse.duckdb", source)
        info.raise_on_failed_jobs()
        return len(info.loads_ids)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def quarantined(self) -> list[tuple[object, ...]]:
        return self.rows("SELECT file, line, column_name, value, reason FROM raw.quarantine ORDER BY ALL")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """A landing folder with the required entities, in CSV."""
    return small_company(tmp_path)


@pytest.fixture(scope="session")
def loaded_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That folder and the warehouse into which it was loaded. Only to be copied."""
    landing = small_company(tmp_path_factory.mktemp("company"))
    landing.load()
    return landing.folder.parent


@pytest.fixture
def loaded(loaded_company: Path, tmp_path: Path) -> Landing:
    """The same, loaded once."""
    shutil.copytree(loaded_company, tmp_path, dirs_exist_ok=True)
    return Landing(tmp_path / "landing", tmp_path / "home")


def small_company(folder: Path) -> Landing:
    landing = Landing(folder / "landing", folder / "home")
    landing.write("pipeline_stages.csv", STAGES)
    landing.write("users.csv", USERS)
    landing.write("opportunities.csv", OPPORTUNITIES)
    return landing


@pytest.fixture
def failure() -> Callable[[BaseException], str]:
    """The text of an error with all its causes, as a run's log would show it."""

    def text(error: BaseException) -> str:
        parts: list[str] = []
        current: BaseException | None = error
        while current:
            parts.append(str(current))
            current = current.__cause__
        return "\n".join(parts)

    return text
