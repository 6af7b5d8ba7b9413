"""A data home as Repline 0.1.0 left it: its landing files and its warehouse.

Belongs here: making it, and changing it into one of a release whose contract was another. Does not belong here: what
this release makes of it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_name("home_0_1_0.sql")
FILES = {
    "users.csv": (
        "user_id,full_name,email,region\nu1,Ada Lovelace,ada@example.com,north\nu2,Bo Diddley,bo@example.com,south\n"
    ),
    "pipeline_stages.csv": (
        "stage,position,is_closed,is_won\nQualify,1,false,false\nWon,2,true,true\nLost,3,true,false\n"
    ),
    "opportunities.csv": (
        "opportunity_id,owner_id,stage,amount,currency,created_at,closed_at,close_date\n"
        "o1,u1,Won,1200.50,EUR,2025-01-10T09:00:00Z,2025-02-20T15:00:00Z,2025-02-20\n"
        "o2,u2,Qualify,800,EUR,2025-03-01T09:00:00Z,,2025-06-30\n"
        "bad,u2,Qualify,much,EUR,2025-03-01T09:00:00Z,,2025-06-30\n"
    ),
    "calls.csv": (
        "call_id,user_id,started_at,direction,duration_seconds\n"
        "c1,u1,2025-04-01T10:00:00Z,outbound,61.5\nc2,u2,2025-04-02T11:00:00Z,inbound,30\n"
    ),
}
LOADED_ROWS = {"users": 2, "pipeline_stages": 3, "opportunities": 2, "calls": 2}


def make_old_home(home: Path) -> None:
    """Write `landing/` and `warehouse.duckdb` into the folder."""
    (home / "landing").mkdir(parents=True)
    for name, text in FILES.items():
        (home / "landing" / name).write_text(text, encoding="utf-8")
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute(SCRIPT.read_text(encoding="utf-8"))


def with_type(home: Path, table: str, column: str, type_: str, dlt_type: str) -> None:
    """Let a raw column have another type, in the table and in dlt's own notes of it, as under another contract."""
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute(f"ALTER TABLE raw.{table} ALTER COLUMN {column} SET DATA TYPE {type_}")
        connection.execute(
            f"""
            UPDATE raw._dlt_version SET schema = regexp_replace(
                schema,
                '("{table}":.*?"{column}":{{"name":"{column}","nullable":true,"data_type":)"[a-z]*"[^}}]*',
                '\\1"{dlt_type}"'
            )
            """
        )
        noted = connection.execute(
            f'SELECT count(*) FROM raw._dlt_version WHERE schema LIKE \'%"name":"{column}","nullable":true,'
            f'"data_type":"{dlt_type}"}}%\''
        ).fetchone()
    assert noted == (1,)
