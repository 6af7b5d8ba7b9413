"""The whole way: a CRM's files with the calls from Gong give the marts that the same calls in files give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.gong.company import LEFT_OUT, write_company
from tests.ingestion.gong.server import ACCESS_KEY, ACCESS_KEY_SECRET, GongServer

pytestmark = pytest.mark.slow

LOADS = """
    SELECT 'calls', _loaded_at, count(*) FROM raw.gong__calls GROUP BY ALL
    UNION ALL SELECT 'transcripts', _loaded_at, count(*) FROM raw.gong__call_transcripts GROUP BY ALL
    UNION ALL SELECT 'reviews', _loaded_at, count(*) FROM raw.gong__answered_scorecards GROUP BY ALL
"""


@dataclass
class WithSecrets(Company):
    """A company whose sources need secrets, which dlt takes from the environment."""

    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.secrets}


@pytest.fixture(scope="module")
def companies(
    tmp_path_factory: pytest.TempPathFactory, demo_statements: Sequence[Sequence[str]]
) -> tuple[Company, Company]:
    """From files only, and from files and Gong."""
    folder = tmp_path_factory.mktemp("company")
    as_of = DEFAULT_UNTIL.isoformat()
    account = write_company(folder, calls=400)
    from_files = Unpublished(folder / "complete", folder / "files_home", statements=demo_statements)
    from_files.refresh()
    with GongServer(account) as server:
        secrets = {
            "SOURCES__GONG__ACCESS_KEY": ACCESS_KEY,
            "SOURCES__GONG__ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
            "SOURCES__GONG__BASE_URL": server.url,
        }
        from_gong = WithSecrets(
            folder / "beside", folder / "gong_home", as_of, {"sources": ["landing", "gong"]}, secrets
        )
        from_gong.refresh()
        loads = from_gong.raw(LOADS)
        from_gong.refresh()
        assert from_gong.raw(LOADS) == loads, "nothing was new"
    return from_files, from_gong


def test_same_marts_from_gong_as_from_files(companies: tuple[Company, Company], tmp_path: Path) -> None:
    from_files, from_gong = companies
    expected = from_files.marts(tmp_path / "expected")
    marts = from_gong.marts(tmp_path / "marts")
    assert marts.keys() == expected.keys()
    # Of the rows of an API the marts say how many are rejected, and how many calls are left out; files have neither.
    warnings = marts["data_quality_warnings"].splitlines(keepends=True)
    of_gong = [line for line in warnings if line.startswith((b"rejected_row,", b"call_left_out,"))]
    assert sorted(int(line.rsplit(b",", 1)[1]) for line in of_gong) == [0, 0, 0, 0, 0, LEFT_OUT]
    marts["data_quality_warnings"] = b"".join(line for line in warnings if line not in of_gong)
    assert [name for name in expected if marts[name] != expected[name]] == []
    assert from_gong.query("SELECT count(*) > 300, count(DISTINCT user_id) > 5 FROM marts.fct_call") == [(True, True)]


@pytest.mark.parametrize(
    ("entity", "columns"),
    [
        ("call_turns", "call_id, turn, speaker, started_seconds, ended_seconds, text, is_deleted"),
        ("call_scores", "call_id, reviewer_id, criterion, score, max_score, scored_at, updated_at, is_deleted"),
    ],
)
def test_what_was_said_and_scored_is_the_same(companies: tuple[Company, Company], entity: str, columns: str) -> None:
    from_files, from_gong = companies
    expected = from_files.raw(f"SELECT {columns} FROM intermediate.int_{entity}_unioned ORDER BY ALL")
    assert from_gong.raw(f"SELECT {columns} FROM staging.stg_gong__{entity} ORDER BY ALL") == expected
    assert len(expected) > 40
