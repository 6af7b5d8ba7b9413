"""The list of the forgotten, a table of the warehouse: of each id a salted hash, and the pseudonym in its place.

Does not belong here: which rows name whoever is on it (`ingestion.forgetting.finding`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import duckdb

from ingestion.clearing import FORGOTTEN
from ingestion.contract import RAW_SCHEMA
from ingestion.forgetting.model import Kind

NOTES = f"{RAW_SCHEMA}.{FORGOTTEN}"
# No mail can go there, by RFC 2606.
NOWHERE = "@forgotten.invalid"


class Notes:
    """The list in one warehouse, made where there is none."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {NOTES} (
                kind VARCHAR, id_hash VARCHAR, pseudonym VARCHAR, address VARCHAR, salt VARCHAR,
                forgotten_at TIMESTAMP, last_version BIGINT, is_cleared BOOLEAN
            )
            """
        )
        [(salt,)] = connection.execute(f"SELECT any_value(salt) FROM {NOTES}").fetchall()
        connection.execute("SET VARIABLE forgetting_salt = ?", [salt or secrets.token_hex(16)])

    def names(self, kind: Kind, source: str, id_: str) -> bool:
        """Whether the id is on the list."""
        query = f"SELECT 1 FROM {NOTES} WHERE id_hash = {id_hash('?', '?', '?')}"
        return bool(self._connection.execute(query, [kind.value, source, id_]).fetchall())

    def add(self, kind: Kind, ids: Iterable[tuple[str, str]], version: int) -> None:
        """Put a person on the list: a pseudonym per id, and one address, by which the ids still are one person."""
        address = f"{_pseudonym()}{NOWHERE}"
        for source, id_ in ids:
            if not self.names(kind, source, id_):
                self._connection.execute(
                    f"INSERT INTO {NOTES} SELECT $1, {id_hash('$1', '$2', '$3')}, $4, $5,"
                    " getvariable('forgetting_salt'), now()::TIMESTAMP, $6, false",
                    [kind.value, source, id_, _pseudonym(), address, version],
                )

    def kinds(self) -> set[Kind]:
        """Of whom there is anyone on the list."""
        return {Kind(kind) for (kind,) in self._connection.execute(f"SELECT DISTINCT kind FROM {NOTES}").fetchall()}


def id_hash(kind: str, source: str, id_: str) -> str:
    """SQL of what the list keeps of an id."""
    return f"sha256(concat_ws(chr(31), getvariable('forgetting_salt'), {kind}, {source}, {id_}))"


def _pseudonym() -> str:
    return f"forgotten-{secrets.token_hex(6)}"
