"""Names that several kinds of assets share: the job, the pool, groups and owners.

Does not belong here: the assets themselves.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

# dbt's account of the project's models, tests and sources.
Manifest = Mapping[str, Any]

REFRESH_JOB = "refresh"
# The step that fills the raw tables, and its setting: the API sources that are to be read from their beginning.
LOAD_STEP = "load_sources"
RELOAD = "reload"
# DuckDB has one writing process, so the steps that write to the warehouse share a pool of one.
WAREHOUSE_POOL = "warehouse"
RAW_GROUP = "raw"
PUBLISHED_GROUP = "published"
MARTS_SCHEMA = "marts"


def team(name: str) -> str:
    """A team as Dagster writes an owner: `Sales management` is `team:sales-management`."""
    return f"team:{name.lower().replace(' ', '-')}"


DEFAULT_OWNER = team("Data engineering")


def source_key(source: Mapping[str, Any]) -> dg.AssetKey:
    """The asset of a table that dbt reads as a source: its schema and its name there."""
    return dg.AssetKey([source["schema"], source["identifier"]])
