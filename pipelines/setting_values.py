"""What values of settings have in common: numbers within bounds, names out of a list, texts, mappings.

Belongs here: checks that several settings use. Does not belong here: a setting (`pipelines.business_settings`,
`pipelines.practice_settings`).

A check raises ValueError with what follows the setting's name in the message: `is -1; it must be from 0 on`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def known(name: Any, names: Iterable[str]) -> str:
    """The name. Raises ValueError where it is none of the names, with the one that is likely meant."""
    allowed = list(names)
    if name in allowed:
        return str(name)
    near = difflib.get_close_matches(str(name), allowed, n=1, cutoff=0.75)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"names {name!r}; {meant}it may name: {', '.join(allowed)}")


def number(value: Any) -> Any:
    """The value, which is a number."""
    # A boolean is a number to Python.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is {value!r}; it must be a number")
    return value


def flag(value: Any) -> bool:
    """Whether the value is true; the environment has it as text."""
    if isinstance(value, bool):
        return value
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"is {value!r}; write true or false")
    return str(value).lower() == "true"


def whole_number(value: Any) -> Any:
    """The value, which is a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"is {value!r}; it must be a whole number")
    return value


def between(low: float | None, high: float | None = None) -> Callable[[Any], Any]:
    """A check that a number is within the bounds, both inclusive."""

    def check(value: Any) -> Any:
        # Written so that not-a-number is outside.
        if not ((low is None or value >= low) and (high is None or value <= high) and value < float("inf")):
            bounds = f"from {low} on" if high is None else f"from {low} to {high}"
            raise ValueError(f"is {value!r}; it must be {bounds}")
        return value

    return check


def mapping(example: str) -> Callable[[Any], Any]:
    """A check that a value is a mapping; none at all is an empty one."""

    def check(value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ValueError(f"is {value!r}; write for example {example}")
        return value

    return check


def texts(value: Any, example: str) -> list[str]:
    """The value, which is a list of texts that are not empty."""
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"is {value!r}; write a list such as {example}")
    return value


Share = Annotated[int | float, BeforeValidator(number), AfterValidator(between(0, 1))]
POSITIVE = (BeforeValidator(number), AfterValidator(between(0)))
Count = Annotated[int, BeforeValidator(whole_number), AfterValidator(between(1))]
