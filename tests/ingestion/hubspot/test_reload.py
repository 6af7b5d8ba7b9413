"""Reading a source anew: what was loaded before is forgotten, and a custom field is filled for all records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.extract import DltSource

from ingestion.api.options import SourceOptions
from ingestion.keys import raw_keys
from ingestion.lake import Lake
from ingestion.sources import load
from tests.ingestion.hubspot.account import Account
from tests.ingestion.hubspot.loads import TOKEN
from tests.ingestion.hubspot.server import HubSpotApi, serve


@pytest.mark.parametrize("is_in_lake", [False, True])
def test_a_custom_field_is_filled_for_all_records_when_the_source_is_read_anew(
    is_in_lake: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account()
    account.create("deals", {"dealname": "Old", "tier": "gold"})
    account.tick(3600)
    account.create("deals", {"dealname": "Newest"})
    warehouse = tmp_path / "warehouse.duckdb"
    lake = Lake(tmp_path / "lake", raw_keys()) if is_in_lake else None

    def tiers(fields: list[str], anew: bool = False) -> list[tuple[str, str | None]]:
        options = SourceOptions(custom_fields={"opportunities": fields})

        def run(pipeline: dlt.Pipeline, source: DltSource, mode: Any) -> None:
            pipeline.drop()
            pipeline.run(source, refresh=mode).raise_on_failed_jobs()

        load("hubspot", options, warehouse, tmp_path / "dlt", run, anew=anew, lake=lake)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            if not fields:
                return []
            return connection.sql("SELECT dealname, tier FROM raw.hubspot__deals ORDER BY 1").fetchall()

    with serve(HubSpotApi(account, TOKEN)) as url:
        monkeypatch.setenv("SOURCES__HUBSPOT__ACCESS_TOKEN", TOKEN)
        monkeypatch.setenv("SOURCES__HUBSPOT__BASE_URL", url)
        tiers([])
        account.tick(3600)
        account.create("deals", {"dealname": "New", "tier": "silver"})
        assert tiers(["tier"]) == [("New", "silver"), ("Newest", None), ("Old", None)]
        assert tiers(["tier"], anew=True) == [("New", "silver"), ("Newest", None), ("Old", "gold")]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        # An empty table is dropped with the others, and has to come again.
        assert connection.sql("SELECT count(*) FROM raw.hubspot__contacts").fetchall() == [(0,)]
