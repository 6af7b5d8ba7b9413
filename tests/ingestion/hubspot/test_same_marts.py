"""The whole way: a company from HubSpot's API gives the marts that the same company gives from landing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.hubspot.company import add_targets, as_account, write_company
from tests.ingestion.hubspot.loads import TOKEN
from tests.ingestion.hubspot.server import HubSpotApi, serve

pytestmark = pytest.mark.slow


@dataclass
class WithSecrets(Company):
    """A company whose sources need secrets, which dlt takes from the environment."""

    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.secrets}


def test_same_marts_from_hubspot_as_from_files(tmp_path: Path, demo_statements: Sequence[Sequence[str]]) -> None:
    as_of = DEFAULT_UNTIL.isoformat()
    with write_company(tmp_path, calls=400) as connection:
        account = as_account(connection)
        add_targets(account, connection)
    from_files = Unpublished(tmp_path / "complete", tmp_path / "files_home", statements=demo_statements)
    from_files.refresh()
    expected = from_files.marts(tmp_path / "expected")

    with serve(HubSpotApi(account, TOKEN)) as url:
        secrets = {"SOURCES__HUBSPOT__ACCESS_TOKEN": TOKEN, "SOURCES__HUBSPOT__BASE_URL": url}
        variables = {"sources": ["hubspot"]}
        from_api = WithSecrets(tmp_path / "no_files", tmp_path / "api_home", as_of, variables, secrets)
        from_api.refresh()
        marts = from_api.marts(tmp_path / "marts")
        from_api.refresh()
        assert from_api.version() == 1, "a refresh without news publishes nothing"

    assert marts.keys() == expected.keys()
    assert [name for name in expected if _comparable(marts[name]) != _comparable(expected[name])] == []
    assert from_api.query("SELECT sum(row_count) FROM marts.data_quality_warnings WHERE rule = 'rejected_row'") == [
        (0,)
    ]


def _comparable(table: bytes) -> list[bytes]:
    """The lines of a table; only sources that are judged in the warehouse have a count of rejected rows."""
    return [line for line in table.splitlines() if not line.startswith(b"rejected_row,")]
