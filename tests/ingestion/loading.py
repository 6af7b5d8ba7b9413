"""Runs dlt pipelines into the small warehouses of the tests.

Belongs here: what holds of every load in this process. Does not belong here: sources, or what a test expects.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.pipeline import LoadInfo


def run(pipeline: dlt.Pipeline, warehouse: Path, source: Any, **arguments: Any) -> LoadInfo:
    """`pipeline.run` while the warehouse is open: dlt opens it for each of its jobs, which then takes no 40 ms."""
    with duckdb.connect(str(warehouse)):
        return pipeline.run(source, **arguments)
