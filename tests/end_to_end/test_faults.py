"""What a user sees when files are bad: one clear line, exit code 1, and the last good version untouched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.end_to_end.company import Company, small_company

pytestmark = pytest.mark.slow

READER = """
import sys, duckdb
seen = None
print("reading", flush=True)
while True:
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        rows = connection.sql(
            "SELECT (SELECT max(version) FROM marts.publication), "
            "(SELECT row_count FROM marts.publication WHERE table_name = 'fct_opportunity'), "
            "(SELECT count(*) FROM marts.fct_opportunity)"
        ).fetchone()
    assert rows[1] == rows[2], rows
    if rows[0] != seen:
        seen = rows[0]
        print(seen, flush=True)
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A company of its own, refreshed once, whose files the tests break and mend."""
    company = small_company(tmp_path_factory.mktemp("faults"), calls=500)
    company.refresh()
    return company


def assert_fails(company: Company, *parts: str) -> None:
    version = company.version()
    done = company.run("refresh")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    [error] = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    for part in parts:
        assert part in error
    assert company.version() == version, "a failed refresh touched the published version"


def test_missing_required_file(company: Company) -> None:
    users = company.landing / "users.csv"
    content = users.read_bytes()
    users.unlink()
    try:
        assert_fails(company, str(company.landing), "required entity users")
    finally:
        users.write_bytes(content)


def test_missing_required_column(company: Company) -> None:
    quotas = company.landing / "quotas.csv"
    content = quotas.read_text(encoding="utf-8")
    quotas.write_text(content.replace("amount", "sum", 1), encoding="utf-8")
    try:
        assert_fails(company, str(quotas), "no column amount")
    finally:
        quotas.write_text(content, encoding="utf-8")


def test_too_many_quarantined_rows(company: Company) -> None:
    """A tenth of the rows unreadable is above the default limit of 5 %: the landing gate stops the refresh."""
    broken = company.landing / "meetings" / "broken.csv"
    good = "m{0},u1,2025-01-01T10:00:00Z\n"
    bad = "m{0},u1,some day\n"
    total = company.raw("SELECT count(*) FROM raw.landing__meetings")[0][0]
    broken.write_text(
        "meeting_id,user_id,starts_at\n" + good.format("x") + "".join(bad.format(i) for i in range(total // 9 + 1)),
        encoding="utf-8",
    )
    try:
        assert_fails(company, "meetings", "quarantine")
    finally:
        broken.unlink()


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("REPLINE_AS_OF", "yesterday", "REPLINE_AS_OF"),
        ("REPLINE_VARS", "{broken", "REPLINE_VARS"),
        ("REPLINE_VARS", '{"fiscal_year": 2}', "fiscal_year"),
        ("REPLINE_TARGET", "oracle", "REPLINE_TARGET"),
        ("REPLINE_LANDING", "/nowhere/at/all", "/nowhere/at/all"),
    ],
)
def test_setting_that_cannot_be_used(company: Company, variable: str, value: str, part: str) -> None:
    done = company.run("refresh", **{variable: value})
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert part in done.stderr


def test_reader_through_two_refreshes(company: Company) -> None:
    """A reader that never stops meets no lock and no half version, and sees each new version."""
    first = company.version()
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(company.published)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout
    try:
        assert reader.stdout.readline() == "reading\n"
        assert reader.stdout.readline() == f"{first}\n"
        for number in range(1, 3):
            (company.landing / "opportunity_history" / f"more-{number}.csv").write_text(
                "opportunity_id,changed_at,stage,pipeline\n", encoding="utf-8"
            )
            company.refresh()
            # Ends at once, with an empty line, where the reader has died.
            assert reader.stdout.readline() == f"{first + number}\n", reader.communicate()[1]
    finally:
        reader.kill()
