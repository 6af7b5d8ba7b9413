"""A run of the job: what starts it, what it may not meet, how it fails, and whether it is needed at all.

Belongs here: Dagster's instance, triggers, the lock, running dbt, the refresh of the command line. Does not
belong here: assets (`pipelines.assets`), or what is printed (`pipelines.reports`).
"""
