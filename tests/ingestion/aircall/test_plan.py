"""From where the next load would ask Aircall."""

from __future__ import annotations

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.sources import plan
from tests.ingestion.aircall.records import at, call, user
from tests.ingestion.aircall.server import AircallServer
from tests.ingestion.raw_warehouse import RawWarehouse


def test_lists_are_read_whole_and_calls_from_the_newest_less_the_overlap(
    server: AircallServer, warehouse: RawWarehouse
) -> None:
    def planned(connection: duckdb.DuckDBPyConnection | None) -> list[tuple[str, str, str]]:
        return [(each.what, each.how, each.detail) for each in plan("aircall", SourceOptions(), connection)]

    assert planned(None)[2] == ("calls", "all", "from its beginning")
    assert server.requests == []  # nothing was asked

    anna = user(1, "Anna Ash")
    server.users = [anna]
    server.calls = [call(1, at("2025-01-06T09:00:00"), anna)]
    warehouse.load()
    server.requests.clear()
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        assert planned(connection) == [
            ("users", "list", "the whole list"),
            ("team_users", "list", "the whole list"),
            ("calls", "changes", "since 2025-01-05 09:00:00 UTC; the newest that is known is of 2025-01-06 09:00:00"),
        ]
    assert server.requests == []
