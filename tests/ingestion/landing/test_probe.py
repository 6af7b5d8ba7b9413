"""What `repline doctor` finds of a landing folder."""

from __future__ import annotations

from pathlib import Path

from ingestion.api.options import SourceOptions
from ingestion.findings import Finding
from ingestion.sources import probe


def look(folder: Path, is_complete: bool = True) -> dict[str, Finding]:
    return {each.about: each for each in probe("landing", SourceOptions(place=folder, is_complete=is_complete))}


def test_each_entity_has_a_line_and_so_has_what_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_id\n1\n", encoding="utf-8")  # lacks full_name
    (tmp_path / "oportunities.csv").write_text("opportunity_id\n1\n", encoding="utf-8")
    (tmp_path / "calls").mkdir()
    (tmp_path / "calls" / "may.csv").write_text("call_id,user_id,started_at,direction\n", encoding="utf-8")
    (tmp_path / "README.md").touch()
    found = look(tmp_path)
    assert {about: each.state for about, each in found.items()} == {
        "users": "fault",
        "pipeline_stages": "fault",
        "opportunities": "fault",
        "calls": "ok",
        "oportunities.csv": "warning",
    }
    assert "has no column full_name" in found["users"].text
    assert found["calls"].text.startswith("1 file, ")
    assert "did you mean opportunities.csv?" in found["oportunities.csv"].text


def test_a_folder_that_is_not_there_is_a_fault_where_nothing_else_brings_opportunities(tmp_path: Path) -> None:
    assert look(tmp_path / "nowhere")["folder"].state == "fault"
    assert look(tmp_path / "nowhere", is_complete=False)["folder"].state == "ok"
