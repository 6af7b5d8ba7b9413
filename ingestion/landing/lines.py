"""The lines of a text file as bytes: its first, and on which one each record begins.

Belongs here: what has to hold of any bytes. Does not belong here: fields (`ingestion.landing.reading`).

DuckDB cannot do this: it stops at bytes that are not of the encoding that it is told, and has none that takes all.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.landing.errors import LandingError

_READ_BYTES = 1 << 20
# Longer lines are none that DuckDB's CSV reader takes.
_LONGEST_LINE_BYTES = 1 << 21


def first_line(path: Path) -> bytes:
    """The first line of a text file, compressed or not, with its end."""
    with _opened(path) as stream:
        head = b""
        while len(head) < _LONGEST_LINE_BYTES and b"\n" not in head and (piece := stream.read(_READ_BYTES)):
            head += piece
    return head[: head.find(b"\n") + 1 or len(head)]


def check_compression(path: Path) -> None:
    """Raise LandingError where a compressed file is cut off: DuckDB reads gzip up to the cut without a word."""
    compression = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    if not compression:
        return
    try:
        with _opened(path) as stream:
            while stream.read(_READ_BYTES):
                pass
    except (EOFError, OSError) as error:
        raise LandingError(
            f"{path} is not a whole {compression} file ({error}); deliver it again, nothing was loaded"
        ) from None


def number_lines(connection: duckdb.DuckDBPyConnection, path: Path, is_csv: bool, lines_before: int = 0) -> None:
    """Make the temporary table `record_lines`: (record, row_number, line) of a text file.

    `record` counts as the CSV reader does (from 1, header and blank lines included), `row_number` counts the
    records that are not blank (and, in a CSV file, not the header and not in `rejected`); `line` is the line
    of the file on which the record starts, `lines_before` included. A quoted field may span lines: a line starts a
    record where the quotes before it are even in number. Only files with bad rows are read this way.
    """
    quotes = "quotes" if is_csv else "0"
    left_out = "record = 1 OR record IN (SELECT record FROM rejected)" if is_csv else "false"
    connection.register("text_lines", pa.Table.from_batches(_lines(path), _LINES_SCHEMA))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE record_lines AS
        WITH counted AS (
            SELECT line_number, is_blank,
                   coalesce(sum({quotes}) OVER (ORDER BY line_number ROWS BETWEEN UNBOUNDED PRECEDING
                            AND 1 PRECEDING), 0) % 2 = 0 AS is_start
            FROM text_lines
        ),
        records AS (
            SELECT row_number() OVER (ORDER BY line_number) AS record, line_number, is_blank
            FROM counted WHERE is_start
        )
        SELECT record, line_number + {lines_before} AS line,
               CASE WHEN NOT (is_blank OR {left_out})
                    THEN count(*) FILTER (NOT (is_blank OR {left_out})) OVER (ORDER BY line_number) END AS row_number
        FROM records
        """
    )
    connection.unregister("text_lines")


_LINES_SCHEMA = pa.schema([("line_number", pa.int64()), ("is_blank", pa.bool_()), ("quotes", pa.int32())])


def _lines(path: Path) -> Iterator[pa.RecordBatch]:
    """A row for each line, in pieces: its number from 1, whether it is blank, how many quotes it has."""
    count = 0
    rest = b""
    with _opened(path) as stream:
        while piece := stream.read(_READ_BYTES):
            whole, end, rest = (rest + piece).rpartition(b"\n")
            if end:
                yield (batch := _describe(whole, count))
                count += batch.num_rows
    if rest:
        yield _describe(rest, count)


def _describe(lines: bytes, count: int) -> pa.RecordBatch:
    split = pc.split_pattern(pa.array([lines], pa.binary()), b"\n").flatten()
    trimmed = pc.replace_substring(split, b"\r", b"")
    return pa.record_batch(
        [
            pa.array(range(count + 1, count + len(split) + 1), pa.int64()),
            pc.equal(pc.binary_length(trimmed), 0),
            pc.count_substring(split, b'"'),
        ],
        schema=_LINES_SCHEMA,
    )


def _opened(path: Path) -> AbstractContextManager[IO[bytes]]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path))
    if path.suffix == ".zst":
        return cast(IO[bytes], pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")
