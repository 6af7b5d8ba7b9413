"""The HubSpot source: owners, pipelines and CRM records, into `raw.hubspot__<object>`.

Belongs here: HubSpot's endpoints, objects and limits. Does not belong here: what holds of every API
(`ingestion.api`), or the mapping onto the landing contract (dbt staging).
"""

from ingestion.hubspot.probe import probe
from ingestion.hubspot.source import source
from ingestion.hubspot.tables import TABLES

__all__ = ["TABLES", "probe", "source"]
