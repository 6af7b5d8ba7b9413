"""Apache Spark as the engine of the models (docs/scale.md).

Belongs here: what Spark is given and gives back, and how dbt reaches it. Does not belong here: running dbt
(`pipelines.runs.dbt_runs`), what a statement says on Spark (`dbt_project/macros/engine`).
"""
