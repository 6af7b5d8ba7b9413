"""The landing contract as code: entities, columns, types, keys and row rules. Its single source.

Belongs here: what a landing record is. Does not belong here: how files are found or read
(`ingestion.landing`), or what is computed from the records (`dbt_project`).
"""

from __future__ import annotations

from ingestion.contract.customers import INVOICES, LEAD_FIT, SPEND, SURVEYS, TOUCHES
from ingestion.contract.developing import (
    CALL_SCORES,
    CALL_TURNS,
    CANDIDATES,
    COACHING_SESSIONS,
    COURSES,
    FEEDBACK,
    TRACKERS,
    TRAINING_RECORDS,
)
from ingestion.contract.model import LIMITS, Column, ColumnType, Entity, Limits, RowRule
from ingestion.contract.sales import (
    ACCOUNTS,
    CALL_DISPOSITIONS,
    CALLS,
    DEFAULT_PIPELINE,
    EXCHANGE_RATES,
    LEADS,
    MEETINGS,
    OPPORTUNITIES,
    OPPORTUNITY_HISTORY,
    PIPELINE_STAGES,
    QUOTAS,
    UNKNOWN_STAGE,
    USERS,
)
from ingestion.contract.steering import (
    CANCELLATIONS,
    COMP_ASSIGNMENTS,
    COMP_PLANS,
    COMP_TIERS,
    FORECAST_SUBMISSIONS,
    GOALS,
    HOLIDAYS,
    OPPORTUNITY_SPLITS,
    SPIFFS,
    TERRITORIES,
    USER_HISTORY,
)

RAW_SCHEMA = "raw"

# In the order of loading: a row rule may refer to an entity that stands before it.
ENTITIES: tuple[Entity, ...] = (
    USERS,
    PIPELINE_STAGES,
    ACCOUNTS,
    OPPORTUNITIES,
    OPPORTUNITY_HISTORY,
    LEADS,
    CALLS,
    MEETINGS,
    QUOTAS,
    EXCHANGE_RATES,
    USER_HISTORY,
    TERRITORIES,
    HOLIDAYS,
    GOALS,
    FORECAST_SUBMISSIONS,
    COMP_PLANS,
    COMP_TIERS,
    COMP_ASSIGNMENTS,
    OPPORTUNITY_SPLITS,
    SPIFFS,
    CANCELLATIONS,
    CALL_TURNS,
    TRACKERS,
    CALL_SCORES,
    COACHING_SESSIONS,
    COURSES,
    TRAINING_RECORDS,
    FEEDBACK,
    CANDIDATES,
    TOUCHES,
    LEAD_FIT,
    INVOICES,
    SURVEYS,
    SPEND,
)
ENTITIES_BY_NAME = {entity.name: entity for entity in ENTITIES}

__all__ = [
    "CALL_DISPOSITIONS",
    "DEFAULT_PIPELINE",
    "ENTITIES",
    "ENTITIES_BY_NAME",
    "LIMITS",
    "RAW_SCHEMA",
    "UNKNOWN_STAGE",
    "Column",
    "ColumnType",
    "Entity",
    "Limits",
    "RowRule",
]
