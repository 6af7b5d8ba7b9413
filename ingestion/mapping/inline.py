"""Rows that stand in the mapping file itself, as a file of their own: for what no file or table gives.

Belongs here: turning them into records. Does not belong here: what they mean; they are in the landing contract's forms.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.landing.files import LandingFile, describe_file
from ingestion.landing.reading import Reading, read_parquet
from ingestion.mapping.model import InlineRows, Part

_LINE = "line of the mapping"


def inline_file(mapping: Path, part: Part) -> LandingFile:
    """The rows as a file, named after the mapping and the entity."""
    file = describe_file(mapping, mapping.parent)
    return replace(file, name=f"{file.name}[{part.entity.name}]", reading_hash=part.definition)


def read_inline(connection: duckdb.DuckDBPyConnection, file: LandingFile, part: Part, copies: Path) -> Reading:
    """The rows as records; the number of each is its line in the mapping."""
    assert isinstance(part.layout, InlineRows)
    rows = part.layout.rows
    names = [name for name in part.entity.column_names if any(name in row for _, row in rows)]
    columns = {_LINE: pa.array([line for line, _ in rows], pa.int64())}
    columns.update({name: pa.array([row.get(name) for _, row in rows], pa.string()) for name in names})
    target = copies / f"rows-{part.entity.name}-{part.definition[:16]}.parquet"
    pq.write_table(pa.table(columns), target)
    reading = read_parquet(connection, file, target)
    fields = {name: field for name, field in reading.fields.items() if name != _LINE}
    return replace(reading, line=f'"{_LINE}"', fields=fields)
