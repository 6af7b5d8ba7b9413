"""`repline forget`: afterwards no file of the data home holds the person, and the totals are what they were."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from ingestion.searching import files_with
from pipelines.cli import main
from pipelines.publication.versions import version_numbers
from pipelines.settings import Settings
from tests.pipelines.conftest import RefreshedHome
from tests.pipelines.test_refresh import copy_of

pytestmark = pytest.mark.slow

TOTALS = {
    "reps": "SELECT count(*), count(DISTINCT team) FROM marts.dim_rep",
    "calls": "SELECT count(*), sum(duration_seconds), count(DISTINCT user_id) FROM marts.fct_call",
    "deals": "SELECT count(*), sum(won_amount), count(DISTINCT closed_owner_id) FROM marts.fct_opportunity",
    "days": "SELECT count(*), sum(won_amount), sum(calls_count) FROM marts.fct_rep_day",
}


def totals(settings: Settings) -> dict[str, Any]:
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        return {name: connection.execute(query).fetchall() for name, query in TOTALS.items()}


def forget(settings: Settings, *arguments: str) -> tuple[int, str]:
    environment = {"REPLINE_HOME": str(settings.home), "REPLINE_AS_OF": "2025-12-31T18:00:00Z"}
    result = CliRunner().invoke(main, ["forget", *arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def kept(settings: Settings) -> dict[Path, bytes]:
    """All files that Repline keeps: those of the home but for the landing files, which are the user's."""
    files = (path for path in settings.home.rglob("*") if path.is_file() and settings.landing not in path.parents)
    return {path: path.read_bytes() for path in files}


def rows_with(settings: Settings, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """(table, word) of the warehouse and the published database: their files are compressed."""
    found = []
    # The demo company makes ids of goals and quotas of those of their owners.
    patterns = [rf"(^|[^\w-]){re.escape(word)}([^\w-]|$)" for word in words]
    for database in (settings.warehouse, settings.published / "marts.duckdb"):
        with duckdb.connect(str(database), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
            for (table,) in tables:
                [row] = connection.execute(
                    f"SELECT {', '.join('bool_or(regexp_matches(t::VARCHAR, ?))' for _ in words)} FROM {table} AS t",
                    patterns,
                ).fetchall()
                found += [(table, word) for word, is_there in zip(words, row, strict=True) if is_there]
    return found


@pytest.mark.usefixtures("clean_environment")
def test_a_rep_is_in_no_file_and_the_totals_stay(refreshed: RefreshedHome, tmp_path: Path) -> None:
    settings = copy_of(refreshed, tmp_path / "home")
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as connection:
        [(id_, name, email)] = connection.execute(
            "SELECT user_id, full_name, email FROM marts.dim_rep JOIN marts.fct_call USING (user_id)"
            " GROUP BY ALL ORDER BY count(*) DESC, user_id LIMIT 1"
        ).fetchall()
    before = totals(settings)

    assert forget(settings, "user", "nobody-9") == (
        1,
        "Error: no row that was loaded names the user 'nobody-9'; write the id as the marts do\n",
    )
    assert len({word for _, word in rows_with(settings, (id_, name, email))}) == 3
    warehouse = settings.warehouse.read_bytes()
    code, said = forget(settings, "user", id_, "--dry-run")
    assert code == 0
    assert "raw.landing__users: 1 row, email, full_name emptied" in said
    assert "Published versions that would be replaced: 1. Nothing was changed." in said
    assert settings.warehouse.read_bytes() == warehouse
    assert version_numbers(settings) == [1]

    code, said = forget(settings, "user", id_)
    assert code == 0, said
    assert "raw.landing__calls: " in said
    assert f"  {settings.landing / 'users.csv'}" in said
    assert "Published versions that are gone: 1." in said
    words = re.compile("|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in (id_, name, email)).encode())
    assert [path for path, content in kept(settings).items() if words.search(content)] == []
    assert files_with(settings.published, [id_, name, email]) == []
    assert rows_with(settings, (id_, name, email)) == []
    assert totals(settings) == before

    code, said = forget(settings, "user", id_)
    assert (code, said.splitlines()[0]) == (
        0,
        f"The user {id_} was forgotten before; there is nothing left in the warehouse.",
    )
    assert version_numbers(settings) == [2]
