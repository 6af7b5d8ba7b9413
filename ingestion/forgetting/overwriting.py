"""What becomes of whatever names the forgotten: ids get pseudonyms, personal columns become empty, names leave texts.

Rows stay, so that totals do. Does not belong here: who is found, and by which words (`ingestion.forgetting.finding`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from ingestion.contract import RAW_SCHEMA
from ingestion.forgetting.finding import Found
from ingestion.forgetting.model import Done, Kind
from ingestion.forgetting.notes import NOTES, Notes
from ingestion.forgetting.places import CONTRACT_SOURCE_NAMES, Places, RawTable, api_name
from ingestion.register import CONTRACT_SOURCES, SOURCES
from ingestion.text import literal, quoted


class Overwriting:
    """Overwrites whoever was found in the tables, by the list."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, places: Places, notes: Notes, found: Found) -> None:
        self._connection = connection
        self._places = places
        self._notes = notes
        self._found = found

    def apply(self) -> tuple[Done, ...]:
        """Do it, and say what was done."""
        done = [
            *self._clear_quarantine(),
            *self._replace_ids(),
            *self._replace_seen_ids(),
            *self._empty_contract_rows(),
            *self._empty_turns(),
            *self._empty_api_rows(),
            *self._replace_words(),
        ]
        return tuple(each for each in done if each.rows)

    def _clear_quarantine(self) -> Iterator[Done]:
        """Empty what was kept of bad rows that name them, and lines of transcripts, which nobody can tell apart."""
        if not self._places.has_quarantine:
            return
        conditions = [
            f"regexp_matches(concat_ws(' ', record_key, value), {literal(pattern)})"
            + (f" AND source = {literal(source)}" if source else "")
            for word, pattern, _, source in self._found.words()
            if self._columns_with(word, f"{RAW_SCHEMA}.quarantine", ("record_key", "value"))
        ]
        if self._notes.kinds() & {Kind.ACCOUNT, Kind.LEAD}:
            conditions.append("entity = 'call_turns' AND column_name IS NULL")
        if conditions:
            yield self._update(
                f"{RAW_SCHEMA}.quarantine",
                {"record_key": "NULL", "value": "NULL"},
                f"({' OR '.join(f'({each})' for each in conditions)})",
                "value and record_key emptied",
            )

    def _replace_ids(self) -> Iterator[Done]:
        found = self._connection.execute("SELECT DISTINCT kind, source FROM found").fetchall()
        for raw in self._places.raw:
            for kind in Kind:
                if (kind.value, raw.source) not in found:
                    continue
                of_kind = f"found.kind = {literal(kind)} AND found.source = {literal(raw.source)}"
                for column in raw.columns_of(kind):
                    is_it = f"{of_kind} AND found.id = landed.{column.name} AND {column.is_id_where or 'true'}"
                    if column.is_key:
                        self._settle_versions(raw, column.name, is_it)
                    rows = self._count(
                        f"UPDATE {raw.name} AS landed SET {column.name} = found.pseudonym FROM found WHERE {is_it}"
                    )
                    yield Done(raw.shown, f"{column.name} replaced by a pseudonym", rows)

    def _settle_versions(self, raw: RawTable, column: str, is_it: str) -> None:
        """Leave one row per key where a load brought a row that has its pseudonym here: by the landing contract's rule.

        What has come again is what was loaded last.
        """
        key = [
            "coalesce(found.pseudonym, landed." + name + ")" if name == column else f"landed.{name}"
            for name in raw.entity.key
        ]
        newest = "landed.updated_at DESC NULLS LAST, " if raw.entity.has_versions else ""
        self._connection.execute(
            f"""
            DELETE FROM {raw.name} WHERE rowid IN (
                SELECT row_id
                FROM (
                    SELECT landed.rowid AS row_id, row_number() OVER (
                        PARTITION BY {", ".join(key)} ORDER BY {newest}found.id IS NOT NULL DESC
                    ) AS place
                    FROM {raw.name} AS landed LEFT JOIN found ON {is_it}
                    WHERE found.id IS NOT NULL OR landed.{column} IN (SELECT pseudonym FROM found)
                )
                WHERE place > 1
            )
            """
        )

    def _replace_seen_ids(self) -> Iterator[Done]:
        for (schema, table), columns in self._places.columns.items():
            if schema not in self._places.seen:
                continue
            for column in columns:
                if column in ("user_id", "manager_id"):
                    # dbt's key of a version is a hash of the id.
                    key = ", dbt_scd_id = replace(uuid()::VARCHAR, '-', '')" if "dbt_scd_id" in columns else ""
                    rows = self._count(
                        f"UPDATE {quoted(schema)}.{quoted(table)} AS seen SET {column} = {_mart_id('pseudonym')}{key}"
                        f" FROM found WHERE kind = 'user' AND source IN ({CONTRACT_SOURCE_NAMES})"
                        f" AND seen.{column} = {_mart_id('id')}"
                    )
                    yield Done(f"{schema}.{table}", f"{column} replaced by a pseudonym", rows)

    def _empty_contract_rows(self) -> Iterator[Done]:
        """Empty what rows say about them: of a user their own row alone, of others each row that names them."""
        for kind in sorted(self._notes.kinds()):
            for raw in self._places.raw:
                is_own = raw.entity.name == kind.entity
                if kind is Kind.USER and not is_own and raw.entity.name != Kind.CANDIDATE.entity:
                    continue
                for column in raw.columns_of(kind):
                    names = {"full_name": "notes.pseudonym", "email": "notes.address"}
                    if raw.personal and column.name == kind.key:
                        yield self._update(
                            raw.name,
                            {name: names.get(name, "NULL") for name in raw.personal},
                            f"notes.kind = {literal(kind)} AND notes.pseudonym = landed.{column.name}",
                            f"{', '.join(raw.personal)} emptied",
                            f"FROM {NOTES} AS notes",
                        )

    def _empty_turns(self) -> Iterator[Done]:
        """Empty what was said in calls with accounts and leads, also those that name their opportunity alone."""
        if not self._notes.kinds() & {Kind.ACCOUNT, Kind.LEAD}:
            return
        tables = {(raw.source, raw.entity.name): raw for raw in self._places.raw}
        listed = f"IN (SELECT pseudonym FROM {NOTES})"
        for source in CONTRACT_SOURCES:
            names = ("call_turns", "calls", "opportunities", "leads")
            found = [tables[source.name, name] for name in names if (source.name, name) in tables]
            if len(found) < len(names):
                continue
            turns, calls, opportunities, leads = found
            yield self._update(
                turns.name,
                dict.fromkeys(turns.personal, "NULL"),
                f"""
                landed.call_id IN (
                    SELECT call_id FROM {calls.name}
                    WHERE account_id {listed} OR lead_id {listed} OR opportunity_id IN (
                        SELECT opportunity_id FROM {opportunities.name} WHERE account_id {listed}
                        UNION ALL
                        SELECT opportunity_id FROM {leads.name} WHERE account_id {listed} OR lead_id {listed}
                    )
                )
                """,
                f"{', '.join(turns.personal)} emptied",
            )

    def _empty_api_rows(self) -> Iterator[Done]:
        for table, kind in self._places.api:
            custom = set(self._places.columns[RAW_SCHEMA, table.raw_name]) - set(table.columns)
            personal = [each.name for each in table.fields if each.is_personal]
            if kind is Kind.ACCOUNT and "name" in table.columns:
                personal.append("name")
            values = {}
            for name in (*personal, *sorted(custom)):
                is_name = kind is Kind.USER and name in ("name", "full_name", "first_name")
                values[name] = "found.pseudonym" if is_name else "found.address" if name.startswith("email") else "NULL"
            if values:
                yield self._update(
                    api_name(table),
                    values,
                    f"found.kind = {literal(kind)} AND found.source = {literal(table.source)}"
                    f" AND found.id = landed.{quoted(table.key[0])}",
                    f"{', '.join(values)} emptied",
                    "FROM found",
                )

    def _replace_words(self) -> Iterator[Done]:
        """Replace their names and addresses in all texts, such as those of calls and goals."""
        words = self._found.words("WHERE is_in_texts")
        loaded = tuple(f"{source.name}__" for source in SOURCES)
        of_users = {raw.shown for raw in self._places.raw if raw.entity.name == Kind.USER.entity}
        of_users |= {f"{RAW_SCHEMA}.{table.raw_name}" for table, kind in self._places.api if kind is Kind.USER}
        for (schema, table), columns in self._places.columns.items():
            is_raw = schema == RAW_SCHEMA and table.startswith(loaded)
            if not is_raw and schema not in self._places.seen:
                continue
            # A longer name of another user is none of theirs.
            texts = [name for name in columns if f"{schema}.{table}" not in of_users or "name" not in name]
            where = f"{quoted(schema)}.{quoted(table)}"
            for word, pattern, pseudonym, _ in words:
                for name in self._columns_with(word, where, texts):
                    text = quoted(name)
                    rows = self._count(
                        f"UPDATE {where} SET {text} = {_replaced(name, pattern, pseudonym)}"
                        f" WHERE regexp_matches({text}, {literal(pattern)})"
                    )
                    yield Done(f"{schema}.{table}", f"names replaced in {name}", rows)

    def _columns_with(self, word: str, table: str, columns: Sequence[str]) -> list[str]:
        """Those of the columns that may hold the word. A regular expression of all letters takes long to compile."""
        if not columns:
            return []
        holds = (f"bool_or(contains(lower({quoted(name)}), lower({literal(word)})))" for name in columns)
        [found] = self._connection.execute(f"SELECT {', '.join(holds)} FROM {table}").fetchall()
        return [name for name, is_there in zip(columns, found, strict=True) if is_there]

    def _update(self, table: str, values: Mapping[str, str], where: str, what: str, from_: str = "") -> Done:
        """Set columns of rows where that changes something; null stays null."""
        sets = ", ".join(
            f"{quoted(name)} = CASE WHEN landed.{quoted(name)} IS NOT NULL THEN {value} END"
            for name, value in values.items()
        )
        changes = " OR ".join(
            f"landed.{quoted(name)} IS NOT NULL AND landed.{quoted(name)} IS DISTINCT FROM {value}"
            for name, value in values.items()
        )
        rows = self._count(f"UPDATE {table} AS landed SET {sets} {from_} WHERE {where} AND ({changes})")
        return Done(table.replace('"', ""), what, rows)

    def _count(self, statement: str) -> int:
        return int(self._connection.execute(statement).fetchall()[0][0])


def _mart_id(id_: str) -> str:
    """SQL of an id of `found` as the marts write it."""
    return f"CASE found.source WHEN 'landing' THEN found.{id_} ELSE found.source || ':' || found.{id_} END"


def _replaced(column: str, pattern: str, pseudonym: str) -> str:
    """SQL of the text with the word replaced. Twice, because two matches side by side share what is between them."""
    text, replacement = quoted(column), rf"\1{pseudonym}\2"
    for _ in range(2):
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return text
