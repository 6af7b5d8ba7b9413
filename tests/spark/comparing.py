"""Compares the tables of two engines cell by cell.

Belongs here: when two tables are the same. Does not belong here: how they were built.
"""

from __future__ import annotations

import duckdb

from ingestion.text import quoted

# Doubles may differ by the order in which they were added up.
TOLERANCE = 1e-9


def differences(connection: duckdb.DuckDBPyConnection, expected: str, actual: str, limit: int = 3) -> list[str]:
    """What differs between two relations: columns, types, rows, values. Empty where they are the same.

    Text, decimals, whole numbers, days and moments have to be equal; doubles to 1e-9, beyond 1 relative to their size.
    No key is needed: rows belong together whose other columns are equal, and of several such the nth ones.
    """
    columns, others = _columns(connection, expected), _columns(connection, actual)
    if columns != others:
        return [
            f"{name}: {columns.get(name)}, {others.get(name)}"
            for name in {**columns, **others}
            if columns.get(name) != others.get(name)
        ]
    doubles = [quoted(name) for name, type_ in columns.items() if type_ == "DOUBLE"]
    exact = [quoted(name) for name, type_ in columns.items() if type_ != "DOUBLE"]
    place = f"row_number() OVER (PARTITION BY {', '.join(exact) or '1'} ORDER BY {', '.join(doubles) or '1'})"
    same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in (*exact, "place"))
    unequal = " OR ".join(_differ(f"a.{name}", f"b.{name}") for name in doubles) or "false"
    rows = connection.execute(f"""
        SELECT CASE WHEN a.place IS NULL THEN 'too many' WHEN b.place IS NULL THEN 'missing' ELSE 'differs' END, a, b
        FROM (SELECT *, {place} AS place FROM {expected}) AS a
        FULL JOIN (SELECT *, {place} AS place FROM {actual}) AS b ON {same}
        WHERE a.place IS NULL OR b.place IS NULL OR {unequal}
        ORDER BY ALL
        LIMIT {limit}
    """).fetchall()
    return [f"{what}: {_told(what, a, b)}" for what, a, b in rows]


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(name): str(type_) for name, type_, *_ in described}


def _differ(first: str, second: str) -> str:
    apart = f"abs({first} - {second}) > {TOLERANCE} * greatest(1, abs({first}))"
    return f"(({first} IS NULL) <> ({second} IS NULL) OR coalesce({apart}, false))"


def _told(what: str, expected: dict[str, object], actual: dict[str, object]) -> object:
    if what != "differs":
        return actual if what == "too many" else expected
    return {name: (value, actual[name]) for name, value in expected.items() if value != actual[name]}
