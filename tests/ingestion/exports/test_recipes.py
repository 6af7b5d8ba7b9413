"""The recipes of the docs, run on the files that they show: what lands is what their tables say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from ingestion.mapping.document import read_document
from tests.conftest import REPOSITORY
from tests.ingestion.exports.conftest import Exports

PAGE = (REPOSITORY / "docs" / "sources" / "mapping_recipes.md").read_text(encoding="utf-8")


@dataclass
class Recipe:
    """A section of the page: its files, its mapping, and what is said to land (entity, columns, rows)."""

    name: str
    files: dict[str, str]
    mapping: str
    results: list[tuple[str, list[str], list[list[str]]]] = field(default_factory=list)


def _recipes() -> list[Recipe]:
    found = []
    for section in PAGE.split("\n## ")[1:]:
        files = dict(re.findall(r"```csv (\S+)\n(.*?)```", section, re.DOTALL))
        [mapping] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
        recipe = Recipe(section.partition("\n")[0], files, mapping)
        for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
            head, _, *rows = [
                [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
                for line in table.splitlines()
            ]
            entity, _, first = head[0].partition(".")
            recipe.results.append((entity, [first, *head[1:]], rows))
        found.append(recipe)
    return found


RECIPES = _recipes()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """All recipes in one folder, by one mapping."""
    home = tmp_path_factory.mktemp("recipes")
    exports = Exports(home / "exports", home / "home")
    parts: dict[str, list[Any]] = {}
    for recipe in RECIPES:
        for name, text in recipe.files.items():
            exports.write(name, text)
        for entity, value in read_document(exports.write("recipe.yml", recipe.mapping))["entities"].items():
            parts.setdefault(entity, []).extend(value if isinstance(value, list) else [value])
    (exports.folder / "recipe.yml").unlink()
    exports.write("mapping.yml", yaml.safe_dump({"entities": _plain(parts)}, sort_keys=False))
    exports.load()
    return exports


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def test_nothing_is_quarantined(loaded: Exports) -> None:
    assert len(RECIPES) >= 5
    assert loaded.quarantined() == []


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_what_lands_is_what_the_page_says(loaded: Exports, recipe: Recipe) -> None:
    assert recipe.results
    for entity, columns, rows in recipe.results:
        texts = ", ".join(f"coalesce({column}::VARCHAR, '')" for column in columns)
        files = ", ".join(f"'{name}'" for name in recipe.files)
        found = loaded.rows(
            f"SELECT {texts} FROM raw.exports__{entity} WHERE split_part(_file, '#', 1) IN ({files}) ORDER BY 1"
        )
        assert found == [tuple(row) for row in rows]
