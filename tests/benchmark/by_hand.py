"""The work of a refresh as a script by hand: DuckDB alone, from the landing files to the five tables of the KPI rules.

Run as `python -m tests.benchmark.by_hand <landing folder> <output folder> <as-of>`. It keeps the raw tables and writes
the marts as DuckDB and Parquet, as a refresh does; what a refresh does beyond that (judging, history, warnings,
checks, further marts) it does not. Does not belong here: the SQL (`by_hand_sql/`), or timing it (`bench`).
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.contract import ENTITIES
from ingestion.landing.files import landing_files
from ingestion.migrations import STORAGE_VERSION
from pipelines.publication.publish import PARQUET_OPTIONS

TABLES = ("fct_opportunity_stage", "kpi_rep_scorecard", "kpi_stage_funnel", "kpi_pipeline_waterfall", "kpi_slippage")
_SQL = sorted((Path(__file__).parent / "by_hand_sql").glob("*.sql"))


def run(landing: Path, output: Path, as_of: datetime) -> None:
    """Write `warehouse.duckdb`, `marts.duckdb` and a Parquet file per table into the new folder `output`."""
    output.mkdir()
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        connection.execute("CREATE SCHEMA landing")
        for entity in ENTITIES:
            if files := landing_files(landing, entity):
                reader = "read_parquet" if files[0].format == "parquet" else "read_csv"
                paths = [str(file.path) for file in files]
                connection.execute(f"CREATE VIEW landing.{entity.name} AS FROM {reader}({paths!r})")
        for name, file in (("warehouse", "warehouse.duckdb"), ("published", "marts.duckdb")):
            connection.execute(f"ATTACH '{output / file}' AS {name} (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("CREATE SCHEMA published.marts")
        connection.execute("SET VARIABLE as_of = ?::TIMESTAMP", [as_of.replace(tzinfo=None)])
        for part in _SQL:
            connection.execute(part.read_text(encoding="utf-8"))
        for table in TABLES:
            target = output / f"{table}.parquet"
            connection.execute(f"COPY published.marts.{table} TO '{target}' ({PARQUET_OPTIONS})")


def differences(by_hand: Path, published: Path) -> dict[str, int]:
    """Rows of each table that are in one of two DuckDB files and not in the other, over the columns that both have."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{by_hand}' AS by_hand (READ_ONLY)")
        connection.execute(f"ATTACH '{published}' AS published (READ_ONLY)")
        for table in TABLES:
            columns = [
                {row[0]: row[1] for row in connection.execute(f"DESCRIBE {place}.marts.{table}").fetchall()}
                for place in ("by_hand", "published")
            ]
            names = ", ".join(
                f"CAST({name} AS {type_}) AS {name}" for name, type_ in columns[1].items() if name in columns[0]
            )
            one, other = (f"SELECT {names} FROM {place}.marts.{table}" for place in ("by_hand", "published"))
            query = f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
            found[table] = int(connection.execute(query).fetchall()[0][0])
    return found


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
