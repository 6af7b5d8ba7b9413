"""The file source: a landing folder in the landing contract, into `raw.landing__<entity>`.

Belongs here: finding, reading, judging and versioning landing files. Does not belong here: other systems
(each has its own package), or the contract itself (`ingestion.contract`).
"""

from ingestion.landing.batches import table_name
from ingestion.landing.errors import LandingError
from ingestion.landing.files import listing
from ingestion.landing.plan import plan
from ingestion.landing.probe import probe
from ingestion.landing.source import landing_pipeline, landing_source, source

__all__ = ["LandingError", "landing_pipeline", "landing_source", "listing", "plan", "probe", "source", "table_name"]
