"""What the next load of a landing folder would read."""

from __future__ import annotations

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.sources import plan
from tests.ingestion.landing.conftest import STAGES, Landing


def planned(landing: Landing) -> list[tuple[str, str, str]]:
    options = SourceOptions(place=landing.folder)
    warehouse = landing.home / "warehouse.duckdb"
    connection = duckdb.connect(str(warehouse), read_only=True) if warehouse.exists() else None
    found = [(each.what, each.how, each.detail) for each in plan("landing", options, connection)]
    if connection:
        connection.close()
    return found


def test_files_by_what_became_of_them_since_they_were_loaded(landing: Landing) -> None:
    before = planned(landing)
    assert [(what, how) for what, how, _ in before] == [
        ("users", "new"),
        ("pipeline_stages", "new"),
        ("opportunities", "new"),
    ]
    assert before[0][2] == "1 file, 41 bytes: users.csv"
    assert not landing.home.exists()  # nothing was loaded

    landing.write("calls/may.csv", "call_id,user_id,started_at,direction\n")
    landing.write("calls/june.csv", "call_id,user_id,started_at,direction\n")
    landing.load()
    landing.write("users.csv", (landing.folder / "users.csv").read_bytes())  # written again, the same
    landing.write("opportunities.csv", "opportunity_id,stage,created_at\no9,Won,2025-01-01T00:00:00Z\n")
    landing.write("opportunities/more.csv", "opportunity_id,stage,created_at\no8,Won,2025-01-01T00:00:00Z\n")
    (landing.folder / "calls" / "june.csv").unlink()
    assert planned(landing) == [
        ("users", "unchanged", "1 file, 41 bytes"),
        ("pipeline_stages", "unchanged", f"1 file, {len(STAGES)} bytes"),
        ("opportunities", "new", "1 file, 60 bytes: opportunities/more.csv"),
        ("opportunities", "changed", "1 file, 60 bytes: opportunities.csv"),
        ("calls", "unchanged", "1 file, 37 bytes"),
        ("calls", "gone", "calls/june.csv; their rows stay"),
    ]


def test_rows_of_an_unknown_stage_are_read_again_when_the_stages_change(landing: Landing) -> None:
    landing.write("opportunities.csv", "opportunity_id,stage,created_at\no9,Signed,2025-01-01T00:00:00Z\n")
    landing.load()
    landing.write("pipeline_stages.csv", STAGES + ",Signed,4,true,true\n")
    assert [(what, how) for what, how, _ in planned(landing)] == [
        ("users", "unchanged"),
        ("pipeline_stages", "changed"),
        ("opportunities", "again"),
    ]
