"""Readers are never disturbed: they see whole versions and no lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.publication.publish import publish
from tests.pipelines.publication.published import grow, read
from tests.pipelines.small_warehouse import AS_OF, make_settings, make_warehouse
from tests.processes import FORKS


def keep_reading(published: str, may_end: Any, results: Any) -> None:
    """Query both forms again and again; put the number of queries, the versions seen, the first error."""
    queries, seen, error = 0, set(), ""
    try:
        while not may_end.is_set():
            with duckdb.connect(f"{published}/marts.duckdb", read_only=True) as connection:
                # fct_call of version n has n * 50000 rows with n in each.
                for table in ("marts.fct_call", f"'{published}/parquet/fct_call.parquet'"):
                    query = f"SELECT min(version), max(version), count(*) FROM {table}"
                    [(least, most, count)] = connection.execute(query).fetchall()
                    if least != most or count != least * 50_000:
                        raise AssertionError(f"{table}: half a version, {least} to {most}, {count} rows")
                    seen.add(least)
                    queries += 1
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    results.put((queries, seen, error))


def test_a_reader_sees_whole_versions_and_no_lock_all_through_three_publications(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    grow(settings, 1)
    publish(settings, AS_OF, "1")
    may_end, results = FORKS.Event(), FORKS.Queue()
    process = FORKS.Process(target=keep_reading, args=(str(settings.published), may_end, results))
    process.start()
    try:
        for number in (2, 3, 4):
            grow(settings, number)
            publish(settings, AS_OF, str(number))
        # On a busy machine the reader may still be starting: let it see the last version for a while.
        process.join(2)
    finally:
        may_end.set()
    queries, seen, error = results.get(timeout=60)
    process.join()
    assert error == ""
    assert queries > 10
    assert 4 in seen


def test_a_reader_of_an_old_version_goes_on_after_it_was_pruned(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, keep_versions=2)
    make_warehouse(settings)
    grow(settings, 1)
    old = publish(settings, AS_OF, "1")
    query = "SELECT min(version), max(version), count(*), max(call_id) FROM marts.fct_call"
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as reader:
        for number in (2, 3):
            grow(settings, number)
            publish(settings, AS_OF, str(number))
        assert not old.path.exists()
        # The first read of the data: nothing of it is in the reader's memory yet.
        assert reader.execute(query).fetchall()[0][:3] == (1, 1, 50_000)
    assert read(settings, query)[0][:3] == (3, 3, 150_000)
