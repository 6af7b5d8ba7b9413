"""The page of the landing contract says what the contract says."""

from __future__ import annotations

from ingestion.contract_page import page
from tests.conftest import REPOSITORY


def test_the_page_is_what_the_contract_says_now() -> None:
    assert (REPOSITORY / "docs" / "landing_contract.md").read_text(encoding="utf-8") == page(), "run `make docs`"
