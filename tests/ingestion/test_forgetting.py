"""Forgetting somebody in the warehouse: no file holds them, rows stay, and later loads do not bring them back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.clearing import last_version_in_clear
from ingestion.contract import ENTITIES
from ingestion.forgetting import Done, ForgetError, Home, Kind, forget, forget_again, transaction
from ingestion.forgetting.notes import NOTES
from ingestion.hubspot import TABLES as HUBSPOT_TABLES

OWNERS = next(table for table in HUBSPOT_TABLES if table.name == "owners")
DEALS = next(table for table in HUBSPOT_TABLES if table.name == "deals")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A rep whom two systems know, who is coached and spoken of, and a customer, who is called."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA snapshots; CREATE SCHEMA marts")
        for entity in ENTITIES:
            columns = ", ".join(f"{column.name} {column.type.value}" for column in entity.columns)
            connection.execute(f"CREATE TABLE raw.landing__{entity.name} ({columns}, _file VARCHAR)")
        connection.execute("ALTER TABLE raw.landing__users ADD COLUMN phone VARCHAR")
        # What an earlier release loaded lacks columns.
        connection.execute("ALTER TABLE raw.landing__opportunities DROP COLUMN sourced_by_id")
        for table in (OWNERS, DEALS):
            columns = ", ".join(f'"{field.name}" VARCHAR' for field in table.fields)
            connection.execute(f"CREATE TABLE raw.{table.raw_name} ({columns}, shoe_size VARCHAR)")
        connection.execute(
            """
            CREATE TABLE raw.quarantine (
                source VARCHAR, entity VARCHAR, record_key VARCHAR, column_name VARCHAR, value VARCHAR
            );
            CREATE TABLE snapshots.users_seen AS
                SELECT 'ada-1' AS user_id, 'ada-1' AS manager_id, 'a hash of ada' AS dbt_scd_id;
            CREATE TABLE marts.dim_rep AS SELECT 'Ada Lovelace' AS full_name
            """
        )
    put(
        warehouse,
        users=[
            {"user_id": "ada-1", "full_name": "Ada Lovelace", "email": "ada@example.com", "phone": "+44 1815"},
            {"user_id": "ada-10", "full_name": "Ada Lovelace-King", "manager_id": "ada-1"},
        ],
        accounts=[{"account_id": "acme", "name": "Acme Ltd", "owner_id": "ada-1"}],
        opportunities=[{"opportunity_id": "o1", "account_id": "acme", "name": "Anvils for Wile", "amount": 10}],
        calls=[
            {"call_id": "c1", "user_id": "ada-1", "account_id": "acme"},
            {"call_id": "c2", "user_id": "ada-10", "opportunity_id": "o1"},
            {"call_id": "c3", "user_id": "ada-10"},
        ],
        call_turns=[
            {"call_id": "c1", "turn": 1, "text": "This is ada lovelace, Ada Lovelace!"},
            {"call_id": "c2", "turn": 1, "text": "Mr Wile here", "speaker_id": "wile"},
            {"call_id": "c3", "turn": 1, "text": "Hello", "speaker_id": "ada-10"},
        ],
        goals=[
            {"goal_id": "g1", "owner_type": "rep", "owner_id": "ada-1", "rationale": "Ada Lovelace can do it"},
            {"goal_id": "g2", "owner_type": "team", "owner_id": "ada-1"},
        ],
        quarantine=[
            {"entity": "users", "record_key": "ada-1", "column_name": "left_on", "value": "soon"},
            {"entity": "calls", "value": 'c9,"ada-1,x'},
            {"entity": "calls", "record_key": "ada-10", "value": "kept"},
            {"entity": "calls", "source": "exports", "record_key": "ada-1", "value": "kept"},
            {"entity": "call_turns", "value": "c1,1,Meep meep"},
        ],
    )
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"""
            INSERT INTO raw.{OWNERS.raw_name} (id, email, first_name, last_name, shoe_size)
                VALUES ('42', 'ADA@example.com', 'Ada', 'King', '37'), ('43', 'bob@example.com', 'Bob', 'B', '44');
            INSERT INTO raw.{DEALS.raw_name} (id, hubspot_owner_id, dealname) VALUES ('42', '42', 'By Ada King')
            """
        )
    package = tmp_path / "dlt" / "repline_landing" / "load"
    package.mkdir(parents=True)
    (package / "users.parquet").write_text("Ada Lovelace")
    return Home(warehouse, tmp_path / "dlt", ["marts"], ["snapshots"], (OWNERS, DEALS), version=3)


def put(warehouse: Path, **tables: list[Mapping[str, Any]]) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        for table, rows in tables.items():
            for row in rows:
                name, given = ("quarantine", {"source": "landing", **row}) if table == "quarantine" else (table, row)
                place = "raw.quarantine" if name == "quarantine" else f"raw.landing__{name}"
                marks = ", ".join("?" for _ in given)
                connection.execute(f"INSERT INTO {place} ({', '.join(given)}) VALUES ({marks})", [*given.values()])


def read(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def pseudonym(home: Home) -> str:
    [(name,)] = read(home, "SELECT owner_id FROM raw.landing__accounts")
    assert name.startswith("forgotten-")
    return str(name)


def holding(home: Home, *words: str) -> dict[str, list[str]]:
    """The files of the home that hold a word, by word."""
    files = [path for path in home.warehouse.parent.rglob("*") if path.is_file()]
    found = {word: [path.name for path in files if word.encode() in path.read_bytes()] for word in words}
    return {word: names for word, names in found.items() if names}


def test_a_user_is_in_no_file_and_their_rows_stay(home: Home) -> None:
    words = (
        "Ada Lovelace,",
        "Ada Lovelace!",
        "ada lovelace",
        "ada@example.com",
        "ADA@",
        "+44 1815",
        "a hash of ada",
        "Ada King",
    )
    assert set(words) - set(holding(home, *words)) == {"Ada Lovelace,"}
    forgotten = forget(home, Kind.USER, "ada-1")
    assert forgotten.names == ("ADA@example.com", "Ada King", "Ada Lovelace", "ada-1", "ada@example.com")
    assert holding(home, *words) == {}
    name = pseudonym(home)
    [user, other] = read(
        home, "SELECT user_id, full_name, email, phone, manager_id FROM raw.landing__users ORDER BY full_name DESC"
    )
    assert user[:2] == (name, name)
    assert user[2].endswith("@forgotten.invalid")
    assert user[3:] == (None, None)
    # Who has a longer name, or an id that begins alike, is somebody else.
    assert other == ("ada-10", "Ada Lovelace-King", None, None, name)
    assert read(home, "SELECT user_id FROM raw.landing__calls ORDER BY call_id") == [(name,), ("ada-10",), ("ada-10",)]
    assert read(home, "SELECT text FROM raw.landing__call_turns ORDER BY call_id") == [
        (f"This is {name}, {name}!",),
        ("Mr Wile here",),
        ("Hello",),
    ]
    assert read(home, "SELECT owner_id, rationale FROM raw.landing__goals ORDER BY goal_id") == [
        (name, f"{name} can do it"),
        ("ada-1", None),
    ]
    assert read(home, "SELECT user_id, manager_id FROM snapshots.users_seen") == [(name, name)]
    assert read(home, "SELECT record_key, value FROM raw.quarantine ORDER BY ALL") == [
        ("ada-1", "kept"),
        ("ada-10", "kept"),
        (None, "c1,1,Meep meep"),
        (None, None),
        (None, None),
    ]
    assert read(home, "FROM duckdb_tables() WHERE schema_name = 'marts'") == []


def test_the_ids_of_other_systems_stay_one_person(home: Home) -> None:
    forget(home, Kind.USER, "hubspot:42")
    [(address,)] = read(home, f"SELECT email FROM raw.{OWNERS.raw_name} WHERE id = '42'")
    assert read(home, f"SELECT user_id FROM raw.landing__users WHERE email = '{address}'") == [(pseudonym(home),)]
    [(first, last, shoe_size)] = read(
        home, f"SELECT first_name, last_name, shoe_size FROM raw.{OWNERS.raw_name} WHERE id = '42'"
    )
    assert first.startswith("forgotten-")
    assert (last, shoe_size) == (None, None)
    assert read(home, f"SELECT first_name FROM raw.{OWNERS.raw_name} WHERE id = '43'") == [("Bob",)]
    assert forget_again(home) == ()
    # A deal is no person, even under the same number.
    assert read(home, f"SELECT id, hubspot_owner_id, dealname FROM raw.{DEALS.raw_name}") == [
        ("42", "42", f"By {first}")
    ]


def test_what_was_said_with_a_customer_goes_too(home: Home) -> None:
    words = ("Acme Ltd", "Anvils", "Wile", "Meep", "lovelace, ")
    assert len(holding(home, *words)) == len(words)
    forget(home, Kind.ACCOUNT, "acme")
    assert holding(home, *words) == {}
    assert read(home, "SELECT text, speaker_id FROM raw.landing__call_turns ORDER BY call_id") == [
        (None, None),
        (None, None),
        ("Hello", "ada-10"),
    ]
    [(account, amount)] = read(home, "SELECT account_id, amount::INTEGER FROM raw.landing__opportunities")
    assert amount == 10
    assert read(home, "SELECT account_id, name FROM raw.landing__accounts") == [(account, None)]
    assert read(home, "SELECT account_id FROM raw.landing__calls WHERE call_id = 'c1'") == [(account,)]


def test_a_later_load_does_not_bring_them_back(home: Home) -> None:
    forget(home, Kind.USER, "ada-1")
    forget(home, Kind.ACCOUNT, "acme")
    name = pseudonym(home)
    assert forget_again(home) == ()
    put(
        home.warehouse,
        users=[{"user_id": "ada-1", "full_name": "Ada Lovelace", "email": "ada@example.com", "team": "new"}],
        call_turns=[
            {"call_id": "c3", "turn": 2, "text": "With Ada Lovelace"},
            {"call_id": "c2", "turn": 2, "text": "Wile"},
        ],
        quarantine=[{"entity": "users", "record_key": "ada-1", "value": "soon"}],
    )
    done = {each.table for each in forget_again(home)}
    assert done == {"raw.landing__users", "raw.landing__call_turns", "raw.quarantine"}
    assert holding(home, 'Ada Lovelace"', "ada@example.com", "With Ada", "Wile") == {}
    # What was loaded last stands, under the name of before.
    assert read(home, "SELECT full_name, team FROM raw.landing__users WHERE manager_id IS NULL") == [(name, "new")]
    assert forget_again(home) == ()


def test_an_older_row_that_comes_again_gives_way(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "UPDATE raw.landing__users SET team = 'now', updated_at = '2025-05-01' WHERE user_id = 'ada-1'"
        )
    forget(home, Kind.USER, "ada-1")
    put(home.warehouse, users=[{"user_id": "ada-1", "full_name": "Ada", "team": "then", "updated_at": "2025-04-01"}])
    forget_again(home)
    assert read(home, "SELECT team FROM raw.landing__users WHERE manager_id IS NULL") == [("now",)]


def test_a_dry_run_says_the_same_and_changes_nothing(home: Home) -> None:
    before = home.warehouse.read_bytes()
    said = forget(home, Kind.USER, "ada-1", is_dry=True)
    assert home.warehouse.read_bytes() == before
    assert holding(home, "Ada Lovelace")["Ada Lovelace"] == ["warehouse.duckdb", "users.parquet"]
    assert forget(home, Kind.USER, "ada-1") == said
    assert Done("raw.landing__calls", "user_id replaced by a pseudonym", 1) in said.done


def test_who_was_forgotten_is_told_from_who_is_unknown(home: Home) -> None:
    forget(home, Kind.USER, "ada-1")
    assert last_version_in_clear(home.warehouse) == 3
    before = home.warehouse.stat().st_ino
    assert forget(home, Kind.USER, "ada-1").done == ()
    assert home.warehouse.stat().st_ino == before
    with pytest.raises(ForgetError, match="no row that was loaded names the lead 'ada-1'"):
        forget(home, Kind.LEAD, "ada-1")


def test_one_that_was_killed_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(transaction, "write_anew", die)
        with pytest.raises(KeyboardInterrupt):
            forget(home, Kind.USER, "ada-1")
    forget_again(home)
    assert holding(home, "ada@example.com") == {}
    assert read(home, f"SELECT DISTINCT is_cleared FROM {NOTES}") == [(True,)]
