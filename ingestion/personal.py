"""Personal data at the door: the columns that the setting `personal_columns` names are hashed or left empty.

Belongs here: reading the setting, and the hash. Does not belong here: the columns of a source, which say themselves
whether they are personal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import duckdb

HASH = "hash"
DROP = "drop"


class OptionsError(ValueError):
    """A setting of the sources cannot be used; the message names it and says what it may be."""


@dataclass(frozen=True)
class PersonalColumns:
    """The setting: `<raw table>.<column>` and HASH or DROP. `hash_key` keeps hashes from being guessed."""

    listed: Mapping[str, str] = field(default_factory=dict)
    hash_key: str = field(default="", repr=False)

    def of(self, raw_table: str, columns: Collection[str] | None = None, kept: Collection[str] = ()) -> dict[str, str]:
        """What is done with a table's columns: HASH or DROP by column.

        `columns` are those that the table has, where they are known; `kept` those that have to stay as they are.
        Raises OptionsError for another column, another treatment, or a hash without a key.
        """
        found: dict[str, str] = {}
        for name, treatment in self.listed.items():
            table, _, column = name.partition(".")
            if table != raw_table:
                continue
            if column in kept or (columns is not None and column not in columns):
                able = [each for each in columns or () if each not in kept]
                has = f"; it may name: {', '.join(able)}" if able else ""
                raise OptionsError(f"personal_columns names {name!r}, which is not there or has to stay{has}")
            if treatment not in (HASH, DROP):
                raise OptionsError(f"personal_columns says {treatment!r} for {name}; it may be {HASH} or {DROP}")
            if treatment == HASH and not self.hash_key:
                raise OptionsError(
                    f"personal_columns hashes {name}, which needs a key that nobody can guess; set the secret "
                    "SOURCES__HASH_KEY to a long random text and keep it"
                )
            found[column] = treatment
        return found

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let `hidden` work on the connection. The key is bound, so no SQL text holds it."""
        connection.execute("SET VARIABLE hash_key = ?", [self.hash_key])


def hidden(text: str, treatment: str) -> str:
    """SQL of a text column as it is kept: its hash, null where it is null, or nothing.

    Systems write an address now in capitals, now not, and people are matched by it: neither case nor spaces around
    it change the hash.
    """
    if treatment == DROP:
        return "CAST(NULL AS VARCHAR)"
    return f"sha256(getvariable('hash_key') || lower(trim({text})))"
