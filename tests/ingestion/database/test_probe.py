"""What a database answers to the small questions of `repline doctor`."""

from __future__ import annotations

import pytest

from ingestion.api.options import SourceOptions
from ingestion.sources import probe
from tests.ingestion.database.conftest import MAPPING, CrmDatabase
from tests.ingestion.database.server import PASSWORD


def test_each_table_of_the_mapping_is_looked_at(crm: CrmDatabase) -> None:
    crm.mapping.write_text(MAPPING.replace("table: stages", "table: stagez"))
    found = {each.about: each for each in probe("database", SourceOptions(place=crm.mapping))}
    assert {about: each.state for about, each in found.items()} == {
        "login": "ok",
        "users": "ok",
        "pipeline_stages": "fault",
        "opportunities": "ok",
    }
    assert "stagez" in found["pipeline_stages"].text
    assert found["users"].text.startswith("CRM.User of ")
    assert not crm.home.exists()  # nothing was loaded


def test_a_database_that_does_not_answer_is_a_fault_without_the_password(
    crm: CrmDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__DATABASE__CREDENTIALS", crm.url.replace(f":{crm.server.port}/", ":1/"))
    [found] = probe("database", SourceOptions(place=crm.mapping))
    assert (found.about, found.state) == ("login", "fault")
    assert PASSWORD not in found.text
