"""The settings of one process, read once: from the environment, from a settings file, and from the defaults.

Belongs here: where a value comes from, and which one wins. Does not belong here: what a setting may be
(`pipelines.business_settings`), and secrets (they are dlt's, those of alarms `pipelines.alarms.senders`').
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.agent_settings import AgentSettings
from pipelines.alarm_settings import AlarmSettings
from pipelines.business_settings import BusinessSettings, Places

DBT_PROJECT_DIR = Path(__file__).resolve().parent.parent / "dbt_project"
# dlt takes a % in its folder for a placeholder; dbt and SQLAlchemy a ? or # for the end of a path.
_MISREAD = {"%", "?", "#"}
SETTINGS_FILE = "repline.yml"
SPARK = "spark"
_VARS = "REPLINE_VARS"
_EXAMPLE = 'write for example {"base_currency": "EUR"}'


class SettingsError(ValueError):
    """A setting cannot be used; the message names it and says what it may be, one line per setting."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process.

    `as_of` is None where the moment of the refresh counts. `overrides` are the business settings that are not the
    defaults. `exports_folder` and `mapping_file` are None where the properties `exports` and `database_mapping` give a
    default. `alarms` and `agents` change nothing of what is computed. `spark_endpoint` is None where Spark runs on this
    machine, `copy_to` where the marts are not copied. `file` is the settings file that was read, if any.
    """

    home: Path
    landing: Path
    target: str = "duckdb"
    as_of: datetime | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    exports_folder: Path | None = None
    mapping_file: Path | None = None
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    agents: AgentSettings = field(default_factory=AgentSettings)
    file: Path | None = None
    spark_endpoint: str | None = None
    lake_place: str | None = None
    copy_to: str | None = None
    copy_schema: str = "marts"
    copy_reader: str | None = None
    pages: bool = True

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Settings:
        """Read `REPLINE_HOME`, the settings file, and what wins over it: `REPLINE_VARS`, and `REPLINE_<NAME>` for
        the as-of and each of `Places`. `folder` is where Repline is started, by default the working folder.

        Raises SettingsError where a value cannot be used.
        """
        started_in = (folder or Path.cwd()).resolve()
        home = (started_in / Path(environ.get("REPLINE_HOME") or "data").expanduser()).resolve()
        if _MISREAD & set(str(home)):
            raise SettingsError(
                f"REPLINE_HOME is {str(home)!r}; the libraries that write there misread a %, ? or # in a path, so use "
                "another folder"
            )
        file = _settings_file(home, started_in)
        written = _read_file(file) if file else {}
        given = _json_object(_VARS, environ.get(_VARS) or "{}")
        free = {**BusinessSettings.model_fields, **AlarmSettings.model_fields, **AgentSettings.model_fields}
        _refuse_unknown(str(file), written, {**Places.model_fields, **free})
        _refuse_unknown(_VARS, given, free)

        variables = {name: f"REPLINE_{name.upper()}" for name in (*Places.model_fields, "as_of")}
        set_alone = {name: environ[variable] for name, variable in variables.items() if environ.get(variable)}
        values = {**merged(written, given), **set_alone}
        names = {
            **{name: f"{file}: {name}" for name in written},
            **{name: f"{_VARS}: {name}" for name in given},
            **{name: variables[name] for name in set_alone},
        }

        def of(model: type[BaseModel]) -> dict[str, Any]:
            return {name: value for name, value in values.items() if name in model.model_fields}

        places = _validated(Places, of(Places), names)
        alarms = _validated(AlarmSettings, of(AlarmSettings), names)
        agents = _validated(AgentSettings, of(AgentSettings), names)
        overrides = of(BusinessSettings)
        business = _validated(BusinessSettings, overrides, names)
        overrides.pop("as_of", None)

        def path(name: str) -> Path | None:
            """Of the settings file a path counts from its folder, else from the working folder."""
            text: str | None = getattr(places, name)
            base = file.parent if file and name not in set_alone else started_in
            return (base / Path(text).expanduser()).resolve() if text else None

        return cls(
            home,
            path("landing") or home / "landing",
            places.target,
            business.as_of,
            overrides,
            exports_folder=path("exports"),
            mapping_file=path("database_mapping"),
            alarms=alarms,
            agents=agents,
            file=file,
            spark_endpoint=places.spark_endpoint,
            lake_place=places.lake if places.lake and "://" in places.lake else str(path("lake") or "") or None,
            copy_to=places.copy_to,
            copy_schema=places.copy_schema,
            copy_reader=places.copy_reader,
            pages=places.pages,
        )

    def with_copy(self, to: str | None, schema: str | None, reader: str | None) -> Settings:
        """These settings with those of the copy that are given. Raises SettingsError naming them as options."""
        given = {
            "copy_to": to or self.copy_to,
            "copy_schema": schema or self.copy_schema,
            "copy_reader": reader or self.copy_reader,
        }
        places = _validated(Places, given, {name: f"--{name.removeprefix('copy_')}" for name in given})
        return replace(self, copy_to=places.copy_to, copy_schema=places.copy_schema, copy_reader=places.copy_reader)

    def with_agents(self, rep: str | None) -> Settings:
        """These settings with the rep that agents are bound to, where one is given. Raises SettingsError."""
        given = {**self.agents.model_dump(), "agent_rep": rep or self.agents.agent_rep}
        return replace(self, agents=_validated(AgentSettings, given, {"agent_rep": "--rep"}))

    def make_home(self) -> None:
        """Make the data home where it is absent, for its owner alone: it holds what the sources know of people."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    @cached_property
    def business(self) -> BusinessSettings:
        """The business settings: the defaults with the overrides. Raises SettingsError."""
        return _validated(BusinessSettings, self.overrides, {})

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
    def lake(self) -> str:
        """The folder or bucket of the tables that Spark reads and writes: a path, or a URL."""
        return self.lake_place or str((self.home / "lake").resolve())

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
        """The vars of one build: the business settings, with as_of as an ISO 8601 UTC timestamp."""
        as_of = (self.as_of or now).astimezone(UTC)
        text = as_of.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {**self.business.model_dump(), "as_of": text}


def default_vars() -> dict[str, Any]:
    """The business settings with their defaults, as `dbt_project.yml` has them."""
    return BusinessSettings().model_dump()


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of both, where those `above` win. Of a mapping, such as `freshness_limit_hours`, key by key."""
    both = {**below, **above}
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(name), dict):
            both[name] = {**below[name], **value}
    return both


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(model: type[_Model], values: Mapping[str, Any], names: Mapping[str, str]) -> _Model:
    """The defaults with the values. In a mapping, null takes a key away.

    Raises SettingsError with a line for each value that cannot be used; `names` is what the lines call them.
    """
    complete = merged(model().model_dump(include={*values}), values)
    for name, value in complete.items():
        if isinstance(value, dict):
            complete[name] = {key: kept for key, kept in value.items() if kept is not None}
    try:
        return model.model_validate(complete)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(dict(each), names) for each in error.errors())) from None


def _line(error: dict[str, Any], names: Mapping[str, str]) -> str:
    # What spans settings has no place of its own.
    first, *keys = map(str, error["loc"] or [""])
    name = ".".join([names.get(first, first), *keys])
    if error["type"] == "value_error":
        return f"{name} {error['ctx']['error']}".strip()
    return f"{name} is {error['input']!r}; it {error['msg'].removeprefix('Input ')}"


def _settings_file(home: Path, started_in: Path) -> Path | None:
    """The settings file in the data home or where Repline is started. Raises SettingsError for two."""
    found = [file for file in dict.fromkeys((home / SETTINGS_FILE, started_in / SETTINGS_FILE)) if file.is_file()]
    if len(found) > 1:
        raise SettingsError(f"there are two settings files, {found[0]} and {found[1]}; keep one of them")
    return found[0] if found else None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML takes the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands here twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read_file(file: Path) -> dict[str, Any]:
    try:
        # Not yaml.load: this loader is a safe one, with one check more.
        loader = _Loader(file.read_text(encoding="utf-8-sig"))
        document = loader.get_single_data()
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{file}{line}: this is not YAML that can be read ({error.problem})") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{file}: this is not YAML that can be read ({str(error).splitlines()[0]})") from None
    if document is None:  # All of it is commented out.
        return {}
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise SettingsError(f"{file} has to name settings and their values, such as `base_currency: EUR`")
    return document


def _refuse_unknown(origin: str, names: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    lines = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are: {', '.join(sorted(known))}"
            lines.append(f"{origin} names the unknown setting {name!r}; {hint}")
    if lines:
        raise SettingsError("\n".join(lines))


def _json_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{name} is not JSON ({error}); {_EXAMPLE}") from None
    if not isinstance(value, dict):
        raise SettingsError(f"{name} must be a JSON object; {_EXAMPLE}")
    return value
