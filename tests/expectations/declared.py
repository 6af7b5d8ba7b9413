"""The marts gate as the YAML files of the dbt project declare it, read without dbt."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from expectations.marts import ColumnRule, MartsGate

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"


def marts_gate() -> MartsGate:
    models = _models()
    columns = [
        ColumnRule(model["name"], column["name"], column["data_type"], kind, severity)
        for model in models
        for column in model.get("columns", [])
        for kind, severity in _gate(column).items()
    ]
    facts = [path.stem for path in sorted((MODELS / "marts").rglob("fct_*.sql"))]
    faults = dict.fromkeys(rule for model in models for rule in _gate(model).get("faults", []))
    no_faults = dict.fromkeys(rule for model in models for rule in _gate(model).get("no_faults", []))
    return MartsGate(tuple(facts), tuple(columns), tuple(faults), tuple(no_faults))


def warnings_of(name: str) -> set[str]:
    """The rules that a model of warnings declares, faults or not."""
    [gate] = [_gate(model) for model in _models() if model["name"] == name]
    return {*gate.get("faults", []), *gate.get("no_faults", [])}


@cache
def _models() -> list[dict[str, Any]]:
    return [
        model
        for path in sorted(MODELS.rglob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
    ]


def _gate(declared: dict[str, Any]) -> dict[str, Any]:
    gate: dict[str, Any] = declared.get("config", {}).get("meta", {}).get("gate", {})
    return gate
