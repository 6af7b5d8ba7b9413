"""The whole way: exports in other names and formats give the marts of the same company's landing files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.exports.company import demo, write_exports, write_landing

pytestmark = pytest.mark.slow


def test_same_marts_from_exports_as_from_files(tmp_path: Path, demo_statements: Sequence[Sequence[str]]) -> None:
    as_of = DEFAULT_UNTIL.isoformat()
    with demo(tmp_path / "demo", calls=400) as company:
        write_landing(company, tmp_path / "landing", "exports")
        write_exports(company, tmp_path / "home" / "exports")
    from_files = Unpublished(tmp_path / "landing", tmp_path / "files_home", statements=demo_statements)
    from_files.refresh()
    expected = from_files.marts(tmp_path / "expected")

    from_exports = Company(tmp_path / "none", tmp_path / "home", as_of, {"sources": ["exports"]})
    from_exports.refresh()
    assert from_exports.raw("FROM raw.quarantine") == []
    marts = from_exports.marts(tmp_path / "marts")
    assert marts.keys() == expected.keys()
    assert [name for name in expected if marts[name] != expected[name]] == []
    from_exports.refresh()
    assert from_exports.version() == 1, "a refresh without news publishes nothing"
