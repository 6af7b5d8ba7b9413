"""What the next load would read, told without reading it: files by their state, tables by their cursor.

Belongs here: what every source's plan has in common. Does not belong here: what a source is asked (`plan` of its
package; of all APIs `api_plan`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.api.tables import ApiTable
from ingestion.clearing import has_table
from ingestion.contract import RAW_SCHEMA
from ingestion.register import pipeline_name

_STATES, _LOADS = "_dlt_pipeline_state", "_dlt_loads"


@dataclass(frozen=True)
class Planned:
    """A part of the next load: what is read, how (such as `new` or `changes`), and how much or from where."""

    what: str
    how: str
    detail: str


def stored_state(connection: duckdb.DuckDBPyConnection, source: str) -> Mapping[str, Any]:
    """What dlt noted of a source with its last complete load; nothing before the first."""
    from dlt.common.versioned_state import decompress_state

    if not (has_table(connection, RAW_SCHEMA, _STATES) and has_table(connection, RAW_SCHEMA, _LOADS)):
        return {}
    row = connection.execute(
        f"""
        SELECT state FROM {RAW_SCHEMA}.{_STATES} AS states JOIN {RAW_SCHEMA}.{_LOADS} AS loads
            ON loads.load_id = states._dlt_load_id
        WHERE pipeline_name = ? AND status = 0 ORDER BY load_id DESC LIMIT 1
        """,
        [pipeline_name(source)],
    ).fetchone()
    found: Mapping[str, Any] = decompress_state(row[0]).get("sources", {}).get(source, {}) if row else {}
    return found


def api_plan(tables: tuple[ApiTable, ...], options: SourceOptions, state: Mapping[str, Any]) -> Iterator[Planned]:
    """How each table of an API is asked for. `options` were given to its source, which noted the overlaps."""
    for table in tables:
        noted = state.get("resources", {}).get(table.raw_name, {})
        if table.is_listed_whole:
            yield Planned(table.name, "list", "the whole list")
        elif not table.cursor:
            yield Planned(table.name, "details", "of what is new or changed in the table before")
        elif cursor := noted.get("cursor"):
            newest = datetime.fromisoformat(cursor)
            since = newest - timedelta(seconds=options.overlaps[table.raw_name])
            detail = f"since {since:%Y-%m-%d %H:%M:%S} UTC; the newest that is known is of {newest:%Y-%m-%d %H:%M:%S}"
            yield Planned(table.name, "changes", detail)
        else:
            yield Planned(table.name, "all", "from its beginning")
