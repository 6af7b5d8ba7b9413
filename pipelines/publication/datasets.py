"""What the raw schema knows of each dataset's age: its last event, its last load, and the limit set for it.

Belongs here: that query. Does not belong here: judging ages (`pipelines.reports.freshness`), and which columns hold
an entity's events (the landing gate says that).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from expectations.checks import timestamp_literal
from expectations.landing import EVENT_COLUMNS, newest_event
from ingestion.api.tables import LOADED_AT
from ingestion.contract import ENTITIES, RAW_SCHEMA
from pipelines.sources import Sources

# The table of a published version that keeps the query's answer.
DATASET_FRESHNESS = "dataset_freshness"


def dataset_freshness_sql(sources: Sources, as_of: datetime, limit_hours: Mapping[str, float]) -> str:
    """A query on the warehouse: dataset, last_event_at, last_load_at (naive UTC) and limit_hours (DOUBLE).

    One row for each entity of the sources in the landing contract, in its order, and one for each API table with a
    cursor. A landing file's dataset is named after its entity, others after their raw table. Events after the as-of
    moment do not exist.
    """
    moment = timestamp_literal(as_of)
    rows = []
    for source in sources.contract:
        for entity in ENTITIES:
            table = source.table(entity.name)
            columns = EVENT_COLUMNS.get(entity.name)
            rows.append(
                (
                    entity.name if source.name == "landing" else table.removeprefix(f"{RAW_SCHEMA}."),
                    f"SELECT {newest_event(columns, moment)} FROM {table}" if columns else "NULL",
                    f"SELECT max(loaded_at) FROM {RAW_SCHEMA}.landing_files"
                    f" WHERE source = '{source.name}' AND entity = '{entity.name}'",
                    limit_hours.get(entity.name),
                )
            )
    for api_table in sources.api_tables:
        if api_table.cursor:
            raw_table = f"{RAW_SCHEMA}.{api_table.raw_name}"
            rows.append(
                (
                    api_table.raw_name,
                    f"SELECT {newest_event([api_table.cursor], moment)} FROM {raw_table}",
                    f"SELECT max({LOADED_AT}) FROM {raw_table}",
                    limit_hours.get(api_table.entity),
                )
            )
    selects = [
        f"""
        SELECT
            {position} AS position,
            '{dataset}' AS dataset,
            CAST(({event}) AS TIMESTAMP) AS last_event_at,
            ({load}) AS last_load_at,
            CAST({"NULL" if limit is None else limit} AS DOUBLE) AS limit_hours
        """
        for position, (dataset, event, load, limit) in enumerate(rows)
    ]
    if not selects:  # Another tool loads all of it.
        return (
            "SELECT '' AS dataset, NULL::TIMESTAMP AS last_event_at, NULL::TIMESTAMP AS last_load_at, "
            "NULL::DOUBLE AS limit_hours LIMIT 0"
        )
    return f"SELECT * EXCLUDE (position) FROM ({' UNION ALL '.join(selects)}) ORDER BY position"
