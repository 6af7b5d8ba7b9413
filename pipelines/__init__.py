"""The order, the clock and the alarms: the only room that knows the others.

Belongs here: Dagster definitions, publication, the command line, the settings. Does not belong here: SQL of
a KPI, parsing of records, HTTP.
"""

import os

# Nothing leaves the machine unless the user asks for it. The libraries read these when they are imported, so
# they are set before any of them is: every way into a run goes through this package.
for _name, _value in {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}.items():
    os.environ.setdefault(_name, _value)
