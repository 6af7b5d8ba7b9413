"""Small warehouses made by hand, in the shape that loading and dbt leave behind.

Belongs here: tables and rows that hold. Does not belong here: what is broken about them (the tests).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from great_expectations.checkpoint import UpdateDataDocsAction
from great_expectations.data_context.store import ValidationResultsStore

from ingestion.contract import ENTITIES
from pipelines.settings import default_vars
from tests.shortcuts import quicken_gates

AS_OF = "2025-03-31T18:00:00.000000Z"

ROWS = """
INSERT INTO raw.landing__users (user_id, full_name, hired_on) VALUES
    ('u1', 'Ada', '2024-01-01'), ('u2', 'Ben', '2024-06-01');
INSERT INTO raw.landing__pipeline_stages (pipeline, stage, position, is_closed, is_won) VALUES
    ('default', 'open', 1, false, false), ('default', 'won', 2, true, true);
INSERT INTO raw.landing__opportunities
    (opportunity_id, owner_id, pipeline, stage, amount, created_at, close_date, updated_at) VALUES
    ('o1', 'u1', 'default', 'open', 100, '2025-03-01 09:00:00', '2025-06-30', '2025-03-31 10:00:00'),
    ('o2', 'u2', 'default', 'won', 200, '2025-01-05 09:00:00', '2025-02-10', '2025-02-10 10:00:00');
INSERT INTO raw.landing__opportunity_history (opportunity_id, changed_at, stage, amount, close_date) VALUES
    ('o1', '2025-03-31 10:00:00', 'open', 100, '2025-06-30'),
    ('o2', '2025-02-10 10:00:00', 'won', 200, '2025-02-10');
INSERT INTO raw.landing__calls
    (call_id, user_id, started_at, duration_seconds, direction, disposition, opportunity_id) VALUES
    ('c1', 'u1', '2025-03-31 09:00:00', 60, 'outbound', 'connected', 'o1'),
    ('c2', 'u2', '2025-03-30 09:00:00', 0, 'outbound', 'no_answer', NULL);
INSERT INTO raw.landing__quotas (quota_id, user_id, metric, period_start, period_end, amount) VALUES
    ('q1', 'u1', 'bookings', '2025-01-01', '2025-12-31', 1000);
"""
FILES = """
INSERT INTO raw.landing_files
SELECT 'landing', entity, entity || '.csv', 'hash1', TIMESTAMP '2025-03-31 17:00:00', 100, n, n, 0, 0
FROM (VALUES ('users', 2), ('pipeline_stages', 2), ('opportunities', 2), ('opportunity_history', 2),
    ('calls', 2), ('quotas', 1)) AS files(entity, n)
"""

Change = Callable[[str], None]


@pytest.fixture(scope="session", autouse=True)
def quick_gates() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        quicken_gates(patch)
        yield


def raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The raw schema as loading leaves it, without a row."""
    connection.execute("CREATE SCHEMA raw")
    for entity in ENTITIES:
        columns = ", ".join(f'"{column.name}" {column.type.value}' for column in entity.columns)
        connection.execute(f"CREATE TABLE raw.landing__{entity.name} ({columns}, _file VARCHAR)")
    connection.execute(
        "CREATE TABLE raw.landing_files (source VARCHAR, entity VARCHAR, file VARCHAR, file_hash VARCHAR,"
        " loaded_at TIMESTAMP, size_bytes BIGINT, rows_read BIGINT, rows_loaded BIGINT,"
        " rows_superseded BIGINT, rows_quarantined BIGINT)"
    )
    connection.execute(
        "CREATE TABLE raw.quarantine (source VARCHAR, entity VARCHAR, file VARCHAR, file_hash VARCHAR, line BIGINT,"
        " record_key VARCHAR, column_name VARCHAR, value VARCHAR, reason VARCHAR, quarantined_at TIMESTAMP)"
    )


@pytest.fixture
def empty_warehouse(tmp_path: Path) -> Path:
    """Raw tables without any row."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        raw_tables(connection)
    return warehouse


@pytest.fixture(scope="session")
def small_company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw tables of a small company in which nothing is to be found fault with. Only to be copied."""
    warehouse = tmp_path_factory.mktemp("company") / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        raw_tables(connection)
        connection.execute(ROWS)
        connection.execute(FILES)
    return warehouse


@pytest.fixture
def warehouse(small_company: Path, tmp_path: Path) -> Path:
    """The warehouse of the small company, for one test."""
    return Path(shutil.copy(small_company, tmp_path))


@pytest.fixture
def change(warehouse: Path) -> Change:
    """Run SQL on the warehouse."""

    def run(sql: str) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(sql)

    return run


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate keeps nothing for its pages, half of its time, for tests that look at its results alone."""
    monkeypatch.setattr(UpdateDataDocsAction, "run", lambda *_, **__: {})
    monkeypatch.setattr(ValidationResultsStore, "store_validation_results", lambda *_, **__: None)


@pytest.fixture
def variables() -> dict[str, Any]:
    """The settings with their defaults, at a moment shortly after the last event."""
    return {**default_vars(), "as_of": AS_OF}
