"""People and customers who are forgotten: removed from what was loaded, and from whatever is loaded later.

Belongs here: the list of the forgotten, and what becomes of the raw tables, the quarantine and what Repline saw of
users itself. Does not belong here: the files that keep what was overwritten (`ingestion.clearing`), published versions
(`pipelines.forget`), or the files of sources, which belong to whoever writes them.

Rows stay, so that totals do: an id becomes a random name, personal columns become empty. Sources may deliver somebody
again, so the list keeps a salted hash of each id, and `forget_again` follows each load.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import duckdb

from ingestion.api.tables import ApiTable
from ingestion.clearing import FORGOTTEN, clear_packages, drop_schemas, has_table, write_anew
from ingestion.contract import ENTITIES, RAW_SCHEMA, Column, Entity
from ingestion.migrations import STAGING_SCHEMA
from ingestion.register import CONTRACT_SOURCES, SOURCES, SOURCES_BY_NAME
from ingestion.text import literal, quoted

NOTES = f"{RAW_SCHEMA}.{FORGOTTEN}"

# Neither a letter nor a digit stands around a name in a text; around an id, no hyphen or underscore either.
_AROUND_NAME = r"[^\p{L}\p{N}]"
_AROUND_ID = r"[^\p{L}\p{N}_-]"
# No mail can go there, by RFC 2606.
_NOWHERE = "@forgotten.invalid"
_CONTRACT_SOURCES = ", ".join(literal(source.name) for source in CONTRACT_SOURCES)


class ForgetError(RuntimeError):
    """Nobody could be forgotten; the message is one line."""


class Kind(StrEnum):
    """Who can be forgotten."""

    USER = "user"
    ACCOUNT = "account"
    LEAD = "lead"
    CANDIDATE = "candidate"

    @property
    def entity(self) -> str:
        """The entity that has a row for each."""
        return f"{self.value}s"

    @property
    def key(self) -> str:
        return f"{self.value}_id"

    def is_named_by(self, column: Column, entity: Entity) -> bool:
        """Whether the column holds ids of this kind."""
        if self is not Kind.USER:
            return column.name == self.key
        # A recording system may call a speaker by the id of the user.
        others = (("users", "user_id"), ("call_turns", "speaker_id"))
        return column.names_user or (entity.name, column.name) in others


@dataclass(frozen=True)
class Done:
    """What was done to `rows` of a table."""

    table: str
    what: str
    rows: int


@dataclass(frozen=True)
class Home:
    """Where somebody is to be forgotten: the warehouse, dlt's folder, and what of the warehouse follows from raw.

    The schemas `derived` are made anew by a refresh. What is in those called `seen`, no source can give again.
    `api_tables` are those of the API sources that are on; `version` is the newest published one.
    """

    warehouse: Path
    dlt: Path
    derived: Collection[str]
    seen: Collection[str] = ()
    api_tables: Collection[ApiTable] = ()
    version: int = 0


@dataclass(frozen=True)
class Forgotten:
    """What came of it; nothing where that was done before. `names` are the ids, names and addresses that were found."""

    done: tuple[Done, ...]
    names: tuple[str, ...] = field(default=(), repr=False)


def forget(home: Home, kind: Kind, mart_id: str, is_dry: bool = False) -> Forgotten:
    """Forget whom the marts call `mart_id`, under each id by which a source knows the person.

    All or nothing. With `is_dry`, nothing is changed, and the answer says what would be. Raises ForgetError where no
    loaded row names the id. Only for the holder of the refresh lock.
    """
    if not home.warehouse.exists():
        raise ForgetError(f"there is no warehouse {home.warehouse}, so nobody can be forgotten")
    source, id_ = _source_and_id(mart_id)
    with closing(duckdb.connect(str(home.warehouse))) as connection:
        work = _Work(connection, home)
        if work.is_loaded(kind, source, id_):
            work.note(kind, work.ids_of_person(kind, source, id_))
        elif not work.is_listed(kind, source, id_):
            raise ForgetError(f"no row that was loaded names the {kind} {mart_id!r}; write the id as the marts do")
        done = work.apply()
        forgotten = Forgotten(done, work.names())
        if is_dry:
            connection.rollback()
            return forgotten
        work.finish(done)
    _clear(home)
    return forgotten


def forget_again(home: Home) -> tuple[Done, ...]:
    """Forget those on the list whom a load brought again. Only for the holder of the refresh lock."""
    if not home.warehouse.exists():
        return ()
    with closing(duckdb.connect(str(home.warehouse))) as connection:
        if not has_table(connection, RAW_SCHEMA, FORGOTTEN):
            return ()
        work = _Work(connection, home)
        done = work.apply()
        work.finish(done)
    _clear(home)
    return done


def _clear(home: Home) -> None:
    """Let no file keep what was overwritten. Where that is killed, the next call does it."""
    with closing(duckdb.connect(str(home.warehouse), read_only=True)) as connection:
        if not connection.execute(f"SELECT 1 FROM {NOTES} WHERE NOT is_cleared").fetchall():
            return
    clear_packages(home.dlt, [source.name for source in SOURCES])
    write_anew(home.warehouse, FORGOTTEN)


def _source_and_id(mart_id: str) -> tuple[str, str]:
    """The source of an id of the marts, and the id as the source writes it."""
    source, colon, id_ = mart_id.partition(":")
    return (source, id_) if colon and source in SOURCES_BY_NAME else ("landing", mart_id)


@dataclass(frozen=True)
class _Raw:
    """A raw table in the landing contract's shape. `texts` are its text columns: those of an earlier release may be
    fewer than the contract's."""

    source: str
    entity: Entity
    texts: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{RAW_SCHEMA}.{quoted(f'{self.source}__{self.entity.name}')}"

    @property
    def shown(self) -> str:
        return f"{RAW_SCHEMA}.{self.source}__{self.entity.name}"

    def columns_of(self, kind: Kind) -> list[Column]:
        """The columns that hold ids of the kind."""
        named = (column for column in self.entity.columns if kind.is_named_by(column, self.entity))
        return [column for column in named if column.name in self.texts]

    @property
    def personal(self) -> tuple[str, ...]:
        """Columns that may say something about whoever the row is about."""
        others = {column.name for column in self.entity.columns if not column.is_personal}
        return tuple(name for name in self.texts if name not in others)


class _Work:
    """One transaction that forgets whoever is on the list."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home) -> None:
        self._connection = connection
        self._home = home
        connection.execute("SET TimeZone = 'UTC'")
        connection.begin()
        connection.execute(
            f"""
            CREATE TABLE IF NOT EXISTS {NOTES} (
                kind VARCHAR, id_hash VARCHAR, pseudonym VARCHAR, address VARCHAR, salt VARCHAR,
                forgotten_at TIMESTAMP, last_version BIGINT, is_cleared BOOLEAN
            );
            CREATE TEMP TABLE found (kind VARCHAR, source VARCHAR, id VARCHAR, pseudonym VARCHAR, address VARCHAR);
            CREATE TEMP TABLE words (
                word VARCHAR, pseudonym VARCHAR, around VARCHAR, source VARCHAR, is_in_texts BOOLEAN
            )
            """
        )
        [(salt,)] = connection.execute(f"SELECT any_value(salt) FROM {NOTES}").fetchall()
        connection.execute("SET VARIABLE forgetting_salt = ?", [salt or secrets.token_hex(16)])
        self._columns = self._text_columns()
        self._raw = [
            _Raw(source.name, entity, tuple(columns))
            for source in CONTRACT_SOURCES
            for entity in ENTITIES
            if (columns := self._columns.get((RAW_SCHEMA, f"{source.name}__{entity.name}")))
        ]
        # An API's tables hold its records as the system says them, whose ids stay: they lead nowhere once it, too,
        # has deleted the record.
        self._api = [
            (table, kind)
            for table in home.api_tables
            for kind in Kind
            if table.entity == kind.entity and (RAW_SCHEMA, table.raw_name) in self._columns
        ]

    def is_listed(self, kind: Kind, source: str, id_: str) -> bool:
        query = f"SELECT 1 FROM {NOTES} WHERE id_hash = {_hash('?', '?', '?')}"
        return bool(self._connection.execute(query, [kind.value, source, id_]).fetchall())

    def is_loaded(self, kind: Kind, source: str, id_: str) -> bool:
        queries = [query for of_kind, of_source, query in self._ids() if (of_kind, of_source) == (kind, source)]
        return any(
            self._connection.execute(f"SELECT 1 FROM ({query}) WHERE id = ? LIMIT 1", [id_]).fetchall()
            for query in queries
        )

    def ids_of_person(self, kind: Kind, source: str, id_: str) -> list[tuple[str, str]]:
        """(source, id) of the person, and of whom other sources know by the same address, as dbt matches people."""
        if kind is not Kind.USER:
            return [(source, id_)]
        people = f"SELECT source, id, lower(trim(word)) AS address FROM ({self._people()}) WHERE is_address"
        others = self._connection.execute(
            f"WITH people AS ({people}) SELECT DISTINCT other.source, other.id"
            " FROM people JOIN people AS other USING (address)"
            " WHERE people.source = $1 AND people.id = $2 AND other.source <> $1",
            [source, id_],
        ).fetchall()
        return [(source, id_), *others]

    def note(self, kind: Kind, ids: Iterable[tuple[str, str]]) -> None:
        """Put a person on the list: a pseudonym per id, and one address, by which the ids still are one person."""
        address = f"{_pseudonym()}{_NOWHERE}"
        for source, id_ in ids:
            if not self.is_listed(kind, source, id_):
                self._connection.execute(
                    f"INSERT INTO {NOTES} SELECT $1, {_hash('$1', '$2', '$3')}, $4, $5,"
                    " getvariable('forgetting_salt'), now()::TIMESTAMP, $6, false",
                    [kind.value, source, id_, _pseudonym(), address, self._home.version],
                )

    def apply(self) -> tuple[Done, ...]:
        """Forget them, and say what was done."""
        self._find()
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

    def names(self) -> tuple[str, ...]:
        found = self._connection.execute("SELECT DISTINCT word FROM words ORDER BY word").fetchall()
        return tuple(name for (name,) in found)

    def finish(self, done: Collection[Done]) -> None:
        """Commit; where something was done, what follows from it goes, and the files have to be cleared."""
        if done:
            for schema, table in self._columns:
                if schema == STAGING_SCHEMA and not table.startswith("_dlt"):
                    self._connection.execute(f"DELETE FROM {STAGING_SCHEMA}.{quoted(table)}")
            drop_schemas(self._connection, self._home.derived)
            self._connection.execute(f"UPDATE {NOTES} SET is_cleared = false")
        self._connection.commit()

    def _text_columns(self) -> dict[tuple[str, str], list[str]]:
        """The text columns of each table, but none of Repline's or a library's own."""
        rows = self._connection.execute(
            """
            SELECT schema_name, table_name, column_name
            FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)
            WHERE database_name = current_database() AND data_type = 'VARCHAR' AND NOT starts_with(column_name, '_')
            ORDER BY ALL
            """
        ).fetchall()
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in rows:
            columns.setdefault((schema, table), []).append(column)
        return columns

    def _has_quarantine(self) -> bool:
        """Whether it is there; that of the first release, which the next load migrates, names no source."""
        return "source" in self._columns.get((RAW_SCHEMA, "quarantine"), ())

    def _ids(self) -> Iterator[tuple[Kind, str, str]]:
        """Kind, source, and SQL of the ids (`id`), for each place that may name somebody."""
        has_quarantine = self._has_quarantine()
        for raw in self._raw:
            for kind in Kind:
                for column in raw.columns_of(kind):
                    where = column.is_id_where or "true"
                    yield kind, raw.source, f"SELECT {column.name} AS id FROM {raw.name} WHERE {where}"
                    if column.is_key and has_quarantine:
                        yield (
                            kind,
                            raw.source,
                            f"SELECT unnest(string_split(record_key, ', ')) AS id FROM {RAW_SCHEMA}.quarantine"
                            f" WHERE source = {literal(raw.source)} AND entity = {literal(raw.entity.name)}",
                        )
        for table, kind in self._api:
            yield kind, table.source, f"SELECT {quoted(table.key[0])} AS id FROM {_api_name(table)}"

    def _people(self) -> str:
        """SQL of what users are called: source, id, word, and whether it is an address."""
        queries = ["SELECT NULL AS source, NULL AS id, NULL AS word, NULL AS is_address WHERE false"]
        for raw in self._raw:
            if raw.entity.name == Kind.USER.entity:
                for column, is_address in (("full_name", "false"), ("email", "true")):
                    queries.append(f"SELECT {literal(raw.source)}, user_id, {column}, {is_address} FROM {raw.name}")
        for table, kind in self._api:
            if kind is not Kind.USER:
                continue
            start = f"SELECT {literal(table.source)}, {quoted(table.key[0])}"
            names = [name for name in ("first_name", "last_name") if name in table.columns] or [
                name for name in ("name", "full_name") if name in table.columns
            ]
            if names:
                word = f"concat_ws(' ', {', '.join(map(quoted, names))})"
                queries.append(f"{start}, {word}, false FROM {_api_name(table)}")
            for name in table.columns:
                if name.startswith("email"):
                    queries.append(f"{start}, {quoted(name)}, true FROM {_api_name(table)}")
        return " UNION ALL ".join(queries)

    def _find(self) -> None:
        """Fill `found` with those on the list whom a row names, and `words` with what they are called.

        A name of one word would be found in texts about anything else, and what another user is called, too, does not
        say who is meant: neither is looked for.
        """
        ids = " UNION ALL ".join(
            f"SELECT DISTINCT {literal(kind)} AS kind, {literal(source)} AS source, id FROM ({query})"
            for kind, source, query in self._ids()
        )
        if not ids:
            return
        self._connection.execute(
            f"""
            INSERT INTO found
            SELECT DISTINCT ids.kind, ids.source, ids.id, notes.pseudonym, notes.address
            FROM ({ids}) AS ids JOIN {NOTES} AS notes
                ON notes.id_hash = {_hash("ids.kind", "ids.source", "ids.id")}
            """
        )
        customers = " UNION ALL ".join(
            f"SELECT name AS word, found.pseudonym FROM {raw.name} JOIN found ON id = account_id AND trim(name) <> ''"
            f" AND source = {literal(raw.source)} AND kind = 'account'"
            for raw in self._raw
            if raw.entity.name == Kind.ACCOUNT.entity
        )
        self._connection.execute(
            f"""
            INSERT INTO words
            WITH people AS (
                SELECT people.*, found.pseudonym
                FROM ({self._people()}) AS people
                LEFT JOIN found ON found.kind = 'user' AND (found.source, found.id) = (people.source, people.id)
            )
            SELECT word, any_value(pseudonym), {literal(_AROUND_NAME)}, NULL, true
            FROM people
            WHERE (word LIKE '%_@_%' OR trim(word) LIKE '%_ _%') AND NOT ends_with(word, {literal(_NOWHERE)})
            GROUP BY word
            HAVING bool_and(pseudonym IS NOT NULL)
            UNION ALL
            SELECT id, pseudonym, {literal(_AROUND_ID)}, source, false FROM found WHERE source IN ({_CONTRACT_SOURCES})
            {"UNION ALL " if customers else ""}
            {f"SELECT word, pseudonym, {literal(_AROUND_NAME)}, NULL, false FROM ({customers})" if customers else ""}
            """
        )

    def _clear_quarantine(self) -> Iterator[Done]:
        """Empty what was kept of bad rows that name them, and lines of transcripts, which nobody can tell apart."""
        if not self._has_quarantine():
            return
        conditions = [
            f"regexp_matches(concat_ws(' ', record_key, value), {literal(pattern)})"
            + (f" AND source = {literal(source)}" if source else "")
            for word, pattern, _, source in self._words()
            if self._columns_with(word, f"{RAW_SCHEMA}.quarantine", ("record_key", "value"))
        ]
        if self._listed_kinds() & {Kind.ACCOUNT, Kind.LEAD}:
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
        for raw in self._raw:
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

    def _settle_versions(self, raw: _Raw, column: str, is_it: str) -> None:
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
        for (schema, table), columns in self._columns.items():
            if schema not in self._home.seen:
                continue
            for column in columns:
                if column in ("user_id", "manager_id"):
                    # dbt's key of a version is a hash of the id.
                    key = ", dbt_scd_id = replace(uuid()::VARCHAR, '-', '')" if "dbt_scd_id" in columns else ""
                    rows = self._count(
                        f"UPDATE {quoted(schema)}.{quoted(table)} AS seen SET {column} = {_mart_id('pseudonym')}{key}"
                        f" FROM found WHERE kind = 'user' AND source IN ({_CONTRACT_SOURCES})"
                        f" AND seen.{column} = {_mart_id('id')}"
                    )
                    yield Done(f"{schema}.{table}", f"{column} replaced by a pseudonym", rows)

    def _empty_contract_rows(self) -> Iterator[Done]:
        """Empty what rows say about them: of a user their own row alone, of others each row that names them."""
        for kind in sorted(self._listed_kinds()):
            for raw in self._raw:
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
        if not self._listed_kinds() & {Kind.ACCOUNT, Kind.LEAD}:
            return
        tables = {(raw.source, raw.entity.name): raw for raw in self._raw}
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
        for table, kind in self._api:
            custom = set(self._columns[RAW_SCHEMA, table.raw_name]) - set(table.columns)
            personal = [each.name for each in table.fields if each.is_personal]
            if kind is Kind.ACCOUNT and "name" in table.columns:
                personal.append("name")
            values = {}
            for name in (*personal, *sorted(custom)):
                is_name = kind is Kind.USER and name in ("name", "full_name", "first_name")
                values[name] = "found.pseudonym" if is_name else "found.address" if name.startswith("email") else "NULL"
            if values:
                yield self._update(
                    _api_name(table),
                    values,
                    f"found.kind = {literal(kind)} AND found.source = {literal(table.source)}"
                    f" AND found.id = landed.{quoted(table.key[0])}",
                    f"{', '.join(values)} emptied",
                    "FROM found",
                )

    def _replace_words(self) -> Iterator[Done]:
        """Replace their names and addresses in all texts, such as those of calls and goals."""
        words = self._words("WHERE is_in_texts")
        loaded = tuple(f"{source.name}__" for source in SOURCES)
        of_users = {raw.shown for raw in self._raw if raw.entity.name == Kind.USER.entity}
        of_users |= {f"{RAW_SCHEMA}.{table.raw_name}" for table, kind in self._api if kind is Kind.USER}
        for (schema, table), columns in self._columns.items():
            is_raw = schema == RAW_SCHEMA and table.startswith(loaded)
            if not is_raw and schema not in self._home.seen:
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

    def _listed_kinds(self) -> set[Kind]:
        return {Kind(kind) for (kind,) in self._connection.execute(f"SELECT DISTINCT kind FROM {NOTES}").fetchall()}

    def _words(self, where: str = "") -> list[tuple[str, str, str, str | None]]:
        """Word, the regular expression that finds it in a text, its pseudonym, and the source alone that means it."""
        pattern = "concat('(?i)(^|', around, ')', regexp_escape(word), '(', around, '|$)')"
        query = f"SELECT DISTINCT word, {pattern}, pseudonym, source FROM words {where}"
        return [(row[0], row[1], row[2], row[3]) for row in self._connection.execute(query).fetchall()]

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


def _pseudonym() -> str:
    return f"forgotten-{secrets.token_hex(6)}"


def _hash(kind: str, source: str, id_: str) -> str:
    """SQL of what the list keeps of an id."""
    return f"sha256(concat_ws(chr(31), getvariable('forgetting_salt'), {kind}, {source}, {id_}))"


def _mart_id(id_: str) -> str:
    """SQL of an id of `found` as the marts write it."""
    return f"CASE found.source WHEN 'landing' THEN found.{id_} ELSE found.source || ':' || found.{id_} END"


def _api_name(table: ApiTable) -> str:
    return f"{RAW_SCHEMA}.{quoted(table.raw_name)}"


def _replaced(column: str, pattern: str, pseudonym: str) -> str:
    """SQL of the text with the word replaced. Twice, because two matches side by side share what is between them."""
    text, replacement = quoted(column), rf"\1{pseudonym}\2"
    for _ in range(2):
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return text
