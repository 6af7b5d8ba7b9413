"""The database source: tables of any SQL database, mapped onto the contract, into `raw.database__<entity>`.

Belongs here: reading tables and what changed in them. Does not belong here: what the mapping says
(`ingestion.mapping`), or how rows are judged (`ingestion.landing`).
"""

from ingestion.database.plan import plan
from ingestion.database.probe import probe
from ingestion.database.source import database_source, source
from ingestion.database.tables import DatabaseError

__all__ = ["DatabaseError", "database_source", "plan", "probe", "source"]
