"""The order, the clock and the alarms: the only room that knows the others.

Belongs here: Dagster definitions, publication, the command line, the settings. Does not belong here: SQL of
a KPI, parsing of records, HTTP.
"""
