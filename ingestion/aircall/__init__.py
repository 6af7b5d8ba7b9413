"""Aircall as a source: its calls, users and team members, into `raw.aircall__<table>`.

Belongs here: Aircall's endpoints, paging, limits and objects. Does not belong here: what every API source shares
(`ingestion.api`), or the mapping onto the landing contract (dbt staging).
"""

from ingestion.aircall.probe import probe
from ingestion.aircall.source import source
from ingestion.aircall.tables import TABLES

__all__ = ["TABLES", "probe", "source"]
