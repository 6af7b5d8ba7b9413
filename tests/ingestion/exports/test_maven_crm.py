"""The worked example of the docs, on the reference company's own files: nothing is lost on the way."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import REPOSITORY
from tests.end_to_end.company import Company
from tests.ingestion.exports.conftest import Exports

pytestmark = pytest.mark.slow

MAPPING = REPOSITORY / "docs" / "sources" / "maven_crm.yml"


@pytest.fixture(scope="module")
def maven(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Exports:
    home = tmp_path_factory.mktemp("maven")
    exports = Exports(home / "exports", home / "home")
    shutil.copytree(shared_dir / "data" / "maven_crm", exports.folder)
    shutil.copy(MAPPING, exports.folder / "mapping.yml")
    exports.load()
    return exports


def test_every_row_is_read_and_none_quarantined(maven: Exports) -> None:
    assert maven.rows(
        "SELECT entity, sum(rows_read)::INT, sum(rows_loaded)::INT FROM raw.landing_files GROUP BY ALL ORDER BY 1"
    ) == [
        ("accounts", 85, 85),
        ("opportunities", 8800, 8800),
        ("pipeline_stages", 4, 4),
        ("users", 41, 41),
    ]
    assert maven.quarantined() == []


def test_what_was_won_is_what_the_file_says(maven: Exports) -> None:
    file = maven.folder / "sales_pipeline.csv"
    by_agent = duckdb.sql(
        "SELECT sales_agent, count(*), sum(close_value)::DECIMAL(18, 4), min(close_date::DATE), count(account) "
        f"FROM read_csv('{file}', all_varchar = false) WHERE deal_stage = 'Won' GROUP BY ALL ORDER BY 1"
    ).fetchall()
    assert len(by_agent) == 30
    assert (
        maven.rows(
            "SELECT owner_id, count(*), sum(amount)::DECIMAL(18, 4), min(close_date), count(account_id) "
            "FROM raw.exports__opportunities WHERE stage = 'Won' GROUP BY ALL ORDER BY 1"
        )
        == by_agent
    )


def test_the_worked_values(maven: Exports) -> None:
    assert maven.rows("SELECT count(*) FROM raw.exports__opportunities WHERE product = 'GTX Pro'") == [(1480,)]
    assert maven.rows("SELECT count(*) FROM raw.exports__opportunities WHERE account_id IS NULL") == [(1425,)]
    assert maven.rows(
        "SELECT stage, count(*) FROM raw.exports__opportunities WHERE created_at = '2017-12-31' GROUP BY ALL"
    ) == [("Prospecting", 500)]
    assert maven.rows(
        "SELECT count(*) FROM raw.exports__opportunities AS deal ANTI JOIN raw.exports__accounts USING (account_id) "
        "WHERE account_id IS NOT NULL"
    ) == [(0,)]
    # Five agents have no deal at all.
    assert maven.rows(
        "SELECT count(*) FROM raw.exports__users ANTI JOIN raw.exports__opportunities ON owner_id = user_id "
        "WHERE role = 'ae'"
    ) == [(5,)]
    assert maven.rows("SELECT employees FROM raw.exports__accounts WHERE name = 'Betatech'") == [("1185",)]
    assert maven.rows("SELECT count(*) FROM raw.exports__accounts WHERE industry = 'technology'") == [(12,)]


def test_the_marts_say_what_the_files_say(shared_dir: Path, tmp_path: Path) -> None:
    files = tmp_path / "home" / "exports"
    shutil.copytree(shared_dir / "data" / "maven_crm", files)
    shutil.copy(MAPPING, files / "mapping.yml")
    company = Company(tmp_path / "none", tmp_path / "home", "2017-12-31T23:59:59Z", {"sources": ["exports"]})
    assert "8,930 loaded, 0 quarantined" in company.refresh()
    expected = duckdb.sql(
        "SELECT 'exports:' || sales_agent, count(*), count(*) FILTER (deal_stage = 'Won'), "
        "coalesce(sum(close_value) FILTER (deal_stage = 'Won'), 0)::DECIMAL(18, 2), count(account) "
        f"FROM read_csv('{files / 'sales_pipeline.csv'}') GROUP BY ALL ORDER BY 1"
    ).fetchall()
    assert (
        company.query(
            "SELECT owner_id, count(*), count(*) FILTER (status = 'won'), coalesce(sum(won_amount), 0)::DECIMAL(18, 2),"
            " count(account_id) FROM marts.fct_opportunity GROUP BY ALL ORDER BY 1"
        )
        == expected
    )
    assert company.query("SELECT count(*) FROM marts.dim_rep WHERE full_name = 'Dustin Brinkmann'") == [(1,)]
    # The files have no history of stages, and so no funnel.
    assert company.query("SELECT count(*) FROM marts.kpi_stage_funnel") == [(0,)]
    assert company.query("SELECT row_count FROM marts.data_quality_warnings WHERE rule = 'no_stage_history'") == [
        (8800,)
    ]
