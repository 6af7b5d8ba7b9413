"""Which exports the next load would read.

Does not belong here: telling new files from changed ones (`ingestion.landing.plan`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.api.options import SourceOptions
from ingestion.exports.source import MAPPING_FILE, mapped_files
from ingestion.landing.personal import Hiding
from ingestion.landing.plan import plan_files
from ingestion.mapping import EXPORTS, read_mapping
from ingestion.planning import Planned


def plan(options: SourceOptions, state: Mapping[str, Any]) -> Iterator[Planned]:
    """What would be read of the folder of exports. Raises LandingError where a load would."""
    assert options.place
    hiding = Hiding(EXPORTS, options.personal_columns)
    mapping = read_mapping(options.place / MAPPING_FILE, EXPORTS, options.is_complete).marked(hiding.mark)
    files, _ = mapped_files(options.place, mapping)
    return plan_files(files, state.get("files", {}))
