"""What the raw schema knows of each dataset's age: its last event and its last load.

Belongs here: that one query. Does not belong here: judging ages (`pipelines.freshness`), and which columns
hold an entity's events (the landing gate says that).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from expectations.checks import timestamp_literal
from expectations.landing import EVENT_COLUMNS, newest_event
from ingestion.contract import ENTITIES, RAW_SCHEMA


def dataset_freshness_sql(as_of: datetime, limit_hours: Mapping[str, float]) -> str:
    """A query on the warehouse: dataset, last_event_at, last_load_at (naive UTC) and limit_hours (DOUBLE).

    One row for each entity of the contract, in its order. Events after the as-of moment do not exist.
    """
    moment = timestamp_literal(as_of)
    loads = f"SELECT max(loaded_at) FROM {RAW_SCHEMA}.landing_files"
    rows = []
    for position, entity in enumerate(ENTITIES):
        name = entity.name
        event = newest_event(name, moment) if name in EVENT_COLUMNS else "CAST(NULL AS TIMESTAMP)"
        rows.append(f"""
            SELECT
                {position} AS position,
                '{name}' AS dataset,
                (SELECT {event} FROM {RAW_SCHEMA}.landing__{name}) AS last_event_at,
                ({loads} WHERE entity = '{name}') AS last_load_at,
                CAST({limit_hours.get(name, "NULL")} AS DOUBLE) AS limit_hours
        """)
    return f"SELECT * EXCLUDE (position) FROM ({' UNION ALL '.join(rows)}) ORDER BY position"
