"""SOQL as far as one object: fields, conditions, order, limit, COUNT(). For the test server.

Belongs here: reading a query and evaluating it over rows. Does not belong here: HTTP, who may see what.

After the SOQL and SOSL Reference: field and object names do not depend on case; dates and datetimes are not quoted;
null sorts first ascending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Row = Mapping[str, Any]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][\w.]*)
      | (?P<operator><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)


class SoqlError(Exception):
    """A query that the server refuses; `code` is the vendor's errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Query:
    """A query that was read. `condition` takes a row; `order` are fields with whether they descend."""

    fields: list[str]
    object: str
    condition: Callable[[Row], bool] = lambda row: True
    condition_fields: list[str] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None

    @property
    def is_count(self) -> bool:
        return self.fields == ["COUNT()"]

    def rows(self, rows: list[Row]) -> list[Row]:
        found = [row for row in rows if self.condition(row)]
        for name, descends in reversed(self.order):
            found.sort(key=lambda row: _sort_key(row.get(name)), reverse=descends)
        return found[: self.limit]


def parse(text: str) -> Query:
    """Read a query. Raises SoqlError (MALFORMED_QUERY)."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if not match or not match.lastgroup:
                raise self._error(text[position:].split()[0])
            self._tokens.append((match.lastgroup, match.group(match.lastgroup)))
            position = match.end()
        self._at = 0
        self._fields: list[str] = []

    def query(self) -> Query:
        self._keyword("SELECT")
        selected = [self._selected()]
        while self._taken(","):
            selected.append(self._selected())
        self._keyword("FROM")
        query = Query(selected, self._name())
        if self._taken("WHERE"):
            query.condition = self._either()
            query.condition_fields = self._fields
        if self._taken("ORDER"):
            self._keyword("BY")
            query.order.append(self._ordered())
            while self._taken(","):
                query.order.append(self._ordered())
        if self._taken("LIMIT"):
            query.limit = int(self._next()[1])
        if self._at != len(self._tokens):
            raise self._error(self._tokens[self._at][1])
        return query

    def _selected(self) -> str:
        name = self._name()
        if name.upper() == "COUNT":
            self._keyword("(")
            self._keyword(")")
            return "COUNT()"
        return name

    def _ordered(self) -> tuple[str, bool]:
        name = self._name()
        descends = self._taken("DESC")
        if not descends:
            self._taken("ASC")
        return name, descends

    def _either(self) -> Callable[[Row], bool]:
        parts = [self._both()]
        while self._taken("OR"):
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Callable[[Row], bool]:
        parts = [self._one()]
        while self._taken("AND"):
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Callable[[Row], bool]:
        if self._taken("("):
            inner = self._either()
            self._keyword(")")
            return inner
        if self._taken("NOT"):
            negated = self._one()
            return lambda row: not negated(row)
        name = self._name()
        self._fields.append(name)
        if self._taken("IN"):
            self._keyword("(")
            values = {self._value()}
            while self._taken(","):
                values.add(self._value())
            self._keyword(")")
            return lambda row: _comparable(row.get(name)) in values
        operator = self._next()[1]
        value = self._value()
        compare = _COMPARISONS.get(operator)
        if compare is None:
            raise self._error(operator)
        return lambda row: compare(_comparable(row.get(name)), value)

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "moment":
            return _comparable(text)
        if kind == "number":
            return float(text)
        constants = {"TRUE": True, "FALSE": False, "NULL": None}
        if text.upper() not in constants:
            raise self._error(text)
        return constants[text.upper()]

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise self._error("<EOF>")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise self._error(text)
        return text

    def _taken(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].upper() == word:
            self._at += 1
            return True
        return False

    def _keyword(self, word: str) -> None:
        if not self._taken(word):
            raise self._error(self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>")

    def _error(self, found: str) -> SoqlError:
        return SoqlError("MALFORMED_QUERY", f"unexpected token: '{found}'")


def _comparable(value: Any) -> Any:
    """A row's value or a literal so that both compare: moments as aware datetimes, numbers as floats."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        moment = datetime.fromisoformat(re.sub(r"([+-]\d\d):?(\d\d)$", r"\1:\2", text))
        return moment.astimezone(UTC)
    return text


def _sort_key(value: Any) -> tuple[bool, Any]:
    comparable = _comparable(value)
    return (comparable is not None, comparable)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: left is not None and right is not None and compare(left, right)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<>": lambda left, right: bool(left != right),
    "<": _ordering(lambda left, right: bool(left < right)),
    "<=": _ordering(lambda left, right: bool(left <= right)),
    ">": _ordering(lambda left, right: bool(left > right)),
    ">=": _ordering(lambda left, right: bool(left >= right)),
}
