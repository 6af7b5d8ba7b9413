"""Twilio Voice as a source: the legs of its calls, into `raw.twilio__<table>`, and a file of who is who.

Belongs here: Twilio's endpoints, paging, limits and objects. Does not belong here: what every API source shares
(`ingestion.api`), or how legs become calls (dbt staging).
"""

from ingestion.twilio.probe import probe
from ingestion.twilio.source import source
from ingestion.twilio.tables import TABLES

__all__ = ["TABLES", "probe", "source"]
