"""What a gate leaves behind: rows in the warehouse, and data docs that stand alone and stay small."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest

from expectations import data_docs, landing
from expectations.checks import GateError
from tests.expectations.conftest import Change
from tests.expectations.declared import marts_gate

Run = Callable[[str], Any]


@pytest.fixture
def run(warehouse: Path, tmp_path: Path, variables: dict[str, Any]) -> Run:
    return lambda run_id: landing.LandingGate().run(warehouse, tmp_path / "data_docs", run_id, variables)


def rows(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_results_are_kept_as_a_table(warehouse: Path, run: Run, change: Change, without_pages: None) -> None:
    change("UPDATE raw.landing_files SET rows_read = 8, rows_loaded = 5, rows_quarantined = 3")
    run("run 1")
    found = rows(
        warehouse,
        "SELECT run_id, suite, severity, success, observed, expected FROM quality.expectation_result"
        " WHERE table_name = 'raw.landing__calls' AND expectation = 'quarantined_share'",
    )
    assert found == [("run 1", "landing", "error", False, "0.375", "at most 0.05")]
    assert rows(warehouse, "SELECT count(*) FROM quality.expectation_result") == [
        (len(landing.LandingGate().describe()),)
    ]


def test_a_repeated_run_replaces_its_results_and_no_others(
    warehouse: Path, run: Run, change: Change, without_pages: None
) -> None:
    run("run 1")
    run("run 2")
    change("UPDATE raw.landing_files SET rows_loaded = 1 WHERE entity = 'calls'")
    run("run 2")
    found = rows(
        warehouse,
        "SELECT run_id, count(*), count_if(NOT success) FROM quality.expectation_result"
        " GROUP BY run_id ORDER BY run_id",
    )
    assert found == [
        ("run 1", len(landing.LandingGate().describe()), 0),
        ("run 2", len(landing.LandingGate().describe()), 1),
    ]


def test_the_page_says_what_failed_and_what_to_do(run: Run, change: Change) -> None:
    change("UPDATE raw.landing_files SET rows_read = 8, rows_loaded = 5, rows_quarantined = 3")
    page = run("run 1").page.read_text(encoding="utf-8")
    assert "0.375" in page
    assert "Error: The share of quarantined rows" in page
    assert "raw.quarantine" in page


def test_folders_may_have_unusual_names(warehouse: Path, tmp_path: Path, variables: dict[str, Any]) -> None:
    home = tmp_path / "Büro #1 50%20"
    home.mkdir()
    result = landing.LandingGate().run(warehouse.rename(home / "w.duckdb"), home / "data_docs", "run 1", variables)
    assert result.page.is_file()


def test_the_pages_load_nothing_from_elsewhere(tmp_path: Path, run: Run) -> None:
    run("run 1")
    pages = list((tmp_path / "data_docs").rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r"https?://|<script|src=", text) == []
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (page.parent / unquote(link)).resolve().is_file(), link


def test_a_gate_calls_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        called.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    run("run 1")
    assert called == []


def test_old_runs_are_pruned_for_each_gate(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "KEPT_RUNS", 2)
    for number in range(4):
        last = run(f"run{number}")
    folder = tmp_path / "data_docs"
    kept = {path.parent.parent.name for path in folder.glob("validations/landing/**/*.html")}
    assert kept == {"run2", "run3"}
    assert {path.parent.parent.name for path in folder.glob("results/landing/**/*.json")} == kept
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert ("run2" in index, "run1" in index) == (True, False)
    assert last.page.is_file()


def test_a_result_that_a_killed_gate_left_half_written_is_passed_over(tmp_path: Path, run: Run) -> None:
    run("run 1")
    [kept] = (tmp_path / "data_docs" / "results").rglob("*.json")
    kept.write_text(kept.read_text(encoding="utf-8")[:100], encoding="utf-8")
    run("run 2")
    index = (tmp_path / "data_docs" / "index.html").read_text(encoding="utf-8")
    assert ("run 1" in index, "run 2" in index) == (False, True)


def test_check_names_are_unique_and_fit_for_asset_checks() -> None:
    described = [*landing.LandingGate().describe(), *marts_gate().describe()]
    names = [(row.table, row.expectation) for row in described]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for _, name in names)
    assert {row.severity for row in described} == {"error", "warning"}


def test_a_warehouse_in_use_is_said_in_one_line(warehouse: Path, run: Run) -> None:
    with duckdb.connect(str(warehouse)), pytest.raises(GateError, match="cannot be read") as caught:
        run("run 1")
    assert "\n" not in str(caught.value)
