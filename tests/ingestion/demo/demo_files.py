"""A demo company's files as DuckDB views and as fingerprints, and what several tests know of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from ingestion.contract import ENTITIES

Query = Callable[[str], list[tuple[Any, ...]]]

# A company of ten deals may have none.
RARE = ("cancellations", "opportunity_splits", "surveys")
# The last change of each opportunity.
CURRENT_HISTORY = """
    SELECT * FROM opportunity_history
    QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY changed_at DESC) = 1
"""


def opened(folder: Path) -> duckdb.DuckDBPyConnection:
    """Each entity as a view of its name, with the types of its files and `filename`."""
    connection = duckdb.connect()
    for entity in ENTITIES:
        source = f"read_csv('{folder}/{entity.name}.csv', filename = true)"
        if (folder / entity.name).is_dir():
            source = f"read_parquet('{folder}/{entity.name}/*.parquet', filename = true)"
        connection.execute(f"CREATE VIEW {entity.name} AS FROM {source}")
    return connection


def fingerprints(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below `folder`, by its relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
