"""Dagster's web interface on this machine, closed to pages of other sites.

Belongs here: starting Dagster's own programs, and the guard in front of its web server. Does not belong here: what
Dagster runs (`pipelines.definitions`).
"""
