"""The demo company's files obey the landing contract: columns, keys, types and row rules."""

from __future__ import annotations

import pytest

from ingestion.contract import ENTITIES, Entity
from tests.ingestion.demo.demo_files import RARE, Query


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
class TestContract:
    def test_there_are_rows_and_only_the_columns_of_the_contract(
        self, query: Query, entity: Entity, scale: int
    ) -> None:
        columns = [row[0] for row in query(f"DESCRIBE {entity.name}")]
        assert columns == [*entity.column_names, "filename"]
        ((rows,),) = query(f"SELECT count(*) FROM {entity.name}")
        assert rows > 0 or (scale == 100 and entity.name in RARE)

    def test_keys_are_unique_and_never_null(self, query: Query, entity: Entity) -> None:
        key = ", ".join(entity.key)
        assert query(f"SELECT {key} FROM {entity.name} GROUP BY ALL HAVING count(*) > 1") == []
        assert query(f"FROM {entity.name} WHERE ({key}) IS NULL OR concat_ws('', {key}) = ''") == []

    def test_values_can_be_read_as_their_types(self, query: Query, entity: Entity) -> None:
        for column in entity.columns:
            unreadable = f"{column.name} IS NOT NULL AND TRY_CAST({column.name} AS {column.type}) IS NULL"
            assert query(f"SELECT {column.name} FROM {entity.name} WHERE {unreadable} LIMIT 1") == []
            if column.is_required:
                assert query(f"FROM {entity.name} WHERE {column.name} IS NULL LIMIT 1") == []
            if column.accepted_values:
                accepted = ", ".join(f"'{value}'" for value in column.accepted_values)
                assert query(f"FROM {entity.name} WHERE {column.name} NOT IN ({accepted}) LIMIT 1") == []

    def test_row_rules_hold(self, query: Query, entity: Entity) -> None:
        for rule in entity.rules:
            assert query(f"FROM {entity.name} WHERE NOT ({rule.condition}) LIMIT 1") == []
        for group, column in entity.unique_within:
            repeated = f"SELECT {group}, {column} FROM {entity.name} GROUP BY ALL HAVING count(*) > 1"
            assert query(repeated) == []
        if entity.has_known_stage:
            assert query(f"FROM {entity.name} ANTI JOIN pipeline_stages USING (pipeline, stage) LIMIT 1") == []
