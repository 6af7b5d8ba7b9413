"""The lake as the place of the raw tables: load packages as Parquet files, never changed, and views on what stands.

Belongs here: the files of dlt's filesystem destination, and which of their rows are the newest. Does not belong here:
the keys of tables (`ingestion.keys`), moving raw tables there or back (`ingestion.moving`), or what Spark makes of them
(`pipelines.spark.lake`).

Where Spark builds the models, each load adds files `raw/<table>/<load id>-<file>.parquet`, so neither a merge nor a
table format is needed. The warehouse's DuckDB file shows each table as a view with the newest row per key: what a merge
would have left. Whoever reads raw tables finds the same on both engines.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingestion.contract import RAW_SCHEMA
from ingestion.text import literal, quoted

# Of files that a task of Spark reads at once; a smaller table is one file.
FILE_BYTES = "128MB"
LAYOUT = "{table_name}/{load_id}-{file_id}.{ext}"
# The load id of what was moved here from the warehouse: before all others.
MOVED = "0"
# dlt's own tables, which it keeps as JSON, and their columns as far as they are read.
_STATES, _LOADS = "_dlt_pipeline_state", "_dlt_loads"
_OWN_COLUMNS = {
    _STATES: {"pipeline_name": "VARCHAR", "state": "VARCHAR", "_dlt_load_id": "VARCHAR"},
    _LOADS: {"load_id": "VARCHAR", "schema_name": "VARCHAR", "status": "BIGINT"},
}
_PACKAGE = "_package"


@dataclass(frozen=True)
class Key:
    """The columns of a key. `newest` is the column that decides between two rows of one load, greatest first; empty
    where a load brings one row per key."""

    columns: tuple[str, ...]
    newest: str = ""


@dataclass(frozen=True)
class Packages:
    """The files of a raw table, and its key; None where no source has such a table any more."""

    name: str
    files: tuple[Path, ...]
    key: Key | None

    def newest_rows(self, files: str, load_id: str, quote: Callable[[str], str] = quoted) -> str:
        """SQL of the row per key that was loaded last, for both engines.

        `files` is the relation with all rows, `load_id` what says of a row which load brought it. Sources leave out
        rows that are older than what raw holds, so this is the landing contract's newest version as well.
        """
        has_one_load = len({_load_id(file) for file in self.files}) == 1
        if self.key is None or (has_one_load and not self.key.newest):
            return f"SELECT * FROM {files}"
        newest = f", {quote(self.key.newest)} DESC NULLS LAST" if self.key.newest else ""
        return (
            f"SELECT * FROM {files} QUALIFY row_number() OVER"
            f" (PARTITION BY {', '.join(map(quote, self.key.columns))} ORDER BY {load_id} DESC{newest}) = 1"
        )


@dataclass(frozen=True)
class Lake:
    """The folder of the lake, in which that of raw tables is dlt's dataset, and the keys of those by name."""

    folder: Path
    keys: Mapping[str, Key]

    @property
    def raw(self) -> Path:
        return self.folder / RAW_SCHEMA

    def packages(self) -> Iterator[Packages]:
        """The raw tables that have files, by name."""
        for folder in sorted(self.raw.glob("*")):
            files = tuple(sorted(folder.glob("*.parquet")))
            if files and not folder.name.startswith("_dlt"):
                yield Packages(folder.name, files, self.keys.get(folder.name))

    def has_news(self) -> bool:
        """Whether a load brought something since the raw tables were moved here."""
        return any(_load_id(file) != MOVED for packages in self.packages() for file in packages.files)

    def sweep(self) -> None:
        """Remove the files of loads that were killed: the next one brings their rows again. Only between loads.

        dlt copies files to where they belong, so one of them may be cut short. It notes the state of a load, and then
        its end, when all its files are there.
        """
        ended = {MOVED}
        ended |= {file.stem.rpartition("__")[2] for file in (self.raw / _LOADS).glob("*.jsonl")}
        ended |= {file.stem.split("__")[-2] for file in (self.raw / _STATES).glob("*__*__*.jsonl")}
        for packages in self.packages():
            for file in packages.files:
                if _load_id(file) not in ended:
                    file.unlink()

    def show(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let the warehouse show each raw table as a view on the files that are there now."""
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SCHEMA}")
        shown = connection.execute("SELECT view_name, sql FROM duckdb_views() WHERE schema_name = ?", [RAW_SCHEMA])
        before = dict(shown.fetchall())
        wanted = dict(self._views())
        for name in before.keys() - wanted.keys():
            connection.execute(f"DROP VIEW {RAW_SCHEMA}.{quoted(name)}")
        for name, query in wanted.items():
            connection.execute(f"CREATE OR REPLACE VIEW {RAW_SCHEMA}.{quoted(name)} AS {query}")

    def put(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Write a raw table of the warehouse as a package, in the place of all that there are of it."""
        folder = self.raw / table
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        connection.execute(
            f"COPY {RAW_SCHEMA}.{quoted(table)} TO {literal(folder)}"
            f" (FORMAT parquet, FILE_SIZE_BYTES '{FILE_BYTES}', FILENAME_PATTERN '{MOVED}-{{i}}', OVERWRITE)"
        )

    def remove_raw(self) -> None:
        """Remove all packages, with what dlt notes of them."""
        shutil.rmtree(self.raw, ignore_errors=True)

    def _views(self) -> Iterator[tuple[str, str]]:
        for packages in self.packages():
            files = f"read_parquet({_listed(packages.files)}, union_by_name = true, filename = '{_PACKAGE}')"
            rows = packages.newest_rows(files, f"split_part(parse_filename({_PACKAGE}), '-', 1)")
            yield packages.name, rows.replace("SELECT *", f"SELECT * EXCLUDE ({_PACKAGE})", 1)
        for name, columns in _OWN_COLUMNS.items():
            if files_of_own := tuple(sorted((self.raw / name).glob("*.jsonl"))):
                types = ", ".join(f"{column}: '{type_}'" for column, type_ in columns.items())
                yield name, f"SELECT * FROM read_json({_listed(files_of_own)}, columns = {{{types}}})"


@contextmanager
def shown(connection: duckdb.DuckDBPyConnection, lake: Lake | None) -> Iterator[None]:
    """Around a load: the warehouse shows what the lake holds before and after it. Nothing where there is no lake."""
    if lake is None:
        yield
        return
    lake.sweep()
    lake.show(connection)
    yield
    lake.show(connection)


def _load_id(file: Path) -> str:
    return file.name.partition("-")[0]


def _listed(files: tuple[Path, ...]) -> str:
    return f"[{', '.join(map(literal, files))}]"
