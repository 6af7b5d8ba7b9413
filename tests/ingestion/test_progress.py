"""Long loads say how far they are: rows, and how many a second."""

from __future__ import annotations

from pathlib import Path

from ingestion.aircall.tables import CALLS
from ingestion.api.options import SourceOptions
from ingestion.landing import landing_pipeline, source
from ingestion.text import rows_and_rate
from tests.ingestion.landing.conftest import OPPORTUNITIES, STAGES, USERS
from tests.ingestion.loading import run


def test_a_rate_is_told_once_it_means_something() -> None:
    assert rows_and_rate(12_000, 3) == "12,000 rows, 4,000 a second"
    assert rows_and_rate(12_000, 0.01) == "12,000 rows"


def test_each_entity_of_files_is_told_with_its_rows(tmp_path: Path) -> None:
    for name, text in (("users", USERS), ("pipeline_stages", STAGES), ("opportunities", OPPORTUNITIES)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    said: list[str] = []
    pipeline = landing_pipeline(tmp_path / "home" / "warehouse.duckdb", tmp_path / "home" / "dlt")
    run(pipeline, tmp_path / "home" / "warehouse.duckdb", source(SourceOptions(place=tmp_path, progress=said.append)))
    # A busy machine may take so long that a rate follows.
    assert [line.split(",")[0] for line in said if ": 0 rows" not in line] == [
        "landing__users: 2 rows",
        "landing__pipeline_stages: 3 rows",
        "landing__opportunities: 2 rows",
    ]


def test_an_api_is_told_with_the_rows_of_the_table_and_of_all(tmp_path: Path) -> None:
    said: list[str] = []
    options = SourceOptions(progress=said.append, began=-1e9)
    options.requests["Aircall"] = 3
    options.count(CALLS, 1_200)
    assert said == ["aircall__calls: 1,200 new rows; in all 1,200 rows, 0 a second; 3 requests to Aircall"]
