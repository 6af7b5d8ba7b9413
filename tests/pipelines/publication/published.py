"""The published files of a small warehouse, as tools read them.

Belongs here: publishing, reading and damaging them. Does not belong here: what a test expects.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from ingestion.text import literal
from pipelines.publication.publish import publish
from pipelines.settings import Settings
from tests.pipelines.small_warehouse import AS_OF, warehouse


def read(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What a BI tool gets from the published file. Tables are named `marts.<table>` and no more."""
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def content(settings: Settings) -> set[str]:
    return {path.relative_to(settings.published).as_posix() for path in settings.published.rglob("*")}


def publish_many(settings: Settings, count: int) -> None:
    for number in range(count):
        publish(settings, AS_OF, f"inputs {number}")


def change_value(path: Path) -> None:
    """Change a value in each row of a Parquet file."""
    _rewrite(path, f"SELECT * REPLACE (call_id || '!' AS call_id) FROM {literal(path)}")


def lose_row(path: Path) -> None:
    """Keep two rows of a Parquet file."""
    _rewrite(path, f"FROM {literal(path)} LIMIT 2")


def _rewrite(path: Path, query: str) -> None:
    new = path.with_suffix(".new")
    duckdb.sql(f"COPY ({query}) TO {literal(new)} (FORMAT parquet)")
    new.replace(path)


def grow(settings: Settings, number: int) -> None:
    """Make fct_call a mart of `number` times 50,000 rows, with the number in each."""
    with warehouse(settings) as connection:
        connection.execute(
            "CREATE OR REPLACE TABLE marts.fct_call AS"
            f" SELECT {number} AS version, 'call ' || hash(i) AS call_id"
            f" FROM range({number * 50_000}) AS calls (i)"
        )
