"""Times the loading of an API's JSON pages: as Repline does it, through Arrow, and as dlt does it by default.

Belongs here: one made-up source of deals, read both ways in one run, and the comparison of what they loaded. Does not
belong here: the whole refresh (`bench`), or the vendors' servers (`tests.ingestion`).

    python -m tests.benchmark.api_pages --rows 200000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.extract import DltSource
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from ingestion.api.client import ApiClient
from ingestion.api.options import Slice, SourceOptions
from ingestion.api.resources import table_resource
from ingestion.api.tables import ApiTable, Field, FieldType, batched
from ingestion.warehouse import raw_pipeline

PAGE_ROWS = 100
# As many as a user of a CRM typically reads of a deal.
PROPERTIES = tuple(f"property_{number:02}" for number in range(20))
CHANGED = "lastmodifieddate"


def deal(number: int) -> dict[str, Any]:
    """A record in the shape of HubSpot's CRM objects: an id and properties that are text."""
    second = number // 50
    moment = f"2025-{1 + second // 2_419_200:02}-{1 + second // 86_400 % 28:02}T{second // 3600 % 24:02}"
    changed = f"{moment}:{second // 60 % 60:02}:{second % 60:02}.{number % 50 * 20:03}Z"
    values = {name: f"value {number % (7 + 13 * place)} of {name}" for place, name in enumerate(PROPERTIES)}
    return {"id": str(number), "properties": {CHANGED: changed, **values}, "archived": False}


def serve(rows: int, pipe: Connection) -> None:
    """Answer with pages that are ready, in a process of its own, so that the server costs the loads nothing."""
    pages: list[bytes] = []
    for start in range(0, rows, PAGE_ROWS):
        page: dict[str, Any] = {"results": [deal(number) for number in range(start, min(start + PAGE_ROWS, rows))]}
        if start + PAGE_ROWS < rows:
            page["paging"] = {"next": {"after": str(len(pages) + 1)}}
        pages.append(json.dumps(page).encode())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it every answer waits 40 ms for the acknowledgement of its headers.
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = pages[int(self.path.partition("after=")[2] or 0)]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()


def paginator() -> JSONResponseCursorPaginator:
    return JSONResponseCursorPaginator("paging.next.after", cursor_param="after")


@dlt.source(name="plain")
def plain_source(url: str) -> Iterator[Any]:
    """The source as dlt's documentation writes it: pages of dictionaries, merged on their id."""

    @dlt.resource(name="deals", primary_key="id", write_disposition="merge")
    def deals(
        changed: dlt.sources.incremental[str] = dlt.sources.incremental(f"properties.{CHANGED}"),  # noqa: B008
    ) -> Iterator[Any]:
        yield from RESTClient(url).paginate("/deals", paginator=paginator(), data_selector="results")

    yield deals


@dlt.source(name="arrow")
def arrow_source(url: str) -> Iterator[Any]:
    """The same source on Repline's core."""
    fields = [Field(name, f"properties.{name}") for name in PROPERTIES]
    table = ApiTable(
        "arrow",
        "deals",
        "Deals.",
        ("id",),
        (Field("id"), Field(CHANGED, f"properties.{CHANGED}", FieldType.ISO), *fields),
        cursor=CHANGED,
    )
    client = ApiClient("Made-up", url)

    def read(_: object) -> Iterator[pa.Table]:
        pages = client.pages("/deals", paginator(), "results")
        for bodies in batched(page.content for page in pages):
            yield table.read(bodies, "results")

    yield table_resource(table, SourceOptions(slice=Slice(10**9)), read)


def load_plain(url: str, home: Path) -> None:
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(home / "dlt"),
        destination=dlt.destinations.duckdb(str(home / "plain.duckdb")),
        dataset_name="raw",
    )
    _run(pipeline, plain_source(url))


def load_arrow(url: str, home: Path) -> None:
    _run(raw_pipeline("arrow", home / "arrow.duckdb", home / "dlt"), arrow_source(url))


def _run(pipeline: dlt.Pipeline, source: DltSource) -> None:
    pipeline.run(source).raise_on_failed_jobs()


def timed(load: Callable[[str, Path], None], url: str, home: Path) -> float:
    began = time.perf_counter()
    load(url, home)
    return time.perf_counter() - began


def differences(home: Path) -> int:
    """Rows that one of the two tables has and the other has not."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{home / 'plain.duckdb'}' AS plain (READ_ONLY)")
        connection.execute(f"ATTACH '{home / 'arrow.duckdb'}' AS arrow (READ_ONLY)")
        names = ", ".join(f"properties__{name} AS {name}" for name in PROPERTIES)
        moment = f"timezone('UTC', properties__{CHANGED}::TIMESTAMPTZ) AS {CHANGED}"
        plain = f"SELECT id, {moment}, {names} FROM plain.raw.deals"
        arrow = f"SELECT id, {CHANGED}, {', '.join(PROPERTIES)} FROM arrow.raw.arrow__deals"
        row = connection.execute(
            f"SELECT count(*) FROM ((({plain}) EXCEPT ALL ({arrow})) UNION ALL (({arrow}) EXCEPT ALL ({plain})))"
        ).fetchone()
        return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(rows, there), daemon=True)
    server.start()
    url = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        seconds = {name: timed(load, url, home) for name, load in (("arrow", load_arrow), ("plain", load_plain))}
        differing = differences(home)
    server.terminate()
    for name, taken in seconds.items():
        print(f"{name:6} {taken:7.1f} s {rows / taken:10,.0f} rows/s")
    print(f"ratio  {seconds['plain'] / seconds['arrow']:7.1f}, {differing} rows differ")
    if differing:
        raise SystemExit("the two loads differ")


if __name__ == "__main__":
    main()
