"""The published marts in a PostgreSQL schema, for tools that read no DuckDB file.

Belongs here: bringing such a copy to the published version. Does not belong here: Dagster (`pipelines.assets.copied`),
and the published files themselves (`pipelines.publication`).
"""
