"""From where the next load would read the tables of a database."""

from __future__ import annotations

import duckdb

from ingestion.api.options import SourceOptions
from ingestion.sources import plan
from tests.ingestion.database.conftest import MAPPING, CrmDatabase


def test_a_table_goes_on_from_its_cursor_until_the_mapping_reads_it_otherwise(crm: CrmDatabase) -> None:
    def planned() -> list[tuple[str, str, str]]:
        with duckdb.connect(str(crm.home / "warehouse.duckdb"), read_only=True) as connection:
            options = SourceOptions(place=crm.mapping)
            return [(each.what, each.how, each.detail) for each in plan("database", options, connection)]

    crm.load()
    assert planned() == [
        ("users", "changes", "CRM.User where changed is from 2025-01-01 23:55:00+00:00 on"),
        ("pipeline_stages", "whole", "stages, which has no cursor"),
        ("opportunities", "changes", "public.deals where changed is from 2025-07-01 21:59:00+00:00 on"),
    ]
    crm.mapping.write_text(MAPPING.replace("keep: [score, tags, id]", "keep: [score, id]"))
    assert planned()[2] == ("opportunities", "all", "public.deals from its beginning")
