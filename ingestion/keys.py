"""What tells two rows of a raw table apart, and which of two with one key is newer, for all tables of all sources.

Belongs here: putting together what the contract and the sources declare. Does not belong here: declaring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ingestion.api.tables import LOADED_AT
from ingestion.contract import ENTITIES
from ingestion.lake import Key
from ingestion.landing.batches import FILES_SCHEMA, FILES_TABLE, QUARANTINE_SCHEMA, QUARANTINE_TABLE, table_name
from ingestion.register import API_SOURCES, CONTRACT_SOURCES
from ingestion.sources import api_tables


@cache
def raw_keys() -> Mapping[str, Key]:
    """The key of each raw table by its name."""
    contract = {table_name(entity, source.name): Key(entity.key) for source in CONTRACT_SOURCES for entity in ENTITIES}
    notes = {
        table: Key(tuple(field.name for field in schema if not field.nullable))
        for table, schema in ((FILES_TABLE, FILES_SCHEMA), (QUARANTINE_TABLE, QUARANTINE_SCHEMA))
    }
    apis = {
        table.raw_name: Key(table.key, table.cursor or LOADED_AT)
        for source in API_SOURCES
        for table in api_tables(source.name)
    }
    return {**contract, **notes, **apis}
