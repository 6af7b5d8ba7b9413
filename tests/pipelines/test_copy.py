"""The copy in PostgreSQL: equal to the published version, atomic for its readers, cheap where little changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner

from ingestion.warehouse import raw_pipeline
from pipelines.assets.names import REFRESH_JOB
from pipelines.cli import main
from pipelines.copying.copy import Copied, copy_version
from pipelines.copying.tables import Key, keys_of
from pipelines.copying.target import CopyError, Target, target_of
from pipelines.definitions import build_defs
from pipelines.doctor import home
from pipelines.publication.publish import publish
from pipelines.publication.versions import published_version
from pipelines.runs.dbt_runs import prepare_manifest
from pipelines.settings import Settings, SettingsError
from tests.ingestion.database.server import PASSWORD, USER, PostgresServer
from tests.pipelines.conftest import RefreshedHome, refresh
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse, warehouse

KEYS = {"fct_call": Key(("call_id",), is_primary=True), "dim_rep": Key(("user_id",), is_primary=False)}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    with server.connect() as connection:
        connection.execute("CREATE ROLE bi LOGIN PASSWORD 'reads'")
    yield server
    server.stop()


@dataclass
class Company:
    """A small warehouse, and a database that its marts are copied to."""

    settings: Settings
    server: PostgresServer
    database: str

    def publish(self, statement: str = "") -> None:
        with warehouse(self.settings) as connection:
            connection.execute(statement or "SELECT 1")
        publish(self.settings, AS_OF, statement)

    def copy(self) -> Copied:
        version = published_version(self.settings)
        assert version
        return copy_version(version, target_of(self.settings), KEYS, str(self.settings.dlt_home))

    def read(self, query: str, user: str = USER, password: str = PASSWORD) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host="127.0.0.1", port=self.server.port, user=user, password=password, dbname=self.database
        ) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
def company(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Company:
    database = f"test_{abs(hash(request.node.name))}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {database}".encode())
    monkeypatch.setenv("COPY__PASSWORD", PASSWORD)
    settings = make_settings(tmp_path / "home")
    make_warehouse(settings)
    # The job loads and copies in one process, and dlt's configuration is the process's.
    raw_pipeline("landing", tmp_path / "loaded.duckdb", settings.dlt_home)
    url = f"postgresql://{USER}@127.0.0.1:{server.port}/{database}"
    made = Company(replace(settings, copy_to=url, copy_reader="bi"), server, database)
    made.publish("DELETE FROM marts.fct_call WHERE call_id = 'c2'")
    return made


def grow(number: int, rows: int = 20_000) -> str:
    """fct_call with as many rows, each of which names the number."""
    return (
        f"CREATE OR REPLACE TABLE marts.fct_call AS SELECT {number} AS version, 'call ' || i AS call_id "
        f"FROM range({rows}) AS calls (i)"
    )


def test_the_copy_holds_the_values_types_comments_and_keys_of_the_published_version(company: Company) -> None:
    company.publish(
        "INSERT INTO marts.dim_rep VALUES ('u1', ''), ('ü ''\"\\\n', NULL);"
        "INSERT INTO marts.fct_call VALUES ('c3', '0001-01-01 00:00:00.000001', 999999999999.999);"
        'CREATE TABLE marts.odd__names AS SELECT 1 AS "Größe m²", 2 AS a__b_'
    )
    assert company.copy().sent == ("dataset_freshness", "dim_rep", "fct_call", "odd__names", "publication")

    assert company.read('SELECT "Größe m²", a__b_ FROM marts.odd__names') == [(1, 2)]

    assert company.read("SELECT * FROM marts.dim_rep ORDER BY 1") == [("u1", ""), ("ü '\"\\\n", None)]
    with duckdb.connect(str(company.settings.published / "repline.duckdb"), read_only=True) as published:
        for table in ("fct_call", "dim_rep", "publication", "dataset_freshness"):
            query = f"SELECT * FROM marts.{table} ORDER BY 1, 2"
            expected = published.execute(query + ", 3" * (table != "dim_rep")).fetchall()
            assert sorted(company.read(query), key=repr) == sorted(expected, key=repr)
    columns = company.read(
        "SELECT column_name, data_type, numeric_precision, numeric_scale, col_description('marts.fct_call'::regclass, "
        "ordinal_position::int) FROM information_schema.columns WHERE table_name = 'fct_call' ORDER BY ordinal_position"
    )
    assert columns == [
        ("call_id", "character varying", None, None, None),
        ("started_at", "timestamp without time zone", None, None, None),
        ("duration_seconds", "numeric", 15, 3, "Length in seconds."),
    ]
    assert company.read("SELECT obj_description('marts.fct_call'::regclass)") == [
        ("One row per call; the source's own id.",)
    ]
    keys = company.read("SELECT conrelid::regclass::text, contype::text FROM pg_constraint WHERE contype IN ('p', 'u')")
    assert {("marts.fct_call", "p"), ("marts.dim_rep", "u")} <= set(keys)
    assert company.read("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%loading%'") == []


def test_only_changed_tables_are_sent_and_removed_ones_go(company: Company) -> None:
    company.copy()
    assert company.copy().sent == ()
    company.publish("INSERT INTO marts.dim_rep VALUES ('u1', 'Ada')")
    assert company.copy().sent == ("dim_rep", "publication")
    company.publish("DROP TABLE marts.dim_rep")
    copied = company.copy()
    assert copied.removed == ("dim_rep",)
    assert "fct_call" not in copied.sent
    assert company.read("SELECT to_regclass('marts.dim_rep')") == [(None,)]


def test_the_reader_role_reads_all_tables_and_writes_none(company: Company) -> None:
    company.copy()
    company.publish(grow(1))
    company.copy()
    for table in ("fct_call", "dim_rep", "publication", "dataset_freshness"):
        company.read(f"SELECT count(*) FROM marts.{table}", "bi", "reads")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        company.read("DELETE FROM marts.fct_call RETURNING 1", "bi", "reads")


def test_views_of_others_live_on_and_stop_only_a_change_of_columns(company: Company) -> None:
    company.publish(grow(1))
    company.copy()
    with company.server.connect(company.database) as connection:
        connection.execute("CREATE VIEW public.mine AS SELECT max(version) AS newest FROM marts.fct_call")
    company.publish(grow(2))
    company.copy()
    assert company.read("SELECT newest FROM public.mine") == [(2,)]

    company.publish("ALTER TABLE marts.fct_call ADD COLUMN more INTEGER")
    with pytest.raises(CopyError, match=r"view mine depends on table marts\.fct_call"):
        company.copy()
    assert company.read("SELECT newest FROM public.mine") == [(2,)]
    assert company.read("SELECT max(version) FROM marts.publication") == [(3,)]


def test_a_reader_sees_whole_versions_and_no_error_all_through(company: Company) -> None:
    company.publish(grow(2))
    company.copy()
    may_end = threading.Event()
    seen: set[int] = set()
    errors: list[BaseException] = []

    def keep_reading(isolation: psycopg.IsolationLevel) -> None:
        try:
            with company.server.connect(company.database) as connection:
                connection.autocommit = False
                connection.isolation_level = isolation
                while not may_end.is_set():
                    with connection.transaction():
                        [(version,)] = connection.execute("SELECT max(version) FROM marts.publication").fetchall()
                        [(least, most, count)] = connection.execute(
                            "SELECT min(version), max(version), count(*) FROM marts.fct_call"
                        ).fetchall()
                    assert least == most and count == 20_000, (least, most, count)
                    if isolation == psycopg.IsolationLevel.REPEATABLE_READ:
                        assert version == least
                    seen.add(least)
        except BaseException as error:
            errors.append(error)

    levels = (psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.REPEATABLE_READ)
    readers = [threading.Thread(target=keep_reading, args=(level,)) for level in levels]
    for reader in readers:
        reader.start()
    try:
        for number in (3, 4):
            company.publish(grow(number))
            company.copy()
    finally:
        may_end.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert {2, 3} <= seen


def test_a_change_of_columns_waits_for_a_long_query_without_stopping_others(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.copy()
    company.publish("ALTER TABLE marts.fct_call ADD COLUMN more INTEGER")
    with company.server.connect(company.database) as long_query:
        long_query.execute("BEGIN")
        long_query.execute("SELECT count(*) FROM marts.fct_call")
        results: list[Copied] = []
        copying = threading.Thread(target=lambda: results.append(company.copy()))
        copying.start()
        copying.join(3)
        assert copying.is_alive()
        assert company.read("SELECT count(*) FROM marts.fct_call") == [(1,)]
        long_query.execute("COMMIT")
        copying.join()
    assert "fct_call" in results[0].sent
    assert company.read("SELECT more FROM marts.fct_call") == [(None,)]


def test_a_copy_that_fails_leaves_the_one_before(company: Company) -> None:
    company.copy()
    company.publish("UPDATE marts.fct_call SET duration_seconds = 1; INSERT INTO marts.dim_rep VALUES ('a', 'A')")
    with company.server.connect(company.database) as connection:
        connection.execute("ALTER TABLE marts.dim_rep ADD CHECK (user_id <> 'a')")
    with pytest.raises(CopyError, match="keep the one before: new row for relation"):
        company.copy()
    assert company.read("SELECT duration_seconds::text FROM marts.fct_call") == [("61.500",)]
    with company.server.connect(company.database) as connection:
        connection.execute("DROP TABLE marts.dim_rep")
    # What somebody removed is brought back, too.
    assert {"dim_rep", "fct_call"} <= set(company.copy().sent)


def test_tables_of_others_are_never_replaced(company: Company) -> None:
    with company.server.connect(company.database) as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute("CREATE TABLE marts.dim_rep (theirs int)")
    with pytest.raises(CopyError, match="'dim_rep' that is no copy; choose another schema"):
        company.copy()
    company.settings = replace(company.settings, copy_schema="repline")
    company.copy()
    assert company.read("SELECT count(*) FROM repline.fct_call") == [(1,)]


def test_errors_say_what_to_do_and_no_password(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def error(**changes: Any) -> str:
        company.settings = replace(company.settings, **changes)
        with pytest.raises(CopyError) as raised:
            company.copy()
        assert raised.value.__cause__ is None
        return str(raised.value)

    assert "CREATE ROLE" in error(copy_reader="nobody there")
    monkeypatch.setenv("COPY__PASSWORD", "wr@ng/secret")
    text = error(copy_reader=None)
    assert "password authentication failed" in text
    assert "wr@ng" not in text and "wr%40ng" not in text
    assert "repline copy --to" in error(copy_to=None)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:topsecret@host/db", "--to holds a password"),
        ("postgresql://u@host/db?password=topsecret", "--to holds a password"),
        ("mysql://u@host/db", "--to is no URL of a PostgreSQL database"),
        ("postgresql://host", "--to is no URL of a PostgreSQL database"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_and_not_repeated(
    url: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLINE_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["copy", "--to", url])
    assert result.exit_code == 1
    assert message in result.output
    assert "topsecret" not in result.output
    with pytest.raises(SettingsError, match="REPLINE_COPY_TO"):
        Settings.from_environment({"REPLINE_HOME": str(tmp_path), "REPLINE_COPY_TO": url})


def test_keys_are_those_that_dbt_tests(tmp_path: Path) -> None:
    manifest = json.loads(prepare_manifest(make_settings(tmp_path)).read_text(encoding="utf-8"))
    keys = keys_of(manifest)
    assert keys["fct_rep_day"] == Key(("user_id", "date_day"), is_primary=True)
    assert keys["fct_opportunity"].columns == ("opportunity_id",)
    marts = {node["name"] for node in manifest["nodes"].values() if node["schema"] == "marts"}
    assert keys.keys() <= marts


def test_a_rollback_takes_the_copy_back_with_it(company: Company) -> None:
    company.copy()
    company.publish("INSERT INTO marts.dim_rep VALUES ('wrong', 'Nobody')")
    company.copy()
    environment = {"REPLINE_HOME": str(company.settings.home), "REPLINE_COPY_TO": str(company.settings.copy_to)}
    done = CliRunner().invoke(main, ["rollback"], env=environment)
    assert done.exit_code == 0, done.output
    assert "The copy holds version 1" in done.stdout
    assert company.read("SELECT * FROM marts.dim_rep") == []

    without = CliRunner().invoke(main, ["rollback", "2"], env={"REPLINE_HOME": str(company.settings.home)})
    assert "A copy that `repline copy --to` made still holds what it held" in without.stdout


def test_the_job_copies_only_where_a_database_is_named(company: Company) -> None:
    def steps(settings: Settings) -> set[str]:
        return set(build_defs(settings).resolve_job_def(REFRESH_JOB).graph.node_dict)

    assert steps(company.settings) - steps(replace(company.settings, copy_to=None)) == {"copy_marts"}


def test_a_refresh_with_nothing_new_makes_up_for_a_copy_that_is_behind(
    refreshed: RefreshedHome, company: Company
) -> None:
    settings = replace(refreshed.settings, copy_to=company.settings.copy_to, copy_schema="all_marts")
    outcome = refresh(settings)
    assert outcome.failure == "" and outcome.version and not outcome.is_new
    for table in outcome.version.tables:
        assert company.read(f"SELECT count(*) FROM all_marts.{table.name}") == [(table.row_count,)]
    with duckdb.connect(str(settings.published / "repline.duckdb"), read_only=True) as published:
        query = "SELECT * FROM {}.kpi_rep_scorecard ORDER BY user_id, period_type, period_start"
        assert company.read(query.format("all_marts")) == published.execute(query.format("marts")).fetchall()
    # Of all marts that have a key, none was left without.
    manifest = json.loads(prepare_manifest(settings).read_text(encoding="utf-8"))
    constrained = company.read(
        "SELECT relname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE contype IN ('p', 'u')"
    )
    assert keys_of(manifest).keys() <= {name for (name,) in constrained}
    assert len(keys_of(manifest)) > 30


def test_the_doctor_looks_whether_the_database_answers(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = home.copied(company.settings)
    assert (found.state, found.text) == ("ok", f"{company.settings.copy_to} answers")
    monkeypatch.setenv("COPY__PASSWORD", f"wrong {PASSWORD}")
    [found] = home.copied(company.settings)
    assert found.state == "fault"
    assert PASSWORD not in found.text


def test_the_target_tells_no_password(company: Company) -> None:
    target = target_of(company.settings)
    assert isinstance(target, Target)
    assert PASSWORD not in repr(target)
