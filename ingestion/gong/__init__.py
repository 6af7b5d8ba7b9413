"""Gong as a source: users, calls, transcripts and scorecards, into `raw.gong__<table>`.

Belongs here: Gong's endpoints, paging and objects. Does not belong here: what every API source shares
(`ingestion.api`), or the mapping onto the landing contract (dbt staging).
"""

from ingestion.gong.probe import probe
from ingestion.gong.source import source
from ingestion.gong.tables import TABLES

__all__ = ["TABLES", "probe", "source"]
