"""Everything that brings records into the warehouse's `raw` schema.

Belongs here: dlt sources, one module or package a system; the landing contract as code; the synthetic
demo company. Does not belong here: Dagster, dbt, Great Expectations, or any KPI.
"""

import os

# dlt reads it when it is imported, with a refresh or without.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
