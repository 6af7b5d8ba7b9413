"""The exports source: CSV and Excel files as users save them, mapped onto the contract, into `raw.exports__<entity>`.

Belongs here: finding and opening such files. Does not belong here: what the mapping says (`ingestion.mapping`), or how
rows are judged and versioned (`ingestion.landing`).
"""

from ingestion.exports.plan import plan
from ingestion.exports.probe import probe
from ingestion.exports.source import MAPPING_FILE, exports_source, listing, source, unmapped

__all__ = ["MAPPING_FILE", "exports_source", "listing", "plan", "probe", "source", "unmapped"]
