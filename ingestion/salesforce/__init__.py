"""The Salesforce source: users, records of sales and their history, into `raw.salesforce__<object>`.

Belongs here: Salesforce's login, queries, bulk jobs and objects. Does not belong here: what holds of every API
(`ingestion.api`), or the mapping onto the landing contract (dbt staging).
"""

from ingestion.salesforce.probe import probe
from ingestion.salesforce.source import source
from ingestion.salesforce.tables import TABLES

__all__ = ["TABLES", "probe", "source"]
