"""dlt's folder beside the warehouse: a copy of what the warehouse holds, which is made again where it is damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import dlt
import duckdb
import pytest

from ingestion.landing.source import landing_pipeline, landing_source
from ingestion.warehouse import MERGE_DEDUPLICATING, raw_pipeline
from tests.ingestion.old_home import LOADED_ROWS, make_old_home


def garble(file: Path) -> None:
    file.write_bytes(b"\xa7" * 500)


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("damage", [garble, cut])
@pytest.mark.parametrize("file", ["state.json", "schemas/landing.schema.json"])
def test_a_damaged_folder_of_dlt_is_made_again(tmp_path: Path, file: str, damage: Callable[[Path], None]) -> None:
    make_old_home(tmp_path / "home")
    warehouse, dlt_home = tmp_path / "home" / "warehouse.duckdb", tmp_path / "home" / "dlt"
    landing_pipeline(warehouse, dlt_home).sync_destination()
    damage(dlt_home / "repline_landing" / file)
    pipeline = landing_pipeline(warehouse, dlt_home)
    pipeline.run(landing_source(tmp_path / "home" / "landing")).raise_on_failed_jobs()
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for entity, count in LOADED_ROWS.items():
            assert connection.execute(f"SELECT count(*) FROM raw.landing__{entity}").fetchall() == [(count,)]
        # Nothing was read once more.
        assert connection.execute("SELECT count(*) FROM raw.landing_files").fetchall() == [(4,)]


def test_a_merge_leaves_no_second_copy_of_its_rows(tmp_path: Path) -> None:
    pipeline = raw_pipeline("crm", tmp_path / "warehouse.duckdb", tmp_path / "dlt")
    deals = dlt.resource([{"id": 1}, {"id": 2}], name="deals", primary_key="id", write_disposition=MERGE_DEDUPLICATING)
    pipeline.run(deals).raise_on_failed_jobs()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.deals").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM raw_staging.deals").fetchall() == [(0,)]
