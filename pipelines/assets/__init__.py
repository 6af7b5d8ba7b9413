"""The Dagster assets and checks: raw tables, dbt models, gates, published tables.

Belongs here: what is in the lineage graph, one module per layer. Does not belong here: how a run is started,
guarded or reported (`pipelines.runs`), or what the layers do (the other rooms).
"""
