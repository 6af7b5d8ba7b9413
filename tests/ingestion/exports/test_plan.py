"""Which exports the next load would read."""

from __future__ import annotations

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.sources import plan
from tests.ingestion.exports.conftest import DEALS, STAGES, USERS, Exports


def test_a_file_is_read_again_where_its_part_of_the_mapping_changed(exports: Exports) -> None:
    exports.write("mapping.yml", f"entities:{STAGES}{USERS}{DEALS}")
    exports.write("owners.csv", "Id,Owner\n1,Ada\n")
    exports.write("deals.csv", "Deal ID,Stage,Created,Closed\nd1,Won,2025-01-01,2025-02-01\n")
    exports.load()
    closed = DEALS.replace("created_at: Created", "created_at: Created, close_date: Closed")
    exports.write("mapping.yml", f"entities:{STAGES}{USERS}{closed}")
    with duckdb.connect(str(exports.home / "warehouse.duckdb"), read_only=True) as connection:
        found = [(each.what, each.how) for each in plan("exports", SourceOptions(place=exports.folder), connection)]
    assert ("users", "unchanged") in found
    assert ("opportunities", "changed") in found
