"""Everything that brings records into the warehouse's `raw` schema.

Belongs here: dlt sources, one module or package a system; the landing contract as code; the synthetic
demo company. Does not belong here: Dagster, dbt, Great Expectations, or any KPI.
"""
