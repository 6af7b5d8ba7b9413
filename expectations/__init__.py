"""What must hold of data that arrives and of data that is published, as Great Expectations suites.

Belongs here: one module per gate, and the context that runs the gates on the warehouse. Does not belong here:
Dagster, and rules that a dbt test already holds (keys, relations, reconciliations between models).
"""
