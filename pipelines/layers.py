"""Names that several kinds of assets share: the layers with their groups and owners, the job, the pool.

Does not belong here: the assets themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REFRESH_JOB = "refresh"
# DuckDB has one writing process, so the steps that write to the warehouse share a pool of one.
WAREHOUSE_POOL = "warehouse"


@dataclass(frozen=True)
class Layer:
    """A group of assets, with the team that answers for it."""

    group: str
    owner: str
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, Any]:
        """The arguments of an asset spec that a layer decides."""
        return {"group_name": self.group, "owners": [self.owner], "tags": {"layer": self.group, **self.tags}}


RAW = Layer("raw", "team:data-engineering")
PUBLISHED = Layer("published", "team:sales-analytics")
# By the folder below dbt_project/models.
MODEL_LAYERS = {
    "staging": Layer("staging", "team:data-engineering"),
    "intermediate": Layer("intermediate", "team:sales-analytics"),
    "marts": Layer("marts", "team:sales-analytics"),
}
