"""The page of the marts says what the models say."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.marts_page import page
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "marts.md"


def test_the_page_is_what_the_models_say_now(tmp_path: Path) -> None:
    manifest = json.loads(prepare_manifest(Settings(tmp_path, tmp_path)).read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(manifest), "run `make docs`"


def test_every_published_column_is_described(tmp_path: Path) -> None:
    manifest = json.loads(prepare_manifest(Settings(tmp_path, tmp_path)).read_text(encoding="utf-8"))
    models = [node for node in manifest["nodes"].values() if node["schema"] == "marts" and "columns" in node]
    undescribed = [
        f"{model['name']}.{column['name']}"
        for model in models
        if model["resource_type"] == "model"
        for column in model["columns"].values()
        if not column["description"].strip()
    ]
    assert undescribed == []
