"""What `repline doctor` finds of a folder of exports."""

from __future__ import annotations

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.exports.conftest import DEALS, STAGES, USERS, Exports


def test_files_that_the_mapping_names_and_others(exports: Exports) -> None:
    exports.write("mapping.yml", f"entities:{STAGES}{USERS}{DEALS}")
    exports.write("owners.csv", "Id,Owner\n1,Ada\n")
    exports.write("deals.csv", "Deal ID,Stage,Created\nd1,Won,2025-01-01\n")
    exports.write("calls of May.csv", "x\n")
    found = {each.about: each for each in probe("exports", SourceOptions(place=exports.folder))}
    assert {about: each.state for about, each in found.items()} == {
        "pipeline_stages": "ok",
        "users": "ok",
        "opportunities": "ok",
        "calls of May.csv": "warning",
    }
    (exports.folder / "deals.csv").unlink()
    [fault] = probe("exports", SourceOptions(place=exports.folder))
    assert (fault.about, fault.state) == ("mapping.yml", "fault")
    assert "deals.csv" in fault.text
