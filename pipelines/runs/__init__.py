"""A run of the job: what starts it, what it may not meet, and whether it is needed at all.

Belongs here: Dagster's instance, triggers, the lock, running dbt. Does not belong here: assets
(`pipelines.assets`), the refresh of the command line (`pipelines.refresh`), or what is printed (`pipelines.reports`).
"""
