"""A company in a PostgreSQL database with its mapping and its warehouse, for the tests of the database source."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from ingestion.api.options import Slice
from ingestion.database import database_source
from ingestion.warehouse import raw_pipeline
from tests.ingestion.database.server import PASSWORD, USER, PostgresServer
from tests.ingestion.loading import run

TABLES = """
CREATE SCHEMA "CRM";
CREATE TABLE "CRM"."User" (id int PRIMARY KEY, "Full Name" text, changed timestamptz DEFAULT now());
CREATE TABLE stages (name text, rank int, won bool);
CREATE TABLE deals (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number text UNIQUE, stage text, owner int, amount numeric(12, 2),
    made_at timestamp, close_on date, changed timestamptz, deleted_at timestamptz, score double precision, tags jsonb
);
INSERT INTO "CRM"."User" VALUES (1, 'Ada', '2025-01-01Z'), (2, 'Zoë', '2025-01-02Z');
INSERT INTO stages VALUES ('Qualify', 1, NULL), ('Won', 2, true), ('Lost', 3, false);
INSERT INTO deals (number, stage, owner, amount, made_at, close_on, changed, score, tags)
SELECT 'D' || n, CASE n % 2 WHEN 0 THEN 'Won' ELSE 'Qualify' END, n % 2 + 1, n * 1.25,
       TIMESTAMP '2025-07-01 10:00' + n * INTERVAL '1 minute', DATE '2025-08-01',
       TIMESTAMPTZ '2025-07-01 12:00Z' + n * INTERVAL '1 hour', n, '{"a": 1}'
FROM generate_series(1, 10) AS n;
"""

MAPPING = """
entities:
  users:
    table: CRM.User
    cursor: changed
    columns: {user_id: id, full_name: Full Name, updated_at: changed}
  pipeline_stages:
    table: stages
    columns:
      stage: name
      position: rank
      is_closed: {column: won, true: ['*'], false: ['']}
      is_won: {column: won, true: 'true', false: ['false', '']}
  opportunities:
    table: public.deals
    cursor: changed
    overlap_seconds: 60
    columns:
      opportunity_id: number
      owner_id: owner
      stage: stage
      amount: amount
      created_at: {column: made_at, timezone: Europe/Amsterdam}
      close_date: close_on
      updated_at: changed
      is_deleted: {column: deleted_at, true: ['*'], false: ['']}
    keep: [score, tags, id]
"""


@dataclass
class CrmDatabase:
    """A database, the mapping of its tables, and the home of a warehouse."""

    server: PostgresServer
    name: str
    mapping: Path
    home: Path
    slices: list[Slice] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.server.port}/{self.name}"

    def execute(self, sql: str) -> None:
        with self.server.connect(self.name) as connection:
            connection.execute(sql.encode())

    def load(self, rows: int = 1_000_000, required: bool = True, anew: bool = False) -> int:
        """One load, of one slice; returns how many load packages reached the warehouse."""
        pipeline = raw_pipeline("database", self.home / "warehouse.duckdb", self.home / "dlt")
        # As the orchestrator does: nothing but the warehouse remembers what was loaded.
        pipeline.drop()
        self.slices.append(Slice(rows))
        source = database_source(self.mapping, required, self.slices[-1], anew=anew)
        info = run(pipeline, self.home / "warehouse.duckdb", source)
        info.raise_on_failed_jobs()
        return len(info.loads_ids)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def account(self) -> list[tuple[Any, ...]]:
        """What the last notes say of each table: rows read, loaded, quarantined."""
        return self.rows(
            "SELECT file, rows_read, rows_loaded, rows_quarantined FROM raw.landing_files WHERE rows_read > 0 QUALIFY "
            "row_number() OVER (PARTITION BY source, entity, file ORDER BY loaded_at DESC) = 1 ORDER BY file"
        )

    def quarantined(self) -> list[tuple[Any, ...]]:
        """The rows that the last notes of each table name."""
        return self.rows(
            """
            WITH now AS (
                SELECT source, file, file_hash FROM raw.landing_files
                QUALIFY row_number() OVER (PARTITION BY source, entity, file ORDER BY loaded_at DESC) = 1
            )
            SELECT file, line, record_key, column_name, value, reason
            FROM raw.quarantine JOIN now USING (source, file, file_hash) ORDER BY ALL
            """
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def crm(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CrmDatabase:
    """A database with a small sound company."""
    crm = make_database(postgres, tmp_path)
    crm.execute(TABLES)
    monkeypatch.setenv("SOURCES__DATABASE__CREDENTIALS", crm.url)
    return crm


@pytest.fixture(scope="session")
def loaded_crm(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> CrmDatabase:
    """The same company, and the warehouse into which it was loaded. Only to be copied."""
    crm = make_database(postgres, tmp_path_factory.mktemp("crm"))
    crm.execute(TABLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCES__DATABASE__CREDENTIALS", crm.url)
        crm.load()
    return crm


@pytest.fixture
def loaded(loaded_crm: CrmDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CrmDatabase:
    """The same, loaded once."""
    crm = make_database(loaded_crm.server, tmp_path, f"TEMPLATE {loaded_crm.name}")
    shutil.copytree(loaded_crm.home, crm.home)
    monkeypatch.setenv("SOURCES__DATABASE__CREDENTIALS", crm.url)
    return crm


def make_database(server: PostgresServer, folder: Path, made_of: str = "") -> CrmDatabase:
    crm = CrmDatabase(server, f"crm_{uuid.uuid4().hex}", folder / "mapping.yml", folder / "home")
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {crm.name} {made_of}".encode())
    crm.mapping.write_text(MAPPING)
    return crm


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
