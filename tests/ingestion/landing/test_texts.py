"""Texts that DuckDB's reader loses lines of: every line is loaded or quarantined."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingestion.contract import ENTITIES_BY_NAME
from ingestion.landing.files import landing_files
from ingestion.landing.reading import open_files
from tests.ingestion.landing.conftest import OPPORTUNITIES, Landing
from tests.ingestion.landing.test_faults import assert_nothing_lost

CALLS_HEADER = "call_id,user_id,started_at,direction"


def test_lines_that_a_reader_would_swallow_and_names_that_are_patterns(landing: Landing) -> None:
    calls = [f"c{number},u1,2025-01-02T10:00:00Z,outbound" for number in range(20_000)]
    landing.write("calls.csv", "\n".join([CALLS_HEADER, *calls[:149], '"' + calls[149], *calls[150:], ""]))
    # Closed again by a quote that means inches, so that the parser finds nothing wrong.
    leads = [f"l{number},2025-01-02,web" for number in range(50)]
    leads[20], leads[30] = leads[20].replace("web", '"web'), leads[30].replace("web", '12"')
    landing.write("leads.csv", "\n".join(["lead_id,created_at,source", *leads, ""]))
    landing.write(
        "meetings.csv",
        b"meeting_id,user_id,starts_at,note\nm1,u1,2025-01-02," + b"x" * 3_000_000 + b"\nm2,u1,2025-01-03,short\n",
    )
    landing.write("accounts/jan[1].csv", "account_id\na1\n")
    landing.write("accounts/jan1.csv", "account_id\na2\n")
    landing.write("accounts/*.csv", "account_id\na3\n")
    landing.write("accounts/what?.jsonl", '{"account_id": "a4"}\n')
    landing.write_parquet("accounts/year=2025/[p].parquet", "SELECT 'a5' AS account_id")
    (landing.folder / os.fsdecode(b"accounts/caf\xe9.csv")).write_text("account_id,created_at\na6,\na7,some day\n")
    landing.load()

    counted = "SELECT entity, sum(rows_read)::INT, sum(rows_loaded)::INT FROM raw.landing_files GROUP BY ALL ORDER BY 1"
    assert landing.rows(counted) == [
        ("accounts", 7, 6),
        ("calls", 20_000, 19_999),
        ("leads", 50, 39),
        ("meetings", 2, 1),
        ("opportunities", 2, 2),
        ("pipeline_stages", 3, 3),
        ("users", 2, 2),
    ]
    assert_nothing_lost(landing)
    assert [row[:2] for row in landing.quarantined()] == [
        ("accounts/caf\\xe9.csv", 3),
        ("calls.csv", 151),
        *(("leads.csv", line) for line in range(22, 33)),
        ("meetings.csv", 2),
    ]
    assert landing.rows("SELECT account_id, _file FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "accounts/jan[1].csv"),
        ("a2", "accounts/jan1.csv"),
        ("a3", "accounts/*.csv"),
        ("a4", "accounts/what?.jsonl"),
        ("a5", "accounts/year=2025/[p].parquet"),
        ("a6", "accounts/caf\\xe9.csv"),
    ]


def test_line_ends_and_marks_of_other_systems(landing: Landing) -> None:
    landing.write("accounts.csv", b'account_id,name\ra1,"One\rand more"\ra2,Two\r')
    landing.write("users.csv", b"\xef\xbb\xbfuser_id,full_name\r\nu1,Ada\nu2,Bo\r\n")
    landing.write("calls.csv", CALLS_HEADER + ",note\n\n" + "c1,u1,2025-01-02,inbound,a\n\nc2,u1,someday,inbound,b\n")
    landing.write("leads.jsonl", b'\xef\xbb\xbf{"lead_id": "l1", "created_at": "2025-01-02", "": "no name"}\r\n[]\r\n')
    landing.load()
    assert landing.rows("SELECT account_id, name FROM raw.landing__accounts ORDER BY 1") == [
        ("a1", "One\nand more"),
        ("a2", "Two"),
    ]
    assert landing.rows("SELECT user_id, full_name FROM raw.landing__users ORDER BY 1") == [("u1", "Ada"), ("u2", "Bo")]
    assert landing.rows("SELECT lead_id, unnamed FROM raw.landing__leads") == [("l1", "no name")]
    assert [row[:2] for row in landing.quarantined()] == [("calls.csv", 5), ("leads.jsonl", 2)]
    assert_nothing_lost(landing)


def test_columns_that_are_called_as_our_own(landing: Landing) -> None:
    names = (
        "problem",
        "row_number",
        "known_pipeline",
        "is_broken",
        "file_number",
        "raw_amount",
        "line",
        "record",
        "json",
    )
    extra = "".join(f",{name}" for name in names)
    rows = OPPORTUNITIES.splitlines()
    values = ",x" * len(names)
    # A repeated key and a bad row, so that places in the file are asked for.
    landing.write(
        "opportunities.csv",
        "\n".join([rows[0] + extra, *(row + values for row in (*rows[1:], rows[1], "o3" + "," * 7)), ""]),
    )
    landing.write(
        "leads.jsonl", '{"lead_id": "l1", "created_at": "2025-01-02", "record": 1, "json": 2, "problem": 3}\n'
    )
    landing.write_parquet(
        "accounts.parquet",
        "SELECT 'a' || i AS account_id, CASE WHEN i = 3 THEN 'some day' END AS created_at, 7 AS file_row_number, "
        '8 AS filename, 9 AS "$line" FROM range(5) AS t (i)',
    )
    landing.load()
    assert landing.rows(f"SELECT DISTINCT {', '.join(names)} FROM raw.landing__opportunities") == [("x",) * len(names)]
    assert landing.rows("SELECT record, json, problem FROM raw.landing__leads") == [("1", "2", "3")]
    assert landing.rows("SELECT DISTINCT file_row_number, filename, _line FROM raw.landing__accounts") == [
        ("7", "8", "9")
    ]
    assert [row[:3] for row in landing.quarantined()] == [
        ("accounts.parquet", 4, "created_at"),
        ("opportunities.csv", 5, "stage"),
    ]
    assert_nothing_lost(landing)


def test_many_small_files_are_read_together(landing: Landing, tmp_path: Path) -> None:
    """And each has its own account, its own lines and its place among the versions of a record."""
    for number in range(30):
        bad = "b,some day\n" if number == 7 else ""
        landing.write(f"accounts/{number:02}.csv", f"account_id,created_at\nsame,\na{number},\n{bad}")
        landing.write(f"leads/{number:02}.jsonl", f'{{"lead_id": "l{number}", "created_at": "2025-01-02"}}\n')
    landing.load()
    assert landing.rows("SELECT count(*) FROM raw.landing__accounts") == [(31,)]
    assert landing.rows("SELECT _file FROM raw.landing__accounts WHERE account_id = 'same'") == [("accounts/29.csv",)]
    assert [row[:3] for row in landing.quarantined()] == [("accounts/07.csv", 4, "created_at")]
    superseded = (
        "SELECT count(*) FROM raw.landing_files WHERE rows_superseded = 1 AND rows_loaded = 2 AND rows_read >= 2"
    )
    assert landing.rows(superseded) == [(29,)]
    assert landing.rows("SELECT count(DISTINCT _file) FROM raw.landing__leads") == [(30,)]
    assert_nothing_lost(landing)

    import duckdb

    entity = ENTITIES_BY_NAME["accounts"]
    with duckdb.connect() as connection:
        readings = open_files(connection, landing_files(landing.folder, entity), entity, tmp_path)
    assert [len(reading.files) for reading in readings] == [30]


def test_a_required_column_that_one_of_many_small_files_misses(landing: Landing) -> None:
    landing.write("leads/1.jsonl", '{"lead_id": "l1", "created_at": "2025-01-02"}\n')
    landing.write("leads/2.jsonl", '{"lead_id": "l2"}\n')
    with pytest.raises(Exception, match=r"2\.jsonl has no column created_at"):
        landing.load()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created_at", "TIMESTAMP 'infinity'"),
        ("created_at", "TIMESTAMPTZ '-infinity'"),
        ("created_at", "TIMESTAMP '290000-01-01'"),
    ],
)
def test_values_that_no_model_could_work_with(landing: Landing, column: str, value: str) -> None:
    landing.write_parquet(
        "opportunities.parquet",
        f"""
        SELECT
            'o' || i AS opportunity_id,
            'Qualify' AS stage,
            CASE i WHEN 1 THEN {value} ELSE TIMESTAMP '2025-01-01' END AS created_at,
            CASE i WHEN 2 THEN 1e12 WHEN 3 THEN 'inf'::DOUBLE ELSE 1e11 END AS amount,
            CASE i
                WHEN 4 THEN DATE 'infinity' WHEN 5 THEN DATE '5000000-01-01' WHEN 6 THEN DATE '9999-12-31'
            END AS close_date
        FROM range(7) AS t (i)
        """,
    )
    (landing.folder / "opportunities.csv").unlink()
    landing.load()
    assert [row[1:3] for row in landing.quarantined()] == [
        (2, column),
        (3, "amount"),
        (4, "amount"),
        (5, "close_date"),
        (6, "close_date"),
    ]
    assert landing.rows("SELECT opportunity_id FROM raw.landing__opportunities ORDER BY 1") == [("o0",), ("o6",)]
    assert_nothing_lost(landing)
