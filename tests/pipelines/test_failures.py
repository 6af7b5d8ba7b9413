"""Errors inside a step: what the user reads, and what is tried again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from expectations.checks import GateError
from ingestion.landing.errors import LandingError
from pipelines.assets.failures import clear_failures
from pipelines.settings import Settings

SETTINGS = Settings(home=Path("home"), landing=Path("home/landing"))


def held() -> duckdb.IOException:
    return duckdb.IOException('IO Error: Could not set lock on file "w.duckdb": Conflicting lock is held')


def test_an_error_of_the_data_keeps_its_text_and_is_not_tried_again() -> None:
    """However deep the library that called our code has wrapped it."""
    with pytest.raises(dg.Failure) as failure, clear_failures(SETTINGS):
        try:
            try:
                raise LandingError("users.csv has no column user_id")
            except LandingError as error:
                raise RuntimeError("extraction of resource failed") from error
        except RuntimeError as error:
            raise ValueError("pipeline step failed") from error
    assert failure.value.description == "users.csv has no column user_id"
    assert not failure.value.allow_retries


def test_a_warehouse_that_is_held_for_a_moment_is_tried_again() -> None:
    with pytest.raises(dg.RetryRequested) as retry, clear_failures(SETTINGS):
        raise held()
    assert retry.value.max_retries > 0
    # The gates turn it into an error of their own; it passes all the same.
    with pytest.raises(dg.RetryRequested), clear_failures(SETTINGS):
        try:
            raise held()
        except duckdb.IOException:
            raise GateError("the warehouse cannot be read") from None


def test_a_fault_of_the_program_is_neither_hidden_nor_tried_again() -> None:
    with pytest.raises(ZeroDivisionError), clear_failures(SETTINGS):
        raise ZeroDivisionError
    with pytest.raises(duckdb.IOException), clear_failures(SETTINGS):
        raise duckdb.IOException("IO Error: the block is locked away")


def test_the_text_of_a_held_warehouse_is_the_one_that_is_looked_for(tmp_path: Path) -> None:
    """Within one process DuckDB says something else, so this one needs a second process."""
    warehouse = tmp_path / "warehouse.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(dg.RetryRequested), clear_failures(SETTINGS):
        duckdb.connect(str(warehouse))
    other.kill()
