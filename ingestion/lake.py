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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb
from upath import UPath

from ingestion.contract import RAW_SCHEMA
from ingestion.text import literal, one_line, quoted

# Of files that a task of Spark reads at once; a smaller table is one file.
FILE_BYTES = "128MB"
LAYOUT = "{table_name}/{load_id}-{file_id}.{ext}"
# The load id of what was moved here from the warehouse: before all others.
MOVED = "0"
_OF_DLT = "_dlt"
# Of dlt's own tables, which it keeps as JSON, those that are read, with the columns.
_STATES, _LOADS = "_dlt_pipeline_state", "_dlt_loads"
_OWN_COLUMNS = {
    _STATES: {"pipeline_name": "VARCHAR", "state": "VARCHAR", "_dlt_load_id": "VARCHAR"},
    _LOADS: {"load_id": "VARCHAR", "schema_name": "VARCHAR", "status": "BIGINT"},
}
_PACKAGE = "_package"

# In the lake, and in the warehouse: which home uses it. Moving removes what is there, so a lake to which a second home
# was pointed by mistake would be lost to the first.
_HOME_FILE = "_home"
_HOMES = "repline.lake"

Folder = Path | UPath


class LakeError(RuntimeError):
    """The lake cannot be used; the message is one line that says what to do."""


def folder_at(place: str) -> Folder:
    """The folder at a path or a bucket's URL, with the credentials that dlt has for it (`destination.filesystem`).

    Raises LakeError where a package or a credential is missing.
    """
    if "://" not in place:
        return Path(place)
    from dlt.common.configuration import resolve_configuration
    from dlt.common.exceptions import DltException
    from dlt.common.storages import FilesystemConfiguration, fsspec_from_config

    wanted = FilesystemConfiguration(bucket_url=place)
    try:
        client, _ = fsspec_from_config(resolve_configuration(wanted, sections=("destination", "filesystem")))
    except (DltException, ImportError) as error:
        raise LakeError(f"the lake {place} cannot be opened: {one_line(str(error))}") from error
    return UPath(place, **client.storage_options)


def remove(folder: Folder) -> None:
    """Remove a folder with all that is in it, if it is there."""
    if isinstance(folder, Path):
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.is_dir():
        folder.fs.rm(folder.path, recursive=True)


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
    files: tuple[Folder, ...]
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

    folder: Folder
    keys: Mapping[str, Key]

    @property
    def raw(self) -> Folder:
        return self.folder / RAW_SCHEMA

    def claim(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Note that this warehouse uses the lake. Raises LakeError where another one does, or something else."""
        file, owner, own = self.folder / _HOME_FILE, self._owner(), _own_id(connection)
        # dlt marks its datasets so.
        if owner is None and any(self.folder.glob("*")) and not (self.raw / "init").is_file():
            raise LakeError(f"{self.folder} holds other files; set `lake` to a folder that is empty or not there yet")
        if owner is not None and owner != own:
            raise LakeError(
                f"{self.folder} is the lake of another data home; set `lake` to a place of its own or, where that home "
                f"is gone and this one takes its place, remove {file}"
            )
        if own is None:
            own = uuid4().hex
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_HOMES.partition('.')[0]}")
            connection.execute(f"CREATE OR REPLACE TABLE {_HOMES} AS SELECT {literal(own)} AS id")
        if owner is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(own)

    def is_of(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether this warehouse uses the lake."""
        owner = self._owner()
        return owner is not None and owner == _own_id(connection)

    def _owner(self) -> str | None:
        file = self.folder / _HOME_FILE
        return file.read_text() if file.is_file() else None

    def packages(self) -> Iterator[Packages]:
        """The raw tables that have files, by name."""
        for folder in _sorted(self.raw.glob("*")):
            files = _sorted(folder.glob("*.parquet"))
            if files and not folder.name.startswith(_OF_DLT):
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
        wanted = dict(self._views())
        for name, kind in connection.execute(
            "SELECT table_name, table_type FROM information_schema.tables"
            " WHERE table_catalog = current_database() AND table_schema = ?",
            [RAW_SCHEMA],
        ).fetchall():
            if kind == "VIEW" and name not in wanted:
                connection.execute(f"DROP VIEW {RAW_SCHEMA}.{quoted(name)}")
            elif kind != "VIEW" and name.startswith(_OF_DLT):
                # Left by a move that was killed.
                connection.execute(f"DROP TABLE {RAW_SCHEMA}.{quoted(name)}")
        for name, query in wanted.items():
            connection.execute(f"CREATE OR REPLACE VIEW {RAW_SCHEMA}.{quoted(name)} AS {query}")

    def put(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Write a raw table of the warehouse as a package, in the place of all that there are of it."""
        folder = self.raw / table
        remove(folder)
        folder.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"COPY {RAW_SCHEMA}.{quoted(table)} TO {literal(str(folder))}"
            f" (FORMAT parquet, FILE_SIZE_BYTES '{FILE_BYTES}', FILENAME_PATTERN '{MOVED}-{{i}}', OVERWRITE_OR_IGNORE)"
        )

    def remove_raw(self) -> None:
        """Remove all packages, with what dlt notes of them."""
        remove(self.raw)

    def _views(self) -> Iterator[tuple[str, str]]:
        for packages in self.packages():
            files = f"read_parquet({_listed(packages.files)}, union_by_name = true, filename = '{_PACKAGE}')"
            rows = packages.newest_rows(files, f"split_part(parse_filename({_PACKAGE}), '-', 1)")
            yield packages.name, rows.replace("SELECT *", f"SELECT * EXCLUDE ({_PACKAGE})", 1)
        for name, columns in _OWN_COLUMNS.items():
            if files_of_own := _sorted((self.raw / name).glob("*.jsonl")):
                types = ", ".join(f"{column}: '{type_}'" for column, type_ in columns.items())
                yield name, f"SELECT * FROM read_json({_listed(files_of_own)}, columns = {{{types}}})"


@contextmanager
def shown(connection: duckdb.DuckDBPyConnection, lake: Lake | None) -> Iterator[None]:
    """Around a load: the warehouse shows what the lake holds before and after it. Nothing where there is no lake.

    Raises LakeError where it is that of another home.
    """
    if lake is None:
        yield
        return
    lake.claim(connection)
    lake.sweep()
    lake.show(connection)
    yield
    lake.show(connection)


def has_used_one(warehouse: Path) -> bool:
    """Whether this warehouse used a lake at any time."""
    if not warehouse.exists():
        return False
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        return _own_id(connection) is not None


def _own_id(connection: duckdb.DuckDBPyConnection) -> str | None:
    schema, table = _HOMES.split(".")
    query = (
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND (schema_name, table_name) = (?, ?)"
    )
    if not connection.execute(query, [schema, table]).fetchall():
        return None
    [(own,)] = connection.execute(f"SELECT id FROM {_HOMES}").fetchall()
    return str(own)


def _load_id(file: Folder) -> str:
    return file.name.partition("-")[0]


def _sorted(files: Iterable[Folder]) -> tuple[Folder, ...]:
    return tuple(sorted(files, key=str))


def _listed(files: Iterable[Folder]) -> str:
    return f"[{', '.join(literal(str(file)) for file in files)}]"
