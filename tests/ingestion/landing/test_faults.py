"""Landing files that are broken on purpose: a clear stop, or a quarantined row; never a lost one."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import duckdb
import pytest

from tests.ingestion.landing.conftest import OPPORTUNITIES, STAGES, Landing

Failure = Callable[[BaseException], str]
HEADER = OPPORTUNITIES.splitlines()[0]


def assert_nothing_lost(landing: Landing) -> None:
    """Rows read = loaded + quarantined for each file, and each quarantined row is there."""
    files = landing.rows("SELECT file, rows_read, rows_loaded, rows_quarantined FROM raw.landing_files")
    assert files
    for file, read, loaded, quarantined in files:
        assert int(str(read)) == int(str(loaded)) + int(str(quarantined)), file
        found = landing.rows(f"SELECT count(*) FROM raw.quarantine WHERE file = '{file}'")
        assert found == [(quarantined,)]


def assert_stops(landing: Landing, failure: Failure, *parts: str) -> None:
    with pytest.raises(Exception) as caught:
        landing.load()
    text = failure(caught.value)
    for part in parts:
        assert part in text
    with duckdb.connect(str(landing.home / "warehouse.duckdb")) as connection:
        tables = connection.sql("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'").fetchone()
    assert tables == (0,), "something was loaded although the load stopped"


def test_missing_folder(landing: Landing, failure: Failure) -> None:
    landing.folder = landing.folder.parent / "elsewhere"
    assert_stops(landing, failure, "elsewhere does not exist", "REPLINE_LANDING")


def test_missing_required_file(landing: Landing, failure: Failure) -> None:
    (landing.folder / "users.csv").unlink()
    assert_stops(landing, failure, str(landing.folder), "no file for the required entity users", "users.csv")


def test_missing_required_column(landing: Landing, failure: Failure) -> None:
    landing.write("users.csv", "user_id,email\nu1,a@example.com\n")
    assert_stops(landing, failure, str(landing.folder / "users.csv"), "no column full_name", "nothing was loaded")


def test_empty_file(landing: Landing, failure: Failure) -> None:
    landing.write("calls.csv", "")
    assert_stops(landing, failure, "calls.csv", "the file is empty")


def test_header_only(landing: Landing) -> None:
    landing.write("opportunities.csv", HEADER + "\n")
    landing.load()
    assert landing.rows("SELECT count(*) FROM raw.landing__opportunities") == [(0,)]
    assert landing.rows("SELECT rows_read FROM raw.landing_files WHERE entity = 'opportunities'") == [(0,)]


UNREADABLE = [
    ("created_at", "03/01/2025", "ISO 8601 timestamp"),
    ("created_at", "infinity", "ISO 8601 timestamp"),
    ("created_at", "2025-02-30T10:00:00Z", "ISO 8601 timestamp"),
    ("created_at", "", "required, but empty"),
    ("close_date", "2025-13-01", "ISO 8601 date"),
    ("close_date", "12/11/10", "ISO 8601 date"),
    ("amount", '"1,234.50"', "a number"),
    ("amount", "12 EUR", "a number"),
    ("amount", "NaN", "a number"),
    ("amount", "-1", "amount is negative"),
    ("is_deleted", "yes", "true or false"),
    ("stage", "Dreaming", "no such stage"),
    ("opportunity_id", "", "required, but empty"),
]


def test_unreadable_values(landing: Landing) -> None:
    """Each is in a row of its own, of one file."""
    good = ["u1", "Qualify", "1", "2025-01-02", "2025-03-01", "", ""]
    rows = []
    for number, (column, value, _) in enumerate(UNREADABLE, start=3):
        row = dict(zip(HEADER.split(","), [f"o{number}", *good], strict=True))
        rows.append(",".join((row | {column: value}).values()))
    landing.write("opportunities.csv", OPPORTUNITIES + "\n".join(rows) + "\n")
    landing.load()
    found = landing.quarantined()
    assert [row[:4] for row in found] == [
        ("opportunities.csv", line, column, value.strip('"') or None)
        for line, (column, value, _) in enumerate(UNREADABLE, start=4)
    ]
    for (*_, reason), (column, value, expected) in zip(found, UNREADABLE, strict=True):
        assert expected in str(reason), (column, value)
    assert landing.rows("SELECT opportunity_id FROM raw.landing__opportunities ORDER BY 1") == [
        ("o1",),
        ("o2",),
    ]
    assert_nothing_lost(landing)


def test_unknown_stage_gets_another_chance_when_the_stages_change(landing: Landing) -> None:
    landing.write("opportunities.csv", OPPORTUNITIES + "o3,u1,Propose,1,2025-01-02,,,\n")
    landing.load()
    assert len(landing.quarantined()) == 1
    landing.write("pipeline_stages.csv", STAGES + ",Propose,4,false,false\n")
    landing.load()
    assert landing.rows("SELECT count(*) FROM raw.landing__opportunities") == [(3,)]
    assert landing.rows("SELECT rows_quarantined FROM raw.landing_files WHERE entity = 'opportunities'") == [(0,)]


def test_two_stages_on_one_position(landing: Landing) -> None:
    landing.write("pipeline_stages.csv", STAGES + ",Propose,1,false,false\n")
    landing.load()
    [(_, line, column, value, reason)] = landing.quarantined()
    assert (line, column, value) == (5, "position", "1")
    assert "repeats" in str(reason)


def test_history_without_pipeline_is_in_its_opportunitys(landing: Landing) -> None:
    landing.write("pipeline_stages.csv", STAGES + "renewals,Due,1,false,false\nrenewals,Kept,2,true,true\n")
    landing.write(
        "opportunities.csv",
        "opportunity_id,stage,pipeline,created_at\no1,Qualify,,2025-01-02\no2,Due,renewals,2025-01-02\n",
    )
    landing.write(
        "opportunity_history.csv",
        "opportunity_id,changed_at,stage\no1,2025-01-02,Qualify\no2,2025-01-02,Due\no1,2025-01-03,Due\nx,2025-01-03,Due\n",
    )
    landing.load()
    [(_, line, column, value, _)] = landing.quarantined()
    assert (line, column, value) == (4, "stage", "Due")
    assert_nothing_lost(landing)


def test_lines_with_too_few_and_too_many_fields(landing: Landing) -> None:
    landing.write("users.csv", 'user_id,full_name\nu1,"Ada\nDemo"\n\nu2\nu3,Cy,Demo\nu4,Di "the closer"\nu5,"Ed\n')
    landing.load()
    assert [row[:2] for row in landing.quarantined()] == [
        ("users.csv", 5),
        ("users.csv", 6),
        ("users.csv", 8),
    ]
    assert landing.rows("SELECT user_id, full_name FROM raw.landing__users ORDER BY 1") == [
        ("u1", "Ada\nDemo"),
        ("u4", 'Di "the closer"'),
    ]
    assert_nothing_lost(landing)


def test_latin_1(landing: Landing) -> None:
    landing.write("users.csv", "user_id,full_name\nu1,Ada Demo\nu2,Zoë Demo\nu3,Cy Demo\n".encode("latin-1"))
    landing.load()
    [(_, line, column, _, reason)] = landing.quarantined()
    assert (line, column) == (3, "full_name")
    assert "save the file as UTF-8" in str(reason)
    assert landing.rows("SELECT user_id FROM raw.landing__users ORDER BY 1") == [("u1",), ("u3",)]
    assert_nothing_lost(landing)


def test_any_letter_is_read_and_any_byte_counts_its_line(landing: Landing) -> None:
    """Bytes 0x80 to 0x9F stand in €, É or “ in UTF-8, and in Windows' own encoding: DuckDB's Latin-1 has none."""
    utf_8 = "user_id,full_name,Straße\nu1,Élodie “€” Łódź,a\n\nu2,,b\n".encode()
    landing.write("users.csv", utf_8 + b"u3,\x80 \x93,c\n")
    landing.load()
    assert [row[:3] for row in landing.quarantined()] == [
        ("users.csv", 4, "full_name"),
        ("users.csv", 5, "full_name"),
    ]
    assert landing.rows("SELECT user_id, full_name, stra_e FROM raw.landing__users") == [("u1", "Élodie “€” Łódź", "a")]
    assert_nothing_lost(landing)


def test_latin_1_in_an_extra_column_is_counted_once(landing: Landing) -> None:
    landing.write("users.csv", "user_id,full_name,hired_on,note\nu1,Ada,not a date,caf\xe9\n".encode("latin-1"))
    landing.load()
    assert landing.rows("SELECT rows_read, rows_quarantined FROM raw.landing_files WHERE entity = 'users'") == [(1, 1)]
    assert_nothing_lost(landing)


def test_latin_1_beside_another_fault_is_counted_once(landing: Landing) -> None:
    """No check looks at `name`, which must not change how often the line is found bad."""
    landing.write("accounts.csv", "account_id,name,created_at\na1,caf\xe9,not a date\na2,b,\n".encode("latin-1"))
    landing.load()
    counted = "SELECT rows_read, rows_quarantined FROM raw.landing_files WHERE entity = 'accounts'"
    assert landing.rows(counted) == [(2, 1)]
    assert_nothing_lost(landing)


def test_latin_1_header(landing: Landing, failure: Failure) -> None:
    landing.write("users.csv", "user_id,full_name,café\nu1,Ada Demo,x\n".encode("latin-1"))
    assert_stops(landing, failure, "the header of", "UTF-8")


def test_parquet_cut_in_the_middle(landing: Landing, failure: Failure) -> None:
    path = landing.write_parquet("calls.parquet", _calls(5000))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_stops(landing, failure, str(path), "cannot be read as parquet", "deliver the file again")


def test_parquet_with_a_page_overwritten(landing: Landing, failure: Failure) -> None:
    path = landing.write_parquet("calls.parquet", _calls(5000))
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + b"\xff" * 400 + whole[600:])
    assert_stops(landing, failure, str(path), "cannot be read as parquet", "deliver the file again")


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_gzip_cut_in_the_middle(landing: Landing, failure: Failure, kept: float) -> None:
    whole = gzip.compress(b"account_id,name\n" + b"".join(b"a%d,Company %d\n" % (i, i * 7919) for i in range(9000)))
    landing.write("accounts.csv.gz", whole[: int(len(whole) * kept)])
    assert_stops(landing, failure, "accounts.csv.gz", "not a whole gzip file")


def test_zstd_cut_in_the_middle(landing: Landing, failure: Failure) -> None:
    path = landing.folder / "accounts.csv.zst"
    duckdb.sql(
        f"COPY (SELECT 'a' || i AS account_id, hash(i) AS name FROM range(90000) AS t (i)) TO '{path}' (FORMAT csv)"
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_stops(landing, failure, "accounts.csv.zst", "not a whole zstd file")


def test_json_lines_that_are_none(landing: Landing) -> None:
    (landing.folder / "users.csv").unlink()
    landing.write(
        "users.jsonl",
        '{"user_id": 1, "full_name": "Ada", "hired_on": "2024-01-01", "is_deleted": false}\n\n{broken\n[1]\n'
        '{"user_id": "2"}\n{"user_id": "3", "full_name": "Cy", "hobbies": {"chess": true}}\n',
    )
    landing.load()
    assert [(line, column) for _, line, column, _, _ in landing.quarantined()] == [
        (3, None),
        (4, None),
        (5, "full_name"),
    ]
    assert landing.rows("SELECT user_id, full_name, hobbies FROM raw.landing__users ORDER BY 1") == [
        ("1", "Ada", None),
        ("3", "Cy", '{"chess":true}'),
    ]
    assert_nothing_lost(landing)


def test_unknown_extra_column_is_kept(landing: Landing) -> None:
    landing.write("users.csv", "user_id,full_name,Shoe Size\nu1,Ada,39\n")
    landing.load()
    assert landing.rows("SELECT user_id, shoe_size FROM raw.landing__users") == [("u1", "39")]


def test_type_that_flips_between_two_loads(landing: Landing) -> None:
    """An extra column is text in whatever form it comes; a contract column is read as its type or quarantined."""
    landing.write_parquet(
        "accounts/1.parquet", "SELECT 'a1' AS account_id, 7 AS score, TIMESTAMP '2025-01-01' AS created_at"
    )
    landing.load()
    landing.write_parquet(
        "accounts/2.parquet",
        "SELECT 'a2' AS account_id, 'high' AS score, '2025-01-02' AS created_at "
        "UNION ALL SELECT 'a3', 'low', 'yesterday'",
    )
    landing.load()
    assert landing.rows(
        "SELECT account_id, score, created_at::DATE::VARCHAR FROM raw.landing__accounts ORDER BY 1"
    ) == [
        ("a1", "7", "2025-01-01"),
        ("a2", "high", "2025-01-02"),
    ]
    assert [(file, line, column) for file, line, column, _, _ in landing.quarantined()] == [
        ("accounts/2.parquet", 2, "created_at")
    ]
    assert_nothing_lost(landing)


def test_column_named_twice(landing: Landing, failure: Failure) -> None:
    landing.write("users.csv", "user_id,full_name,Full Name\nu1,Ada,Ada\n")
    assert_stops(landing, failure, "two columns that are named full_name")


def _calls(count: int) -> str:
    return (
        "SELECT 'c' || i AS call_id, 'u' || hash(i) AS user_id, TIMESTAMP '2025-01-01' AS started_at, "
        f"'outbound' AS direction FROM range({count}) AS t (i)"
    )
