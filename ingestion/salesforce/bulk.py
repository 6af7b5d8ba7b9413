"""Big results by a query job of the Bulk API 2.0: CSV pages, kept on disk until they are loaded.

Belongs here: jobs, their result pages, and the folder that holds them. Does not belong here: when a query is big
(`ingestion.salesforce.source`).

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm. A job's rows come in no
order, because ORDER BY would keep Salesforce from splitting the work; so they are sorted here once, by DuckDB, and
then read in slices like any other table. What was fetched is in a folder: a load that stopped goes on with the next
page of the same job, whose results Salesforce keeps for seven days.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.api.client import ApiError
from ingestion.api.tables import ApiTable
from ingestion.salesforce.api import Query, Salesforce
from ingestion.text import quoted

# About 20 MB of CSV a page. The system may give fewer.
RECORDS_PER_PAGE = 50_000
ROWS_PER_BATCH = 50_000
# Each question for a job's state is an API call: the longer it takes, the less often it is asked.
FIRST_WAIT_SECONDS = 0.5
_WAIT_GROWTH = 1.5
_LONGEST_WAIT_SECONDS = 60.0
# How results are refused that can no longer be had: not as they were begun, of another API version, deleted.
_GONE_STATUS = (400, 404, 409, 410)


class BulkError(Exception):
    """There is no bulk result, for a reason that does not keep the query from being read page by page."""


class BulkResult:
    """The result of one object's query job in a folder of its own, which is there from its start to its last row.

    `job.json` holds the job and where its next page is, `page-*.csv` the pages so far, `rows.parquet` all rows in the
    order of the cursor once there are no more pages.
    """

    def __init__(self, folder: Path, salesforce: Salesforce, table: ApiTable) -> None:
        self._folder = folder
        self._salesforce = salesforce
        self._table = table

    def covers(self, query: Query) -> bool:
        """Whether a job was begun whose rows answer the query, up to when it was begun."""
        job = self._job
        if job is None or "rows" not in job:
            return False
        return bool(job["select"] == _select(query) and job["since"] <= _text(query.since))

    def begin(self, query: Query) -> None:
        """Create the job of a query, in place of one that was begun before.

        Raises BulkError where Salesforce creates none: not every edition and not every object has them.
        """
        self.discard()
        operation = "queryAll" if query.with_deleted else "query"
        try:
            created = self._salesforce.client.post(
                self._path(), {"operation": operation, "query": query.text(is_ordered=False)}
            )
        except ApiError as error:
            if error.response is None or error.response.status_code >= 500:
                raise
            raise BulkError(str(error)) from error
        self._folder.mkdir(parents=True)
        self._note(
            {
                "id": created.json()["id"],
                "sobject": query.sobject,
                "fields": query.fields,
                "select": _select(query),
                "since": _text(query.since),
                "pages": 0,
                "rows": 0,
                "locator": "",
                "is_complete": False,
            }
        )

    def rows(self, since: datetime | None) -> Iterator[pa.Table]:
        """The rows that changed from a moment on, in the order of the cursor. Raises BulkError where the job failed."""
        rows = self._folder / "rows.parquet"
        if not rows.exists():
            self._fetch()
            self._sort(rows)
        with duckdb.connect() as connection:
            condition = f'WHERE "{self._table.cursor}" >= $since' if since else ""
            found = connection.execute(
                f"SELECT * FROM read_parquet($file) {condition}",
                {"file": str(rows), **({"since": since} if since else {})},
            )
            for batch in found.to_arrow_reader(ROWS_PER_BATCH):
                yield pa.Table.from_batches([batch])

    def discard(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fetch(self) -> None:
        """Get the pages that are not there yet."""
        try:
            if not self._begun["is_complete"]:
                self._wait()
            while not self._begun["is_complete"]:
                self._fetch_page(self._begun)
        except ApiError as error:
            if error.response is None or error.response.status_code not in _GONE_STATUS:
                raise
            raise BulkError(f"the results are no longer there ({error})") from error

    def _wait(self) -> None:
        delay = FIRST_WAIT_SECONDS
        while True:
            job = self._salesforce.client.get(self._path(self._begun["id"])).json()
            if job["state"] == "JobComplete":
                return
            if job["state"] in ("Failed", "Aborted"):
                raise BulkError(f"its bulk job {job['id']} is {job['state']}: {job.get('errorMessage', '')}")
            time.sleep(delay)
            delay = min(delay * _WAIT_GROWTH, _LONGEST_WAIT_SECONDS)

    def _fetch_page(self, job: dict[str, Any]) -> None:
        params = {"maxRecords": RECORDS_PER_PAGE, **({"locator": job["locator"]} if job["locator"] else {})}
        page = self._salesforce.client.get(self._path(job["id"], "results"), params, headers={"Accept": "text/csv"})
        # The text "null" stands for no further page; without a locator (a failure is a 204) there is no telling.
        locator, rows = page.headers.get("Sforce-Locator"), page.headers.get("Sforce-NumberOfRecords")
        if page.status_code != 200 or not locator or not rows:
            raise BulkError(f"page {job['pages'] + 1:,} of the results of its bulk job {job['id']} was not given")
        (self._folder / f"page-{job['pages']:06}.csv").write_bytes(page.content)
        is_last = locator == "null"
        self._note(
            {
                **job,
                "pages": job["pages"] + 1,
                "rows": job["rows"] + int(rows),
                "locator": "" if is_last else locator,
                "is_complete": is_last,
            }
        )

    def _sort(self, target: Path) -> None:
        """Read the pages as the table's columns, in the order of the cursor."""
        pages = [str(self._folder / f"page-{number:06}.csv") for number in range(self._begun["pages"])]
        fields = self._begun["fields"]
        types = self._salesforce.describe(self._begun["sobject"]).fields
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in fields)
        missing = "".join(
            f", NULL::VARCHAR AS {quoted(field.path)}" for field in self._table.fields if field.path not in fields
        )
        as_in_json = ", ".join(
            # The one difference to the REST API: a row must be the same whichever way it came.
            f"replace({quoted(name)}, 'Z', '+0000') AS {quoted(name)}"
            for name in fields
            if types[name] == "datetime"
        )
        unfinished = target.with_suffix(".unfinished")
        with duckdb.connect(config={"temp_directory": str(self._folder)}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            written = connection.execute(
                f"""
                COPY (
                    SELECT {self._table.select_list()} FROM (
                        SELECT * REPLACE ({as_in_json}){missing} FROM read_csv(
                            {pages}, header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
                            columns = {{{columns}}}, max_line_size = 16777216
                        )
                    ) AS record
                    ORDER BY {quoted(self._table.cursor)}, {", ".join(map(quoted, self._table.key))}
                ) TO '{unfinished}' (FORMAT parquet)
                """
            ).fetchone()
        if written != (self._begun["rows"],):
            raise BulkError(f"the pages of its bulk job {self._begun['id']} do not hold the rows that it says they do")
        unfinished.rename(target)
        for page in pages:
            Path(page).unlink()

    def _path(self, *parts: str) -> str:
        return self._salesforce.path("/".join(("jobs/query", *parts)))

    @property
    def _job(self) -> dict[str, Any] | None:
        try:
            job: dict[str, Any] = json.loads((self._folder / "job.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return job

    @property
    def _begun(self) -> dict[str, Any]:
        job = self._job
        if job is None:
            raise BulkError("no job was begun")
        return job

    def _note(self, job: dict[str, Any]) -> None:
        unfinished = self._folder / "job.unfinished"
        unfinished.write_text(json.dumps(job), encoding="utf-8")
        unfinished.replace(self._folder / "job.json")


def _select(query: Query) -> str:
    """The query without its moment: what makes two results hold the same rows and columns."""
    return replace(query, since=None).text(is_ordered=False)


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="microseconds") if moment else ""
