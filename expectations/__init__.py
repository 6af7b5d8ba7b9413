"""What must hold of data that arrives and of data that is published, as Great Expectations suites.

Belongs here: one module per gate, and the context that runs the gates on the warehouse. Does not belong here:
Dagster, and rules that a dbt test already holds (keys, relations, reconciliations between models).
"""

import sys

# Great Expectations imports these where pyspark is installed; pyspark takes a process that was forked or spawned for a
# run of its doctests then, and ends it. Repline uses no Spark Connect.
for unused in ("pyspark.sql.connect.dataframe", "pyspark.sql.connect.session"):
    if unused not in sys.modules:
        sys.modules[unused] = None  # type: ignore[assignment]
