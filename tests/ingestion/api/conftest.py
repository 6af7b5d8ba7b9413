"""A made-up system over real HTTP, and a source that reads it, for the tests of what all API sources share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from ingestion.api.client import ApiClient
from ingestion.api.options import Slice, SourceOptions
from ingestion.api.resources import detail_resource, table_resource
from ingestion.api.tables import ApiTable, Field, FieldType, batched
from ingestion.warehouse import raw_pipeline
from tests.ingestion.http_server import Answer, Asked, HttpServer
from tests.ingestion.loading import run

TOKEN = "the-secret-token"
PAGE = 10
FIRST_MOMENT = datetime(2025, 1, 1, tzinfo=UTC)
OVERLAP_SECONDS = 60
SETTLING_SECONDS = 300

DEALS = ApiTable(
    "made_up",
    "deals",
    "Deals.",
    ("deal_id",),
    (
        Field("deal_id", "id"),
        Field("name", "properties.name"),
        Field("email", "properties.email", is_personal=True),
        Field("updated_at", "properties.changed", FieldType.ISO),
    ),
    cursor="updated_at",
    entity="opportunities",
    custom_path="properties",
)
OWNERS = ApiTable(
    "made_up", "owners", "Owners.", ("owner_id",), (Field("owner_id", "id"), Field("name")), is_listed_whole=True
)
NOTES = ApiTable("made_up", "deal_notes", "Notes of a deal.", ("deal_id",), (Field("deal_id"), Field("notes")))


def deal(number: int, second: float, **properties: Any) -> dict[str, Any]:
    """A deal that changed so many seconds after the first moment of 2025."""
    moment = FIRST_MOMENT + timedelta(seconds=second)
    changed = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": str(number), "properties": {"name": f"Deal {number}", "changed": changed, **properties}}


@dataclass
class MadeUpSystem(HttpServer):
    """What the system holds. `answers` are given to the next requests in place of the records.

    Deals in `out_of_order` are listed before all others, whenever they changed.
    """

    deals: list[dict[str, Any]] = field(default_factory=list)
    owners: list[dict[str, Any]] = field(default_factory=list)
    out_of_order: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def respond(self, asked: Asked) -> Answer:
        self.requests.append(asked.target)
        self.tokens.append(asked.headers.get("Authorization", ""))
        if self.answers:
            return self.answers.pop(0)
        url = urlsplit(asked.target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/owners":
            return 200, {}, {"results": self.owners}
        found = [each for each in self.deals if each["properties"]["changed"] >= query.get("since", "")]
        found.sort(key=lambda each: each["properties"]["changed"])
        found = [*self.out_of_order, *found]
        start = int(query.get("after", 0))
        page: dict[str, Any] = {"results": found[start : start + PAGE]}
        if start + PAGE < len(found):
            page["paging"] = {"next": {"after": str(start + PAGE)}}
        return 200, {}, page


@pytest.fixture
def system() -> Iterator[MadeUpSystem]:
    """A running system with 45 deals, a second apart, and two owners."""
    made_up = MadeUpSystem(
        [deal(number, number) for number in range(45)], [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bo"}]
    )

    with made_up:
        yield made_up


@dataclass
class MadeUpWarehouse:
    """A warehouse that the system is loaded into, as the orchestrator does it: only the warehouse remembers."""

    home: Path
    system: MadeUpSystem

    def load(self, options: SourceOptions | None = None, rows_per_slice: int = 100_000, slices: int = 100) -> int:
        """Load, and return how many load packages reached the warehouse; stop after some slices, as if killed."""
        loads = 0
        for _ in range(slices):
            current = replace(options or SourceOptions(), slice=Slice(rows_per_slice))
            pipeline = raw_pipeline("made_up", self.home / "warehouse.duckdb", self.home / "dlt")
            pipeline.drop()
            info = run(pipeline, self.home / "warehouse.duckdb", made_up_source(self.system.url, current))
            info.raise_on_failed_jobs()
            loads += len(info.loads_ids)
            if not current.slice.is_cut:
                break
        return loads

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def change(self, statement: str) -> None:
        with duckdb.connect(str(self.home / "warehouse.duckdb")) as connection:
            connection.execute(statement)


@pytest.fixture
def made_up(tmp_path: Path, system: MadeUpSystem) -> MadeUpWarehouse:
    return MadeUpWarehouse(tmp_path, system)


@dlt.source(name="made_up")
def made_up_source(url: str, options: SourceOptions) -> Iterator[DltResource]:
    client = ApiClient("Made-up", url, BearerTokenAuth(TOKEN), secrets=[TOKEN], counter=options.requests)
    table = options.table(DEALS)

    def changed_deals(since: Any) -> Iterator[pa.Table]:
        params = {"since": since.isoformat(timespec="milliseconds") + "Z"} if since else {}
        paginator = JSONResponseCursorPaginator("paging.next.after", cursor_param="after")
        pages = client.pages("/deals", paginator, "results", params=params)
        for bodies in batched((page.content for page in pages), 2):
            yield table.read(bodies, "results")

    def notes(deals: pa.Table) -> Iterator[pa.Table]:
        yield pa.table({"deal_id": deals["deal_id"], "notes": deals["name"]})

    deals = table_resource(table, options, changed_deals, OVERLAP_SECONDS, SETTLING_SECONDS)
    yield deals
    yield detail_resource(NOTES, options, deals, notes)
    yield table_resource(OWNERS, options, lambda _: iter([OWNERS.read([client.get("/owners").content], "results")]))
