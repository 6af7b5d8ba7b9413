"""What DuckDB alone needs for the same files: the floor under a refresh.

Run as `python -m tests.benchmark.bare <task> <landing folder> <calls>`. Tasks: `generate` makes the demo company,
`read` looks at every value, `copy` makes a table of each entity. Does not belong here: any part of a refresh.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb

from ingestion.contract import ENTITIES
from ingestion.demo import generate
from ingestion.landing.files import landing_files


def main(task: str, folder: Path, calls: int) -> None:
    """Do one task; it is timed from outside, so that it starts as cold as a refresh does."""
    if task == "generate":
        generate(folder, calls=calls)
        return
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as scratch,
        duckdb.connect(str(Path(scratch) / "bare.duckdb")) as connection,
    ):
        for entity in ENTITIES:
            files = landing_files(folder, entity)
            if not files:
                continue
            reader = "read_parquet" if files[0].format == "parquet" else "read_csv"
            source = f"{reader}({[str(file.path) for file in files]!r})"
            if task == "read":
                # A hash needs the whole value; a count could be answered from a file's statistics.
                connection.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {source}").fetchall()
            else:
                connection.execute(f"CREATE TABLE {entity.name} AS FROM {source}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
