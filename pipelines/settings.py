"""Where things are and which business settings hold, from the environment and `dbt_project.yml`.

Belongs here: reading `REPLINE_*` and the dbt vars. Does not belong here: defaults of business settings (they
stand in `dbt_project.yml`) and secrets (they are dlt's).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

DBT_PROJECT_DIR = Path(__file__).resolve().parent.parent / "dbt_project"
TARGETS = ("duckdb",)


class SettingsError(ValueError):
    """A setting cannot be used; the message names it and says what it may be."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process.

    `as_of` is None where the moment of the refresh counts. `overrides` are the dbt vars of `REPLINE_VARS`.
    `exports_folder` and `mapping_file` are None where the properties `exports` and `database_mapping` give a default.
    """

    home: Path
    landing: Path
    target: str = "duckdb"
    as_of: datetime | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    exports_folder: Path | None = None
    mapping_file: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `REPLINE_HOME`, `REPLINE_LANDING`, `REPLINE_EXPORTS`, `REPLINE_DATABASE_MAPPING`, `REPLINE_AS_OF`,
        `REPLINE_TARGET` and `REPLINE_VARS`.

        Raises SettingsError where a value cannot be read.
        """
        home = Path(environ.get("REPLINE_HOME") or "data").expanduser().resolve()
        landing = Path(environ.get("REPLINE_LANDING") or home / "landing").expanduser().resolve()
        exports = environ.get("REPLINE_EXPORTS")
        mapping = environ.get("REPLINE_DATABASE_MAPPING")
        target = environ.get("REPLINE_TARGET") or "duckdb"
        if target not in TARGETS:
            raise SettingsError(f"REPLINE_TARGET is {target!r}; it may be: {', '.join(TARGETS)}")
        overrides = _json_object("REPLINE_VARS", environ.get("REPLINE_VARS") or "{}")
        unknown = sorted(set(overrides) - set(default_vars()))
        if unknown:
            raise SettingsError(
                f"REPLINE_VARS names the unknown setting {unknown[0]!r}; known are: "
                + ", ".join(sorted(default_vars()))
            )
        as_of_text = environ.get("REPLINE_AS_OF") or overrides.pop("as_of", None)
        as_of = _moment("REPLINE_AS_OF", str(as_of_text)) if as_of_text else None
        return cls(
            home,
            landing,
            target,
            as_of,
            overrides,
            exports_folder=Path(exports).expanduser().resolve() if exports else None,
            mapping_file=Path(mapping).expanduser().resolve() if mapping else None,
        )

    def make_home(self) -> None:
        """Make the data home where it is absent, for its owner alone: it holds what the sources know of people."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def exports(self) -> Path:
        """The folder of the exports, with their mapping."""
        return self.exports_folder or self.home / "exports"

    @property
    def database_mapping(self) -> Path:
        """The file that maps a database's tables onto the landing contract."""
        return self.mapping_file or self.home / "database.yml"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def dlt_home(self) -> Path:
        return self.home / "dlt"

    @property
    def data_docs(self) -> Path:
        return self.home / "data_docs"

    @property
    def refresh_lock(self) -> Path:
        return self.home / "refresh.lock"

    def dbt_vars(self, now: datetime) -> dict[str, Any]:
        """The vars of one build: the defaults, the overrides, and as_of as an ISO 8601 UTC timestamp.

        An override of a mapping, such as `freshness_limit_hours`, changes the keys that it names; null takes a
        key away.
        """
        defaults = default_vars()
        overrides = dict(self.overrides)
        for name, value in self.overrides.items():
            if isinstance(value, dict) and isinstance(defaults.get(name), dict):
                merged = {**defaults[name], **value}
                overrides[name] = {key: kept for key, kept in merged.items() if kept is not None}
        as_of = (self.as_of or now).astimezone(UTC)
        text = as_of.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {**defaults, **overrides, "as_of": text}


def default_vars() -> dict[str, Any]:
    """The business settings with their defaults, as `dbt_project.yml` gives them."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(project["vars"])


def _json_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f'{name} is not JSON ({error}); write for example {{"base_currency": "EUR"}}') from None
    if not isinstance(value, dict):
        raise SettingsError(f'{name} must be a JSON object, for example {{"base_currency": "EUR"}}')
    return value


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}, not an ISO 8601 moment such as 2025-04-30T23:59:59Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
