"""Which files of a folder hold one of some words: where somebody is to be forgotten, what is left to their owner.

Belongs here: looking into the formats that sources are read from. Does not belong here: reading them as records
(`ingestion.landing`, `ingestion.exports`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa

from ingestion.text import quoted

_CHUNK_BYTES = 1 << 20
_WORKBOOKS = (".xlsx", ".xlsm")


def files_with(folder: Path, words: Sequence[str]) -> list[Path]:
    """The files below the folder in which a word stands, between other signs than letters, digits, `_` and `-`.

    Compressed files, Parquet and workbooks are looked into; one that cannot be read is listed, since nobody knows.
    """
    if not words or not folder.is_dir():
        return []
    # A name can be written in any case; a sign beyond ASCII ends a word too, which finds rather too much.
    found = b"|".join(re.escape(word.encode()) for word in words)
    pattern = re.compile(rb"(?<![\w-])(?:" + found + rb")(?![\w-])", re.IGNORECASE)
    overlap = max(len(word.encode()) for word in words) + 1
    return sorted(path for path in folder.rglob("*") if path.is_file() and _holds(path, pattern, overlap))


def _holds(path: Path, pattern: re.Pattern[bytes], overlap: int) -> bool:
    try:
        return any(pattern.search(piece) for piece in _pieces(path, overlap))
    except (OSError, duckdb.Error, pa.ArrowException, zipfile.BadZipFile):
        return True


def _pieces(path: Path, overlap: int) -> Iterator[bytes]:
    if path.suffix == ".parquet":
        yield from _parquet(path)
    elif path.suffix in _WORKBOOKS:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield from _chunks(member, overlap)
    else:
        with pa.input_stream(str(path), compression="detect") as stream:
            yield from _chunks(stream, overlap)


def _chunks(stream: IO[bytes] | pa.NativeFile, overlap: int) -> Iterator[bytes]:
    """Pieces that share their ends, so that no word is cut in two."""
    end = b""
    while chunk := stream.read(_CHUNK_BYTES):
        yield end + chunk
        end = (end + chunk)[-overlap:]


def _parquet(path: Path) -> Iterator[bytes]:
    with closing(duckdb.connect()) as connection:
        relation = connection.sql("SELECT * FROM read_parquet(?)", params=[str(path)])
        columns = ", ".join(f"{quoted(name)}::VARCHAR" for name in relation.columns)
        rows = connection.sql(f"SELECT concat_ws(chr(31), {columns}) FROM relation")
        while batch := rows.fetchmany(10_000):
            yield "\x1e".join(text for (text,) in batch).encode()
