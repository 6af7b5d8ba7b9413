"""The published versions of the marts: writing one, putting it in place, going back.

Belongs here: everything below `published/`. Does not belong here: Dagster (`pipelines.assets.published`).
"""
