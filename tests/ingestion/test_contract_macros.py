"""The landing contract that dbt reads says what the contract says."""

from __future__ import annotations

from ingestion.contract_macros import macro
from tests.conftest import REPOSITORY


def test_the_macro_is_what_the_contract_says_now() -> None:
    written = REPOSITORY / "dbt_project" / "macros" / "landing_contract.sql"
    assert written.read_text(encoding="utf-8") == macro(), "run `make docs`"
