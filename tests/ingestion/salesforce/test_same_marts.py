"""The whole way: from the API to the marts, against the same company loaded from landing files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.salesforce.company import SalesforceCompany
from tests.ingestion.salesforce.server import CLIENT_ID, CLIENT_SECRET, SalesforceServer

pytestmark = pytest.mark.slow

AS_OF = DEFAULT_UNTIL.isoformat()


def test_salesforce_and_landing_files_give_the_same_marts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo_statements: Sequence[Sequence[str]]
) -> None:
    described = SalesforceCompany(tmp_path / "demo")
    described.write_landing(tmp_path / "landing")
    expected = Unpublished(tmp_path / "landing", tmp_path / "home_of_files", statements=demo_statements)
    expected.refresh()

    (tmp_path / "nothing").mkdir()
    company = Company(tmp_path / "nothing", tmp_path / "home", AS_OF, {"sources": ["salesforce"]})
    with SalesforceServer(described.org) as server:
        monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("SOURCES__SALESFORCE__CLIENT_SECRET", CLIENT_SECRET)
        monkeypatch.setenv("SOURCES__SALESFORCE__LOGIN_URL", server.url)
        # Both ways of reading are on this way.
        monkeypatch.setenv("SOURCES__SALESFORCE__BULK_FROM_ROWS", "200")
        company.refresh()
        assert server.jobs
        version = company.version()
        company.refresh()
        assert company.version() == version

    marts, wanted = company.marts(tmp_path / "csv"), expected.marts(tmp_path / "expected_csv")
    assert marts.keys() == wanted.keys()
    # Files reject a row before it is loaded; of the rows of an API the marts count the rejected ones, here none.
    warnings = marts["data_quality_warnings"].splitlines(keepends=True)
    rejected = [line for line in warnings if line.startswith(b"rejected_row,")]
    assert len(rejected) == 14 and all(line.endswith(b",0\n") for line in rejected)
    marts["data_quality_warnings"] = b"".join(line for line in warnings if line not in rejected)
    assert [table for table in wanted if marts[table] != wanted[table]] == []
    assert company.query("SELECT count(*) > 200 FROM marts.fct_call") == [(True,)]
    assert company.query("SELECT sum(replied_count) > 5 FROM marts.kpi_sdr_scorecard") == [(True,)]
