"""The settings with their explanations: the vars of `dbt_project.yml`, and the text of a settings file.

Belongs here: the form of both. Does not belong here: a setting (`pipelines.business_settings`), reading the file
(`pipelines.settings`), or putting one into a folder (`pipelines.first_files`).

    python -m pipelines.settings_files
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping

from pydantic.fields import FieldInfo

from ingestion.generated import PROJECT, Files, with_part, write
from pipelines.agent_settings import AgentSettings
from pipelines.alarm_settings import AlarmSettings
from pipelines.business_settings import BusinessSettings, Places

_DBT_PROJECT = "dbt_project/dbt_project.yml"
_WIDTH = 120
_HEAD = """\
# Settings of Repline, each with its default. Take away the # before a name to change its value.
#
# This file is read where it lies in the folder where Repline is started, or in the folder REPLINE_HOME. The
# environment wins over it. Secrets of sources do not belong here: they come from the environment
# (SOURCES__<SOURCE>__<NAME>) or from .dlt/secrets.toml.

"""


def files() -> Files:
    """The text of `dbt_project.yml` with its vars renewed."""
    text = (PROJECT / _DBT_PROJECT).read_text(encoding="utf-8")
    return {_DBT_PROJECT: with_part(text, "vars", "\n".join(_vars()))}


def settings_file() -> str:
    """A settings file in which every setting is explained and commented out."""
    blocks = []
    for model in (Places, BusinessSettings, AlarmSettings, AgentSettings):
        blocks.append(f"# --- {_sentence(model.__doc__)}")
        blocks += ["\n".join([*_explanation(field, ""), f"#{name}: {_value(field)}"]) for name, field in _fields(model)]
    return _HEAD + "\n\n".join(blocks) + "\n"


def _vars() -> Iterator[str]:
    for name, field in _fields(BusinessSettings):
        yield from _explanation(field, "  ")
        if isinstance(field.default, Mapping) and field.default:
            yield f"  {name}:"
            yield from (f"    {key}: {json.dumps(value)}" for key, value in field.default.items())
        else:
            yield f"  {name}: {_value(field)}"


def _fields(model: type[Places | BusinessSettings | AlarmSettings | AgentSettings]) -> Iterator[tuple[str, FieldInfo]]:
    yield from model.model_fields.items()


def _explanation(field: FieldInfo, indent: str) -> list[str]:
    lead = f"{indent}# "
    return textwrap.wrap(field.description or "", _WIDTH, initial_indent=lead, subsequent_indent=lead)


def _value(field: FieldInfo) -> str:
    """The default; JSON is YAML."""
    return json.dumps(field.default)


def _sentence(docstring: str | None) -> str:
    return " ".join((docstring or "").split()).replace("`", "")


def main() -> None:
    """Renew the vars."""
    write(files())


if __name__ == "__main__":
    main()
