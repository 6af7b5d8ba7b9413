"""What a refresh takes seconds for and no test looks at: cheaper for the data homes of the tests.

Belongs here: work of the libraries that comes out the same each time. Does not belong here: work of Repline's own, or
what a test could tell from the real thing.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sqlite3
import sys
import threading
from functools import cache, partial, wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

# Not in the dbt project: a test sees that nothing is written there, while others run.
PARSED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "dbt_parsed"
# Beside the former: a refresh removes from among the parsed states what is none of the present project's.
BUILDS = PARSED.with_name("dbt_builds")
TEMPLATES = PARSED.with_name("dbt_templates")
_SQLITE_STORAGES = ("event_log.sqlite.sqlite_event_log", "runs.sqlite.sqlite_run_storage")


def share_parsed_states(patch: pytest.MonkeyPatch) -> None:
    """dbt's parsed states are in one place: to make its own takes a new data home seconds."""
    patch.setattr("pipelines.runs.dbt_runs.parsed_dir", lambda _: PARSED)


def keep_engines(patch: pytest.MonkeyPatch) -> None:
    """Dagster makes an engine for each record that it reads or writes: 2,700 in a refresh, 1 ms each.

    The engines pool no connections, so files are opened and closed as before.
    """
    from dagster._core.storage.sql import create_engine

    @cache
    def kept(url: str, pool: type) -> Any:
        return create_engine(url, poolclass=pool, connect_args={"timeout": 30})

    def engine(url: str, poolclass: type, **_: Any) -> Any:
        return kept(url, poolclass)

    for storage in _SQLITE_STORAGES:
        patch.setattr(f"dagster._core.storage.{storage}.create_engine", engine)


@cache
def never_wait_for_the_disk() -> None:
    """SQLite, in which Dagster records a run, leaves writing to the system; to wait takes a third of a refresh.

    That lasts as long as the process. Only a machine that loses its power could tell the difference.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from pipelines.runs.instance import spare_disk_syncs

    spare_disk_syncs()  # once only, so that what is set here stays

    @event.listens_for(Engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")


def quicken_dbt(patch: pytest.MonkeyPatch) -> None:
    """dbt compiles all templates in each build, and puts all macros together twice for each model and test.

    That comes out the same each time: the code of a template is kept for all builds, and of 750 macros each is looked
    up once instead of in five dictionaries in turn. It takes a fifth of a small build's time. That the YAML has the
    shape that dbt wants takes a quarter of parsing, and the linters find it out too.
    """
    import jinja2
    from dbt.context.macros import MacroNamespace
    from dbt_common.dataclass_schema import dbtClassMixin
    from dbt_common.events.base_types import DebugLevel
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    from pipelines.runs.dbt_events import LoudEventManager

    # What nobody hears needs no message.
    ctx_set_event_manager(LoudEventManager())
    patch.setattr(DebugLevel, "__init__", lambda *_, **__: None, raising=False)
    patch.setattr(jinja2.Environment, "compile", _compiler(jinja2.Environment.compile))
    patch.setattr(dbtClassMixin, "validate", classmethod(lambda *_: None))

    def found(self: Any) -> Any:
        # The other way round: what dbt finds first comes last.
        if "found" not in vars(self):
            searched: list[Any] = [*self._search_order()]
            vars(self)["found"] = {name: each[name] for each in reversed(searched) for name in each}
        return vars(self)["found"]

    patch.setattr(MacroNamespace, "__getitem__", lambda self, name: found(self)[name])
    patch.setattr(MacroNamespace, "_keys", lambda self: found(self).keys())


def _compiler(compiled: Any) -> Any:
    def from_cache(self: Any, source: Any, name: Any = None, filename: Any = None, *args: Any) -> Any:
        if type(self).__module__ != "dbt_common.clients.jinja" or not isinstance(source, str) or name or filename:
            return compiled(self, source, name, filename, *args)
        key = hashlib.sha256(f"{sys.version} {type(self).__name__} {args} {source}".encode()).hexdigest()
        kept = TEMPLATES / key
        if not kept.exists():
            made = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_bytes(marshal.dumps(compiled(self, source, name, filename, *args)))
            made.replace(kept)
        return marshal.loads(kept.read_bytes())

    return from_cache


def remember_types(patch: pytest.MonkeyPatch) -> None:
    """dlt finds out anew what its types are made of: 50,000 times in a load, a third of its time."""
    from dlt.common import validation
    from dlt.common.configuration.specs.base_configuration import is_secret_hint

    get_type_hints = validation.get_type_hints
    is_secret = cache(is_secret_hint)
    for module in ("resolve", "providers.environ", "specs.base_configuration"):
        patch.setattr(f"dlt.common.configuration.{module}.is_secret_hint", is_secret)
    known: dict[type, dict[str, Any]] = {}

    def hints(spec: type, globalns: dict[str, Any] | None) -> dict[str, Any]:
        if spec not in known:
            known[spec] = get_type_hints(spec, globalns=globalns)
        return known[spec]

    patch.setattr(validation, "get_type_hints", hints)


def quicken_dlt(patch: pytest.MonkeyPatch) -> None:
    """dlt looks up each setting of each of its parts in all places, hundreds of times in a load.

    What it finds is kept for as long as those places hold the same; so is what it finds out of a type, and of what its
    destination can do. It writes its trace with the fast one of two equal writers. All that is two fifths of a small
    load's time.
    """
    from dlt.common import typing as types
    from dlt.common.configuration import resolve
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs import base_configuration
    from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.destination.reference import Destination

    of_types = ("extract_type_if_modifier", "is_literal_type", "is_optional_type", "is_subclass", "is_union_type")
    of_hints = ("extract_inner_hint", "is_base_configuration_inner_hint", "is_context_inner_hint", "is_valid_hint")
    for module, names in ((types, of_types), (base_configuration, of_hints)):
        for name in names:
            _keep_results(patch, getattr(module, name))

    container = Container()
    look_up = resolve._resolve_single_value
    found: dict[Any, tuple[Any, list[Any]]] = {}

    def from_places(key: str, hint: Any, inner_hint: Any, *sections: Any) -> tuple[Any, list[Any]]:
        if resolve.is_context_inner_hint(inner_hint):
            return look_up(key, hint, inner_hint, *sections)
        context = container[ConfigSectionContext]
        places = [
            (id(place), repr(getattr(place, "_config_doc", None)))
            for place in container[PluggableRunContext].providers.providers
        ]
        asked = (
            (key, hint, inner_hint, *sections),
            (context.pipeline_name, context.sections),
            (*places, *os.environ._data.items()),  # type: ignore[attr-defined]  # as they are: to decode them takes long
        )
        try:
            value, traces = found.get(asked) or found.setdefault(asked, look_up(key, hint, inner_hint, *sections))
        except TypeError:  # a hint that cannot be a key
            return look_up(key, hint, inner_hint, *sections)
        return value, [*traces]

    patch.setattr(resolve, "_resolve_single_value", from_places)

    capabilities = Destination.capabilities

    def known(self: Any, config: Any = None, naming: Any = None) -> Any:
        if config is not None:
            return capabilities(self, config, naming)
        kept = vars(self).setdefault("kept_capabilities", {})
        if type(naming) not in kept:
            kept[type(naming)] = capabilities(self, None, naming)
        return kept[type(naming)].copy()

    patch.setattr(Destination, "capabilities", known)
    spec = base_configuration.BaseConfiguration
    count = spec.__len__
    counts: dict[type, int] = {}

    def length(self: Any) -> int:
        # Asked each time that dlt asks whether there is a configuration at all.
        return counts.get(type(self)) or counts.setdefault(type(self), count(self))

    patch.setattr(spec, "__len__", length)
    patch.setattr("dlt.extract.extract.yaml", SimpleNamespace(dump=partial(yaml.dump, Dumper=yaml.CDumper)))


def _keep_results(patch: pytest.MonkeyPatch, function: Any) -> None:
    """Ask a function of types once only, in whatever module of dlt it is called."""
    kept = cache(function)

    @wraps(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return kept(*args, **kwargs)
        except TypeError:  # what cannot be a key
            return function(*args, **kwargs)

    for name, module in [*sys.modules.items()]:
        if name.startswith("dlt.") and vars(module).get(function.__name__) is function:
            patch.setattr(module, function.__name__, answer)


def quicken_gates(patch: pytest.MonkeyPatch) -> None:
    """Great Expectations compares a suite five times with what it keeps of it, which a gate has just put there."""
    from great_expectations import Checkpoint, ExpectationSuite, ValidationDefinition
    from great_expectations.core import freshness_diagnostics as found
    from great_expectations.core.owner_resolution import owner_from_batch_definition

    def of_definition(self: Any) -> Any:
        self._record_suite_owner(owner_from_batch_definition(self.data))
        return found.ValidationDefinitionFreshnessDiagnostics(errors=[])

    patch.setattr(ExpectationSuite, "_is_fresh", lambda _: found.ExpectationSuiteFreshnessDiagnostics(errors=[]))
    patch.setattr(ValidationDefinition, "is_fresh", of_definition)
    patch.setattr(Checkpoint, "is_fresh", lambda _: found.CheckpointFreshnessDiagnostics(errors=[]))


def take_all() -> None:
    """Take all of them for as long as the process lives."""
    patch = pytest.MonkeyPatch()
    remember_types(patch)
    quicken_dlt(patch)
    share_parsed_states(patch)
    keep_engines(patch)
    never_wait_for_the_disk()
    quicken_dbt(patch)
