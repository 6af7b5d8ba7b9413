"""Who of the list is in the warehouse, under which ids, and by which words texts call them.

Does not belong here: the tables that are looked into (`ingestion.forgetting.places`), or what becomes of what is found
(`ingestion.forgetting.overwriting`).
"""

from __future__ import annotations

import duckdb

from ingestion.forgetting.model import Kind
from ingestion.forgetting.notes import NOTES, NOWHERE, id_hash
from ingestion.forgetting.places import CONTRACT_SOURCE_NAMES, Places
from ingestion.text import literal

# Neither a letter nor a digit stands around a name in a text; around an id, no hyphen or underscore either.
_AROUND_NAME = r"[^\p{L}\p{N}]"
_AROUND_ID = r"[^\p{L}\p{N}_-]"


class Found:
    """Whom of the list the tables name, in two tables of the connection that are filled once.

    `found` has one row per id: kind, source, id, pseudonym, address. `words` has one row per name, address or id, with
    what stands around it in a text, the source alone that means it, and whether texts are looked through for it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, places: Places) -> None:
        self._connection = connection
        self._places = places
        connection.execute(
            """
            CREATE TEMP TABLE found (kind VARCHAR, source VARCHAR, id VARCHAR, pseudonym VARCHAR, address VARCHAR);
            CREATE TEMP TABLE words (
                word VARCHAR, pseudonym VARCHAR, around VARCHAR, source VARCHAR, is_in_texts BOOLEAN
            )
            """
        )

    def is_loaded(self, kind: Kind, source: str, id_: str) -> bool:
        """Whether a row that was loaded names the id."""
        queries = [query for of_kind, of_source, query in self._places.ids() if (of_kind, of_source) == (kind, source)]
        return any(
            self._connection.execute(f"SELECT 1 FROM ({query}) WHERE id = ? LIMIT 1", [id_]).fetchall()
            for query in queries
        )

    def ids_of_person(self, kind: Kind, source: str, id_: str) -> list[tuple[str, str]]:
        """(source, id) of the person, and of whom other sources know by the same address, as dbt matches people."""
        if kind is not Kind.USER:
            return [(source, id_)]
        people = f"SELECT source, id, lower(trim(word)) AS address FROM ({self._places.people()}) WHERE is_address"
        others = self._connection.execute(
            f"WITH people AS ({people}) SELECT DISTINCT other.source, other.id"
            " FROM people JOIN people AS other USING (address)"
            " WHERE people.source = $1 AND people.id = $2 AND other.source <> $1",
            [source, id_],
        ).fetchall()
        return [(source, id_), *others]

    def fill(self) -> None:
        """Look for those on the list whom a row names, and for what they are called.

        A name of one word would be found in texts about anything else, and what another user is called, too, does not
        say who is meant: neither is looked for.
        """
        ids = " UNION ALL ".join(
            f"SELECT DISTINCT {literal(kind)} AS kind, {literal(source)} AS source, id FROM ({query})"
            for kind, source, query in self._places.ids()
        )
        if not ids:
            return
        self._connection.execute(
            f"""
            INSERT INTO found
            SELECT DISTINCT ids.kind, ids.source, ids.id, notes.pseudonym, notes.address
            FROM ({ids}) AS ids JOIN {NOTES} AS notes
                ON notes.id_hash = {id_hash("ids.kind", "ids.source", "ids.id")}
            """
        )
        customers = " UNION ALL ".join(
            f"SELECT name AS word, found.pseudonym FROM {raw.name} JOIN found ON id = account_id AND trim(name) <> ''"
            f" AND source = {literal(raw.source)} AND kind = 'account'"
            for raw in self._places.raw
            if raw.entity.name == Kind.ACCOUNT.entity
        )
        self._connection.execute(
            f"""
            INSERT INTO words
            WITH people AS (
                SELECT people.*, found.pseudonym
                FROM ({self._places.people()}) AS people
                LEFT JOIN found ON found.kind = 'user' AND (found.source, found.id) = (people.source, people.id)
            )
            SELECT word, any_value(pseudonym), {literal(_AROUND_NAME)}, NULL, true
            FROM people
            WHERE (word LIKE '%_@_%' OR trim(word) LIKE '%_ _%') AND NOT ends_with(word, {literal(NOWHERE)})
            GROUP BY word
            HAVING bool_and(pseudonym IS NOT NULL)
            UNION ALL
            SELECT id, pseudonym, {literal(_AROUND_ID)}, source, false
            FROM found
            WHERE source IN ({CONTRACT_SOURCE_NAMES})
            {"UNION ALL " if customers else ""}
            {f"SELECT word, pseudonym, {literal(_AROUND_NAME)}, NULL, false FROM ({customers})" if customers else ""}
            """
        )

    def names(self) -> tuple[str, ...]:
        """The ids, names and addresses of those that were found."""
        found = self._connection.execute("SELECT DISTINCT word FROM words ORDER BY word").fetchall()
        return tuple(name for (name,) in found)

    def words(self, where: str = "") -> list[tuple[str, str, str, str | None]]:
        """Word, the regular expression that finds it in a text, its pseudonym, and the source alone that means it."""
        pattern = "concat('(?i)(^|', around, ')', regexp_escape(word), '(', around, '|$)')"
        query = f"SELECT DISTINCT word, {pattern}, pseudonym, source FROM words {where}"
        return [(row[0], row[1], row[2], row[3]) for row in self._connection.execute(query).fetchall()]
