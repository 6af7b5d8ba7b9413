"""The golden companies, from landing files to published marts, with the default limits of the gates."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dbt_project.golden import KEYS, differences
from tests.end_to_end.company import Company


@pytest.mark.parametrize("table", KEYS)
def test_published_table_is_as_expected(golden_case: tuple[Company, Path], table: str) -> None:
    company, expected = golden_case
    with duckdb.connect(str(company.published), read_only=True) as connection:
        assert differences(connection, table, expected / f"{table}.csv") == []


def test_parquet_holds_the_same_rows(golden_case: tuple[Company, Path]) -> None:
    company, _ = golden_case
    for (table,) in company.query("SELECT table_name FROM marts.publication"):
        parquet = company.home / "published" / "parquet" / f"{table}.parquet"
        assert company.query(f"FROM marts.{table} EXCEPT ALL FROM '{parquet}'") == []
        assert company.query(f"FROM '{parquet}' EXCEPT ALL FROM marts.{table}") == []


def test_nothing_is_lost_between_file_and_raw(golden_case: tuple[Company, Path]) -> None:
    company, _ = golden_case
    assert company.raw("SELECT * FROM raw.landing_files WHERE rows_read <> rows_loaded + rows_quarantined") == []
    for entity, loaded, superseded in company.raw(
        "SELECT entity, sum(rows_loaded), sum(rows_superseded) FROM raw.landing_files GROUP BY entity"
    ):
        assert company.raw(f"SELECT count(*) FROM raw.landing__{entity}") == [(loaded - superseded,)]
