"""Big results by bulk jobs: the same rows as page by page, in slices, and over what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from tests.ingestion.salesforce.loads import Warehouse
from tests.ingestion.salesforce.server import SalesforceServer
from tests.ingestion.salesforce.test_salesforce_source import START, add_calls

CALLS = 230


@pytest.fixture
def busy(server: SalesforceServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceServer]:
    """A server with more calls than are read page by page, and bulk pages of 50."""
    monkeypatch.setenv("SOURCES__SALESFORCE__BULK_FROM_ROWS", "100")
    monkeypatch.setattr("ingestion.salesforce.bulk.RECORDS_PER_PAGE", 50)
    monkeypatch.setattr("ingestion.salesforce.bulk.ROWS_PER_BATCH", 40)
    add_calls(server.org, CALLS)
    yield server


def test_bulk_and_pages_give_the_same_rows(
    busy: SalesforceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = Warehouse(tmp_path / "bulk")
    bulk.load("tasks", custom_fields={"calls": ["Priority"]})
    assert busy.count("/results") == 5
    # The formula of the documentation: a login, describe and a count; a job, its state, and its pages.
    assert len(busy.requests) == 1 + 2 + 1 + 1 + 5
    assert not (tmp_path / "bulk" / "dlt" / "salesforce_bulk" / "tasks").exists()
    monkeypatch.setenv("SOURCES__SALESFORCE__BULK_FROM_ROWS", "1000")
    paged = Warehouse(tmp_path / "paged")
    paged.load("tasks", custom_fields={"calls": ["Priority"]})
    assert busy.count("/results") == 5
    assert len(bulk.rows("tasks", "id")) == CALLS
    assert bulk.contents() == paged.contents()


@pytest.mark.parametrize("code", ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
def test_a_first_load_of_a_big_object_asks_for_nothing_in_order(
    busy: SalesforceServer, warehouse: Warehouse, code: str
) -> None:
    busy.slow_from_rows, busy.slow_code = CALLS, code
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS
    counted, job = busy.queries
    assert counted.startswith("SELECT COUNT() FROM Task WHERE (TaskSubtype = 'Call'") and counted.endswith("LIMIT 100")
    assert "ORDER BY" not in job
    assert len(busy.jobs) == 1


def test_a_count_that_takes_too_long_is_of_a_big_object(busy: SalesforceServer, warehouse: Warehouse) -> None:
    busy.fail(400, "QUERY_TIMEOUT", "Your query request was running for too long.", "/queryAll")
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS and len(busy.jobs) == 1


def test_changes_that_take_too_long_in_order_are_read_in_bulk(busy: SalesforceServer, warehouse: Warehouse) -> None:
    warehouse.load("tasks")
    for key in list(busy.org.records["Task"])[:70]:
        busy.org.put("Task", START + timedelta(days=1), Id=key, CallDisposition="changed")
    busy.slow_from_rows = 70
    warehouse.load("tasks")
    assert warehouse.new_rows == {"tasks": 70} and len(busy.jobs) == 2


def test_a_page_may_hold_fewer_rows_than_were_asked_for(busy: SalesforceServer, warehouse: Warehouse) -> None:
    busy.bulk_page_size = 30
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS and busy.count("/results") == 8


def test_after_a_bulk_job_only_changes_are_read(busy: SalesforceServer, warehouse: Warehouse) -> None:
    warehouse.load("tasks")
    first = warehouse.contents()
    warehouse.load("tasks")
    assert warehouse.new_rows == {} and warehouse.contents() == first
    assert len(busy.jobs) == 1


def test_what_changes_while_the_job_runs_is_not_missed(busy: SalesforceServer, warehouse: Warehouse) -> None:
    key = min(busy.org.records["Task"])

    def change_once(path: str) -> None:
        if "/results" in path:
            busy.before = lambda path: None
            busy.org.put("Task", START + timedelta(days=9000), Id=key, CallDisposition="changed meanwhile")

    busy.before = change_once
    warehouse.load("tasks")
    warehouse.load("tasks")
    assert warehouse.rows("tasks", "call_disposition")[0] == ("changed meanwhile",)


def test_slices_end_with_the_same_rows(busy: SalesforceServer, tmp_path: Path) -> None:
    whole, sliced = Warehouse(tmp_path / "whole"), Warehouse(tmp_path / "sliced")
    whole.load("tasks")
    pages_of_one_load = busy.count("/results")
    slices = 1
    while sliced.load("tasks", rows_per_slice=60):
        slices += 1
        assert slices < 20
    # Three of the job's rows, and one of what changed since it was begun.
    assert slices == 4
    assert sliced.contents() == whole.contents()
    assert busy.count("/results") == 2 * pages_of_one_load


def test_a_load_that_broke_off_goes_on_with_the_next_page(busy: SalesforceServer, warehouse: Warehouse) -> None:
    fetched: list[str] = []

    def break_at_third(path: str) -> None:
        if "/results" in path:
            fetched.append(path)
            if len(fetched) == 3:
                busy.fail(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "/results")

    busy.before = break_at_third
    with pytest.raises(PipelineStepFailed, match="REQUEST_LIMIT_EXCEEDED"):
        warehouse.load("tasks")
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS
    # Five pages, the third of them twice, of one job.
    assert len(fetched) == 6 and len(busy.jobs) == 1


def test_a_job_that_is_gone_is_read_page_by_page(busy: SalesforceServer, warehouse: Warehouse) -> None:
    busy.fail(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "/results")
    with pytest.raises(PipelineStepFailed):
        warehouse.load("tasks")
    # As it is after seven days.
    busy.jobs.clear()
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS


def test_results_that_are_not_given_are_no_end_of_them(busy: SalesforceServer, warehouse: Warehouse) -> None:
    pages: list[str] = []

    def nothing_at_third(path: str) -> None:
        if "/results" in path:
            pages.append(path)
            if len(pages) == 3:
                busy.fail(204, "", "", "/results")

    busy.before = nothing_at_third
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS


def test_without_bulk_it_is_read_page_by_page(
    busy: SalesforceServer, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    busy.has_bulk = False
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS
    assert "Task is read page by page" in caplog.text


def test_a_failed_job_is_read_page_by_page(busy: SalesforceServer, warehouse: Warehouse) -> None:
    busy.failing_jobs = 1
    warehouse.load("tasks")
    assert len(warehouse.rows("tasks", "id")) == CALLS


def test_pages_in_slices(server: SalesforceServer, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.salesforce.api.PAGES_PER_BATCH", 1)
    server.page_size = 20
    add_calls(server.org, 100)
    slices = 1
    while warehouse.load("tasks", rows_per_slice=30):
        slices += 1
        assert slices < 20
    assert slices > 2
    assert len(warehouse.rows("tasks", "id")) == 100
