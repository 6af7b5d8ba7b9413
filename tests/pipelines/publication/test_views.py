"""Marts that are too large for the DuckDB file: there under the same name, read from their Parquet files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.text import literal
from pipelines.asking import own_queries
from pipelines.asking.published import AskingError, open_published
from pipelines.copying.tables import tables_of
from pipelines.publication import publish as publication
from pipelines.publication import versions
from pipelines.publication.publish import publish
from pipelines.publication.versions import PublicationError
from pipelines.settings import Settings
from tests.pipelines.publication.published import change_value, lose_row, read
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse, warehouse

KINDS = "SELECT table_name, table_type FROM information_schema.tables WHERE table_name IN ('dim_rep', 'fct_call')"
TABLE, VIEW = "BASE TABLE", "VIEW"
DESCRIBED = """
    SELECT column_name, data_type, columns.comment, objects.comment
    FROM duckdb_columns() AS columns
    JOIN (
        SELECT schema_name, table_name, comment FROM duckdb_tables()
        UNION ALL SELECT schema_name, view_name, comment FROM duckdb_views()
    ) AS objects USING (schema_name, table_name)
    WHERE table_name = 'fct_call' AND schema_name = 'marts' ORDER BY column_index
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse whose fct_call, of three rows, is above the limit."""
    settings = make_settings(tmp_path / "the home's folder", keep_versions=2, duckdb_file_max_rows=2)
    make_warehouse(settings)
    return settings


def limited(settings: Settings, rows: int | None) -> Settings:
    return replace(settings, overrides={**settings.overrides, "duckdb_file_max_rows": rows})


def kinds(settings: Settings) -> dict[str, str]:
    return dict(read(settings, KINDS))


def assert_as_in_the_warehouse(settings: Settings) -> None:
    """Whoever reads the version by a name of the mart gets its rows, with their types and descriptions."""
    rows = "FROM marts.fct_call ORDER BY ALL"
    with warehouse(settings) as connection:
        expected, described = connection.execute(rows).fetchall(), connection.execute(DESCRIBED).fetchall()
    assert read(settings, rows) == expected
    assert read(settings, DESCRIBED) == described
    with open_published(settings) as published:
        assert published.connection.execute(rows).fetchall() == expected
        assert published.columns("fct_call") == {name: type_ for name, type_, *_ in described}
        told = {table["table"]: table["meaning"] for table in own_queries.tables(published)}
        assert told["fct_call"] == described[0][-1]
    version = published.version
    assert read(settings, f"FROM {literal(version.path / 'parquet' / 'fct_call.parquet')} ORDER BY ALL") == expected
    [copied] = [table for table in tables_of(version, {}) if table.name == "fct_call"]
    assert list(copied.form.columns) == [(name, type_) for name, type_, *_ in described]


def file_of(version: versions.Version) -> Path:
    return version.path / "parquet" / "fct_call.parquet"


def test_a_mart_above_the_limit_is_a_view_that_reads_like_the_table(settings: Settings) -> None:
    first = publish(limited(settings, 3), AS_OF, "at the limit")
    assert kinds(settings) == {"dim_rep": TABLE, "fct_call": TABLE}
    second = publish(settings, AS_OF, "above it")
    assert kinds(settings) == {"dim_rep": TABLE, "fct_call": VIEW}
    assert file_of(second).stat().st_ino == file_of(first).stat().st_ino
    assert_as_in_the_warehouse(settings)
    # Also under another name, beside a version whose views read other files.
    with duckdb.connect() as connection:
        for version in (first, second):
            file = version.path / "repline.duckdb"
            connection.execute(f"ATTACH {literal(file)} AS version_{version.number} (READ_ONLY)")
        both = "SELECT * FROM version_1.marts.fct_call EXCEPT ALL SELECT * FROM version_2.marts.fct_call"
        assert connection.execute(both).fetchall() == []


def test_a_view_of_types_that_parquet_lacks_has_them(settings: Settings) -> None:
    with warehouse(settings) as connection:
        connection.execute(
            "CREATE TABLE marts.odd AS SELECT 'open'::ENUM('open', 'won') AS kind, i::HUGEINT AS \"big \"\"one\"\"\""
            " FROM range(3) AS numbers (i)"
        )
    publish(settings, AS_OF, "inputs")
    assert read(settings, "SELECT * FROM marts.odd ORDER BY 2") == [("open", 0), ("open", 1), ("open", 2)]
    assert [row[1] for row in read(settings, "DESCRIBE marts.odd")] == ["ENUM('open', 'won')", "HUGEINT"]


def test_what_is_unchanged_is_taken_over_and_read_from_the_new_version(settings: Settings) -> None:
    first = publish(settings, AS_OF, "first")
    reader = duckdb.connect(str(first.path / "repline.duckdb"), read_only=True)
    second = publish(settings, AS_OF, "second")
    assert file_of(second).stat().st_ino == file_of(first).stat().st_ino
    with warehouse(settings) as connection:
        connection.execute("INSERT INTO marts.fct_call VALUES ('c3', TIMESTAMP '2025-04-03 09:00:00', 1)")
    # A reader goes on with the version that it began with as long as that is kept.
    assert reader.execute("SELECT count(*) FROM marts.fct_call").fetchall() == [(3,)]
    third = publish(settings, AS_OF, "third")
    assert file_of(third).stat().st_ino != file_of(second).stat().st_ino
    assert not first.path.exists()
    assert_as_in_the_warehouse(settings)
    # The version before reads its own file, not the current one.
    versions.rollback(settings)
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]
    reader.close()


def test_without_the_limit_a_view_is_a_table_again(settings: Settings) -> None:
    publish(settings, AS_OF, "first")
    version = publish(limited(settings, None), AS_OF, "second")
    assert kinds(settings) == {"dim_rep": TABLE, "fct_call": TABLE}
    assert_as_in_the_warehouse(settings)
    assert read(settings, "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'marts'") == []
    file_of(version).unlink()
    assert read(settings, "SELECT count(*) FROM marts.fct_call") == [(3,)]


def test_a_lost_parquet_file_costs_its_own_view_alone(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    file_of(version).unlink()
    with pytest.raises(duckdb.IOException, match=r"fct_call\.parquet"):
        read(settings, "FROM marts.fct_call")
    assert read(settings, "FROM marts.dim_rep") == []
    assert read(settings, KINDS) != []


def test_after_the_home_was_moved_the_next_version_reads_from_there(settings: Settings, tmp_path: Path) -> None:
    publish(settings, AS_OF, "first")
    shutil.move(settings.home, tmp_path / "moved")
    moved = replace(settings, home=tmp_path / "moved")
    assert read(moved, "FROM marts.dim_rep") == []
    publish(moved, AS_OF, "second")
    assert_as_in_the_warehouse(moved)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lose_row, "marts.fct_call has 3 rows, its repline.duckdb copy 2"),
        (change_value, "the copies of marts.fct_call differ in their values"),
    ],
)
def test_a_parquet_file_that_differs_from_the_mart_is_not_published(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None], message: str
) -> None:
    good = publish(limited(settings, None), AS_OF, "good")
    with warehouse(settings) as connection:
        connection.execute("UPDATE marts.fct_call SET duration_seconds = 62 WHERE call_id = 'c1'")
    write_parquet = publication._write_parquet

    def write_and_damage(connection: Any, folder: Path, name: str, *rest: Any) -> None:
        write_parquet(connection, folder, name, *rest)
        if name == "fct_call":
            damage(folder / "parquet" / "fct_call.parquet")

    monkeypatch.setattr(publication, "_write_parquet", write_and_damage)
    with pytest.raises(PublicationError, match=message):
        publish(settings, AS_OF, "damaged")
    assert versions.published_version(settings) == good
    assert [path.name for path in (settings.published / "versions").iterdir()] == ["000001"]
    assert read(settings, "SELECT max(duration_seconds)::VARCHAR FROM marts.fct_call") == [("61.500",)]


def test_pages_are_made_of_the_views(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def write_site(connection: duckdb.DuckDBPyConnection, *_: Any, **__: Any) -> None:
        seen.append(connection.execute("SELECT count(*) FROM marts.fct_call").fetchall())

    monkeypatch.setattr(publication, "write_site", write_site)
    monkeypatch.setattr(publication, "is_installed", lambda: True)
    monkeypatch.setattr(publication, "has_marts", lambda _: True)
    publish(settings, AS_OF, "inputs")
    assert seen == [[(3,)]]


def test_who_asks_reads_the_views_and_no_other_file(settings: Settings) -> None:
    version = publish(settings, AS_OF, "inputs")
    other = version.path / "secret.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS secret) TO {literal(other)} (FORMAT parquet)")
    with open_published(settings) as published:
        assert own_queries.run(published, "SELECT count(*) AS calls FROM marts.fct_call", 1) == [{"calls": 3}]
        for query in (
            f"FROM {literal(other)}",
            f"FROM read_parquet({literal(settings.warehouse)})",
            "FROM marts.parquet_of('../secret')",
            "FROM marts.parquet_of('*')",
            "FROM read_text('/etc/hostname')",
            f"FROM glob({literal(version.path / '*')})",
        ):
            with pytest.raises(AskingError, match="disabled by configuration"):
                own_queries.run(published, query, 10)
        # Two at once have nothing to do with each other.
        with open_published(settings) as again:
            assert own_queries.run(again, "SELECT count(*) AS calls FROM marts.fct_call", 1) == [{"calls": 3}]
