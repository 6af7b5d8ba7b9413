"""What the raw schema knows of each dataset's age: its last event, its last load, and the limit set for it.

Belongs here: that query, and reading the limits. Does not belong here: judging ages (`pipelines.reports.freshness`),
and which columns hold an entity's events (the landing gate says that).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from expectations.checks import timestamp_literal
from expectations.landing import EVENT_COLUMNS, newest_event
from ingestion.contract import ENTITIES, RAW_SCHEMA
from pipelines.settings import SettingsError

# The table of a published version that keeps the query's answer.
DATASET_FRESHNESS = "dataset_freshness"
PUBLISHED = "published"


def limit_hours(variables: Mapping[str, Any]) -> dict[str, float]:
    """The greatest age of each dataset that is not late, from the dbt vars. Raises SettingsError."""
    limits = variables["freshness_limit_hours"]
    known = {entity.name for entity in ENTITIES} | {PUBLISHED}
    example = 'write for example {"calls": 72}'
    if not isinstance(limits, Mapping):
        raise SettingsError(f"freshness_limit_hours is {limits!r}; {example}")
    for name, hours in limits.items():
        if name not in known:
            raise SettingsError(f"freshness_limit_hours names {name!r}; it may name: {', '.join(sorted(known))}")
        if isinstance(hours, bool) or not isinstance(hours, int | float):
            raise SettingsError(f"freshness_limit_hours has {hours!r} for {name}; {example}")
    return dict(limits)


def dataset_freshness_sql(as_of: datetime, limit_hours: Mapping[str, float]) -> str:
    """A query on the warehouse: dataset, last_event_at, last_load_at (naive UTC) and limit_hours (DOUBLE).

    One row for each entity of the contract, in its order. Events after the as-of moment do not exist.
    """
    moment = timestamp_literal(as_of)
    loads = f"SELECT max(loaded_at) FROM {RAW_SCHEMA}.landing_files"
    rows = []
    for position, entity in enumerate(ENTITIES):
        name = entity.name
        event = "NULL"
        if name in EVENT_COLUMNS:
            event = f"SELECT {newest_event(name, moment)} FROM {RAW_SCHEMA}.landing__{name}"
        rows.append(f"""
            SELECT
                {position} AS position,
                '{name}' AS dataset,
                CAST(({event}) AS TIMESTAMP) AS last_event_at,
                ({loads} WHERE entity = '{name}') AS last_load_at,
                CAST({limit_hours.get(name, "NULL")} AS DOUBLE) AS limit_hours
        """)
    return f"SELECT * EXCLUDE (position) FROM ({' UNION ALL '.join(rows)}) ORDER BY position"
