"""A YAML file as sections that know their place, for errors that name it.

Belongs here: YAML. Does not belong here: what the keys mean (`ingestion.mapping.parse`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ingestion.landing.errors import LandingError


class MappingError(LandingError):
    """A mapping that cannot be used: file, line, place, what is wrong and what is allowed."""


class Section(dict[str, Any]):
    """A mapping of the YAML file with the line of each key, counted from 1."""

    lines: dict[str, int]
    line: int


class Items(list[Any]):
    """A list of the YAML file with the line of each value, counted from 1."""

    def __init__(self, values: Iterable[Any], lines: list[int]) -> None:
        super().__init__(values)
        self.lines = lines


class Place:
    """A place in the mapping file, such as `mapping.yml, line 12, opportunities.columns.amount`."""

    def __init__(self, file: Path, line: int = 1, path: tuple[str, ...] = ()) -> None:
        self.file, self.line, self.path = file, line, path

    def at(self, section: Any, key: str | int) -> Place:
        line = self.line
        if isinstance(section, Section):
            line = section.lines.get(str(key), line)
        elif isinstance(section, Items):
            line = section.lines[int(key)]
        name = str(int(key) + 1) if isinstance(section, list) else str(key)
        return Place(self.file, line, (*self.path, name))

    @property
    def short(self) -> str:
        """The place as errors of a load name it: `mapping.yml, line 12, opportunities.columns.amount`."""
        return f"{self.file.name}, line {self.line}, {'.'.join(self.path[1:] or self.path)}"

    def fail(self, message: str) -> NoReturn:
        where = f", {'.'.join(self.path)}" if self.path else ""
        raise MappingError(f"{self.file}, line {self.line}{where}: {message}; nothing was loaded")

    def section(self, value: Any, known: Iterable[str] | None = None) -> Section:
        """The value, which has to be a section with no other keys than the known ones."""
        if not isinstance(value, Section):
            self.fail(f"this has to be a section with keys, not {_described(value)}")
        if known is not None:
            allowed = list(known)
            for key in value:
                if key not in allowed:
                    self.at(value, key).fail(f"{key!r} is not known here{hint(key, allowed)}")
        return value

    def text(self, value: Any) -> str:
        if not isinstance(value, str):
            self.fail(f"this has to be a text, not {_described(value)}")
        return value

    def texts(self, value: Any) -> tuple[str, ...]:
        """The value as texts: a list, or a single one."""
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list) or not value:
            self.fail(f"this has to be a list of texts, not {_described(value)}")
        return tuple(self.at(value, number).text(each) for number, each in enumerate(value))


# Stands in a proposal where a person has to choose.
BLANK = "?"


def check_filled(document: Section, place: Place) -> None:
    """Raise MappingError where something is still `?`, with the lines of all that is."""
    blanks = list(_blanks(document, place))
    if blanks:
        lines = list(dict.fromkeys(blank.line for blank in blanks))
        more = f"; so it does in line {', '.join(map(str, lines[1:]))}" if lines[1:] else ""
        blanks[0].fail(f"here stands '?': fill in what the proposal left to you{more}")


def _blanks(value: Any, place: Place) -> Iterator[Place]:
    if value == BLANK:
        yield place
    if isinstance(value, Section):
        for key, each in value.items():
            yield from _blanks(each, place.at(value, key))
    elif isinstance(value, list):
        # A text in a list may be data, such as a word for false.
        for number, each in enumerate(value):
            if not isinstance(each, str):
                yield from _blanks(each, place.at(value, number))


def hint(word: str, allowed: Iterable[str]) -> str:
    """What may stand there instead of a word, with the likeliest first."""
    words = list(allowed)
    near = difflib.get_close_matches(word, words, n=1)
    return (f"; did you mean {near[0]!r}?" if near else "") + f" (allowed: {', '.join(words)})"


def read_document(file: Path) -> Section:
    """The sections of a YAML file. Raises MappingError where it is none, or names a key twice."""
    place = Place(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MappingError(
            f"the mapping {file} does not exist; `repline map FILE` proposes one to start from"
        ) from None
    except UnicodeDecodeError:
        raise MappingError(f"{file} is not UTF-8 text; save it as UTF-8") from None
    try:
        loader = _Loader(text)
        try:
            return place.section(loader.get_single_data())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        Place(file, mark.line + 1 if mark else 1).fail(f"this is not YAML that can be read ({error.problem})")
    except yaml.YAMLError as error:
        place.fail(f"this is not YAML that can be read ({str(error).splitlines()[0]})")


class _Loader(yaml.BaseLoader):
    """Every value is the text that stands there, as in a CSV file; only `null` is null.

    YAML's own types would turn `Yes` into a boolean, 01 into a number and 2025-01-02 into a date.
    """


def _construct_section(loader: _Loader, node: yaml.MappingNode) -> Section:
    section = Section()
    section.lines = {}
    section.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "a key has to be a text", key_node.start_mark)
        if key in section:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands here twice", key_node.start_mark)
        section[key] = loader.construct_object(value_node, deep=True)
        section.lines[key] = key_node.start_mark.line + 1
    return section


def _construct_items(loader: _Loader, node: yaml.SequenceNode) -> Items:
    values = [loader.construct_object(each, deep=True) for each in node.value]
    return Items(values, [each.start_mark.line + 1 for each in node.value])


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", yaml.SafeLoader.yaml_implicit_resolvers["~"][0][1], ["~", "n", "N", ""]
)
_Loader.add_constructor("tag:yaml.org,2002:null", lambda *_: None)
_Loader.add_constructor("tag:yaml.org,2002:map", _construct_section)
_Loader.add_constructor("tag:yaml.org,2002:seq", _construct_items)


def _described(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Section):
        return "a section"
    return "a list" if isinstance(value, list) else repr(value)
