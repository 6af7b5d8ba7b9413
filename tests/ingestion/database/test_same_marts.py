"""The whole way: tables of a PostgreSQL database give the marts of the same company's landing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.demo import DEFAULT_UNTIL
from tests.end_to_end.company import Company, Unpublished
from tests.ingestion.database.conftest import CrmDatabase
from tests.ingestion.exports.company import (
    demo,
    entities,
    table_definition,
    table_mapping,
    table_rows,
    write_landing,
)

pytestmark = pytest.mark.slow


@dataclass
class WithSecrets(Company):
    """A company whose source takes its secret from the environment."""

    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.secrets}


def test_same_marts_from_a_database_as_from_files(
    tmp_path: Path, crm: CrmDatabase, demo_statements: Sequence[Sequence[str]]
) -> None:
    as_of = DEFAULT_UNTIL.isoformat()
    with demo(tmp_path / "demo", calls=400) as company:
        write_landing(company, tmp_path / "landing", "database")
        for entity in entities(company):
            table = f'"CRM".{entity.name}'
            crm.execute(f"CREATE TABLE {table} ({table_definition(entity)})")
            with crm.server.connect(crm.name) as connection, connection.cursor() as cursor:
                statement = f"COPY {table} FROM STDIN (FORMAT csv)".encode()
                with cursor.copy(statement) as copy:
                    copy.write(table_rows(company, entity, tmp_path / "rows.csv"))
        mapping = tmp_path / "home" / "database.yml"
        mapping.parent.mkdir()
        mapping.write_text(table_mapping(company))
    from_files = Unpublished(tmp_path / "landing", tmp_path / "files_home", statements=demo_statements)
    from_files.refresh()
    expected = from_files.marts(tmp_path / "expected")

    secrets = {"SOURCES__DATABASE__CREDENTIALS": crm.url}
    from_database = WithSecrets(tmp_path / "none", tmp_path / "home", as_of, {"sources": ["database"]}, secrets)
    from_database.refresh()
    assert from_database.raw("FROM raw.quarantine") == []
    marts = from_database.marts(tmp_path / "marts")
    assert marts.keys() == expected.keys()
    assert [name for name in expected if marts[name] != expected[name]] == []
    from_database.refresh()
    assert from_database.version() == 1, "a refresh without news publishes nothing"
