"""Where loads go: into the lake where Spark builds, and never else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingestion.api.options import SourceOptions
from ingestion.lake import Lake
from pipelines.assets import raw
from tests.pipelines.small_warehouse import make_settings


@pytest.mark.parametrize("target", ["duckdb", "spark"])
def test_a_home_that_came_back_to_duckdb_loads_into_its_warehouse(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[tuple[Any, ...]] = []
    monkeypatch.setattr(raw.ingestion_sources, "load", lambda *arguments: loads.append(arguments))
    settings = replace(make_settings(tmp_path), target=target)
    lake = Lake(tmp_path / "lake", {})
    raw._load(settings, SourceOptions(), [dg.AssetSpec(["raw", "landing__users"])], lambda *_: None, (), lake)
    assert [arguments[-1] for arguments in loads] == [lake if target == "spark" else None]
