"""The texts of sentences: every language says all that English says, with the same figures."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jinja2 import Template

from pipelines.practice_settings import DIGEST_KPIS, LANGUAGES
from tests.dbt_project.warehouse import DBT_PROJECT_DIR

OTHERS = [language for language in LANGUAGES if language != "en"]


def texts(language: str) -> dict[str, Any]:
    """What the macro of a language returns to dbt."""
    source = (DBT_PROJECT_DIR / "macros" / "languages" / f"{language}.sql").read_text(encoding="utf-8")
    returned: list[dict[str, Any]] = []
    Template(source + f"{{{{ language_{language}() }}}}").render({"return": returned.append})
    return returned[0]


def figures(text: str) -> list[str]:
    """The names in braces, in order; a sentence may put them elsewhere."""
    return sorted(re.findall(r"{(\w+)}", text))


def test_there_is_spanish() -> None:
    assert "es" in OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_says_all_that_english_says(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert other.keys() == english.keys()
    assert other["kpis"].keys() == english["kpis"].keys()
    assert all(other.values())
    assert all(other["kpis"].values())
    sentences = [name for name in english if name != "kpis"]
    assert {name: figures(other[name]) for name in sentences} == {name: figures(english[name]) for name in sentences}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_can_name_every_kpi_and_write_every_number(language: str) -> None:
    words = texts(language)
    assert set(words["kpis"]) == set(DIGEST_KPIS)
    # They are exchanged character by character.
    assert len(words["thousands"]) == len(words["decimal"]) == 1
    assert words["thousands"] != words["decimal"]
