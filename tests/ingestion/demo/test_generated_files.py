"""The demo company's files: as many as asked for, repeated with the seed, and in a folder of their own.

Does not belong here: what stands in them (`test_contract`, `test_records`), or the next day's files (`test_next_day`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.demo import DemoError, change, generate
from tests.ingestion.demo.demo_files import RARE, Query, fingerprints, opened

LARGE = (
    "opportunities",
    "opportunity_history",
    "leads",
    "calls",
    "meetings",
    "opportunity_splits",
    "cancellations",
    "call_turns",
    "call_scores",
    "touches",
    "lead_fit",
    "invoices",
    "surveys",
)
# Decided on, not drawn.
FIXED = (
    "pipeline_stages",
    "territories",
    "holidays",
    "comp_plans",
    "comp_tiers",
    "spiffs",
    "trackers",
    "courses",
)


def test_it_has_the_scale_asked_for(query: Query, scale: int) -> None:
    assert query("SELECT count(*) FROM calls") == [(scale,)]
    assert query("SELECT count(*) FROM opportunities") == [(scale // 10,)]
    ((per_deal,),) = query("SELECT count(*) / (SELECT count(*) FROM opportunities) FROM opportunity_history")
    assert 3.5 < per_deal < 6


def test_large_entities_are_parquet_and_small_ones_csv(folder: Path) -> None:
    assert all((folder / name / "part-0001.parquet").is_file() for name in LARGE)
    assert (folder / "users.csv").is_file()


def test_the_files_do_not_depend_on_the_threads(folder: Path, scale: int, tmp_path: Path) -> None:
    generate(tmp_path, calls=scale, threads=1)
    assert fingerprints(tmp_path) == fingerprints(folder)


def test_another_seed_makes_another_company(folder: Path, scale: int, tmp_path: Path) -> None:
    generate(tmp_path, calls=scale, seed=8)
    same = {"README.md"} | {f"{entity}.csv" for entity in FIXED}
    if scale == 100:
        same |= {f"{entity}/part-0001.parquet" for entity in RARE}
    ours, theirs = fingerprints(folder), fingerprints(tmp_path)
    assert ours.keys() == theirs.keys()
    assert {path for path in ours if ours[path] == theirs[path]} <= same


def test_several_files_an_entity_are_one_company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(tmp_path / "one", calls=3_000)
    monkeypatch.setattr("ingestion.demo.generator.DEALS_PER_FILE", 70)
    generate(tmp_path / "many", calls=3_000)
    assert len(list((tmp_path / "many" / "calls").iterdir())) == 5
    with opened(tmp_path / "one") as one, opened(tmp_path / "many") as many:
        for entity, key in {
            "opportunities": "opportunity_id",
            "calls": "call_id",
            "leads": "lead_id",
        }.items():
            counts = f"SELECT count(*), count(DISTINCT {key}) FROM {entity}"
            assert many.execute(counts).fetchone() == one.execute(counts).fetchone()
        for entity in (
            "opportunity_history",
            "opportunities",
            "quotas",
            "invoices",
            "cancellations",
            "forecast_submissions",
        ):
            rows = f"SELECT * EXCLUDE (filename) FROM {entity} ORDER BY ALL"
            assert many.execute(rows).fetchall() == one.execute(rows).fetchall()


def test_only_an_own_folder_is_written_over(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "calls.csv").write_text("call_id\n")
    with pytest.raises(DemoError, match="not the demo company's"):
        generate(own, calls=100)
    assert [path.name for path in own.iterdir()] == ["calls.csv"]
    with pytest.raises(DemoError, match="holds no demo company"):
        change(own)

    generate(tmp_path / "demo", calls=300)
    change(tmp_path / "demo")
    generate(tmp_path / "demo", calls=100)
    generate(tmp_path / "fresh", calls=100)
    assert fingerprints(tmp_path / "demo") == fingerprints(tmp_path / "fresh")


@pytest.mark.parametrize("calls", [0, 99, 10_000_001])
def test_a_scale_out_of_range_is_refused(calls: int, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="100 to 10000000 calls"):
        generate(tmp_path, calls=calls)
