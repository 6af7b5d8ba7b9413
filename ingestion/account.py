"""The account of the files: which contents of a file are its current ones.

Belongs here: that question, for whoever asks the warehouse. Does not belong here: what a load notes
(`ingestion.landing.batches`). The landing gate, which knows no other room, asks the same of its own; a test holds the
two together.
"""

from ingestion.contract import RAW_SCHEMA

# The rows of `raw.landing_files` whose contents were loaded last; rows of earlier contents are history.
CURRENT_FILES = f"""
    SELECT * FROM {RAW_SCHEMA}.landing_files
    QUALIFY row_number() OVER (PARTITION BY source, entity, file ORDER BY loaded_at DESC) = 1
"""
