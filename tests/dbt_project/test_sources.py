"""Several sources become one table per entity: ids that never meet, people who are one, and settings that say which.

`exports` stands for any second source here: its raw tables have the landing's shape. Rows of APIs are judged on
their way, which is tested in `test_judged_rows`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contract import ENTITIES
from tests.dbt_project.warehouse import build, create_raw_tables, insert_rows

AS_OF = {"as_of": "2024-03-10T12:00:00Z"}
CREATED = "2024-01-05 10:00:00"
STAGES = [
    {"stage": "Qualify", "position": 1, "is_closed": False, "is_won": False},
    {"stage": "Won", "position": 2, "is_closed": True, "is_won": True},
]
LANDING: dict[str, list[dict[str, Any]]] = {
    "users": [
        {
            "user_id": "u1",
            "full_name": "Ada",
            "email": "ada@corp.example",
            "hired_on": "2024-01-01",
            "is_deleted": True,
        },
        {"user_id": "u2", "full_name": "Ben", "manager_id": "u1"},
        {"user_id": "u3", "full_name": "Cleo", "email": "cleo@corp.example"},
        {"user_id": "u4", "full_name": "Cleo, again", "email": "cleo@corp.example"},
    ],
    "pipeline_stages": STAGES,
    "opportunities": [
        {"opportunity_id": "o1", "owner_id": "u1", "stage": "Qualify", "created_at": CREATED, "amount": 10},
    ],
    "calls": [{"call_id": "c1", "user_id": "u1", "direction": "inbound", "started_at": CREATED}],
    "exchange_rates": [
        {"currency": "EUR", "rate_date": "2024-01-01", "rate": 1.1},
        {"currency": "EUR", "rate_date": "2024-01-02", "rate": 1.2},
    ],
}
EXPORTS: dict[str, list[dict[str, Any]]] = {
    "users": [
        {"user_id": "u9", "full_name": "Ada L.", "email": " ADA@corp.example ", "team": "North",
         "hired_on": "2023-01-01", "left_on": "2024-02-01", "cost_centre": "77"},
        {"user_id": "u2", "full_name": "Bea", "manager_id": "u9", "email": "bea@corp.example"},
        {"user_id": "c1", "full_name": "Cleo, gone", "email": "cleo@corp.example", "is_deleted": True},
        {"user_id": "c3", "full_name": "Cleo, third", "email": "Cleo@corp.example", "manager_id": "c1"},
        {"user_id": "c2", "full_name": "Cleo, second", "email": "Cleo@corp.example", "left_on": "2024-02-01"},
    ],
    "pipeline_stages": STAGES,
    "opportunities": [
        {"opportunity_id": "o1", "owner_id": "u9", "stage": "Won", "created_at": CREATED, "amount": 30,
         "campaign": "fair"},
    ],
    "opportunity_history": [
        {"opportunity_id": "o1", "stage": "Won", "changed_at": CREATED, "owner_id": "u9", "changed_by": "c2"},
    ],
    "accounts": [{"account_id": "a1", "owner_id": "u9"}],
    "leads": [{"lead_id": "l1", "owner_id": "ghost", "account_id": "a1", "created_at": CREATED}],
    "calls": [
        {"call_id": "c1", "user_id": "u9", "direction": "inbound", "started_at": CREATED, "lead_id": "l1"},
        {"call_id": "c2", "user_id": "u2", "direction": "inbound", "started_at": CREATED},
    ],
    "call_turns": [
        {"call_id": "c1", "turn": 1, "speaker": "rep", "started_seconds": 0, "ended_seconds": 5, "text": "Hello"},
    ],
    "call_scores": [
        {"call_id": "c1", "reviewer_id": "u9", "criterion": "Greeting", "score": 4, "max_score": 5,
         "scored_at": CREATED},
    ],
    "opportunity_splits": [{"opportunity_id": "o1", "user_id": "u9", "share": 0.5}],
    "meetings": [{"meeting_id": "m1", "user_id": "u9", "starts_at": CREATED}],
    "quotas": [
        {"quota_id": "q1", "user_id": "u9", "period_start": "2024-01-01", "period_end": "2024-01-31", "amount": 9},
    ],
    "exchange_rates": [
        {"currency": "EUR", "rate_date": "2024-01-02", "rate": 1.3},
        {"currency": "EUR", "rate_date": "2024-01-03", "rate": 1.4},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose warehouse has the raw tables of the landing and of exports."""
    folder = tmp_path_factory.mktemp("sources")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        create_raw_tables(connection, {"users": ["cost_centre"]})
        create_raw_tables(connection, {"users": ["cost_centre"], "opportunities": ["campaign"]}, "exports")
        for source, entities in (("landing", LANDING), ("exports", EXPORTS)):
            for entity, rows in entities.items():
                insert_rows(connection, entity, rows, source)
    return folder


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


class TestLandingThenExports:
    """Both sources give everything, and the landing decides about people and rates."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def built(cls, home: Path) -> None:
        build(
            home,
            {
                **AS_OF,
                "sources": ["landing", "exports"],
                "pass_through_columns": {"users": ["cost_centre"], "opportunities": ["campaign"]},
            },
            "--exclude",
            "resource_type:unit_test",
        )

    def test_ids_of_two_sources_never_meet(self, home: Path) -> None:
        assert query(
            home,
            "FROM intermediate.int_opportunities_unioned SELECT opportunity_id, account_id, pipeline, stage ORDER BY 1",
        ) == [("exports:o1", None, "exports:default", "Won"), ("o1", None, "default", "Qualify")]
        assert query(home, "FROM marts.dim_stage SELECT pipeline, stage ORDER BY ALL") == [
            ("default", "Qualify"),
            ("default", "Won"),
            ("exports:default", "Qualify"),
            ("exports:default", "Won"),
        ]
        assert query(
            home, "SELECT lead_id, owner_id, account_id, opportunity_id FROM intermediate.int_leads_unioned"
        ) == [("exports:l1", "exports:ghost", "exports:a1", None)]

    def test_users_with_one_address_are_one_person(self, home: Path) -> None:
        people = query(home, "SELECT user_id, person_id FROM intermediate.int_user_identities ORDER BY ALL")
        # Of the three Cleos of the exports the live one with the smallest id is the Cleo of the landing.
        assert people == [
            ("exports:c1", "exports:c1"),
            ("exports:c2", "u3"),
            ("exports:c3", "exports:c3"),
            ("exports:u2", "exports:u2"),
            ("exports:u9", "u1"),
            ("u1", "u1"),
            ("u2", "u2"),
            ("u3", "u3"),
            ("u4", "u4"),
        ]

    def test_a_person_has_the_attributes_of_the_first_source_that_gives_them(self, home: Path) -> None:
        people = query(
            home,
            "SELECT user_id, manager_id, full_name, email, team, is_deleted, cost_centre,"
            " CAST(hired_on AS VARCHAR), CAST(left_on AS VARCHAR)"
            " FROM intermediate.int_users_unioned ORDER BY user_id",
        )
        assert people == [
            ("exports:c1", None, "Cleo, gone", "cleo@corp.example", None, True, None, None, None),
            ("exports:c3", "exports:c1", "Cleo, third", "Cleo@corp.example", None, False, None, None, None),
            ("exports:u2", "u1", "Bea", "bea@corp.example", None, False, None, None, None),
            # Deleted in one source only; her employment is the landing's, which knows of no end.
            ("u1", None, "Ada", "ada@corp.example", "North", False, "77", "2024-01-01", None),
            ("u2", "u1", "Ben", None, None, False, None, None, None),
            # The landing knows nothing of her employment, the exports do.
            ("u3", None, "Cleo", "cleo@corp.example", None, False, None, None, "2024-02-01"),
            ("u4", None, "Cleo, again", "cleo@corp.example", None, False, None, None, None),
        ]

    def test_every_record_names_the_person(self, home: Path) -> None:
        for entity, column in (
            ("accounts", "owner_id"),
            ("opportunities", "owner_id"),
            ("opportunity_history", "owner_id"),
            ("meetings", "user_id"),
            ("quotas", "user_id"),
            ("call_scores", "reviewer_id"),
            ("opportunity_splits", "user_id"),
        ):
            named = query(home, f"SELECT DISTINCT {column} FROM intermediate.int_{entity}_unioned")
            assert named == [("u1",)], entity
        assert query(home, "SELECT changed_by FROM intermediate.int_opportunity_history_unioned") == [("u3",)]
        assert query(home, "SELECT user_id, count(*) FROM intermediate.int_calls_unioned GROUP BY 1 ORDER BY 1") == [
            ("exports:u2", 1),
            ("u1", 2),
        ]
        assert query(
            home, "SELECT user_id, won_count, open_count FROM marts.kpi_rep_scorecard"
            " WHERE period_type = 'month' AND period_start = '2024-01-01' AND user_id = 'u1'"
        ) == [("u1", 1, 1)]  # fmt: skip

    def test_a_listed_column_is_null_where_a_source_lacks_it(self, home: Path) -> None:
        assert query(home, "SELECT opportunity_id, campaign FROM marts.fct_opportunity ORDER BY 1") == [
            ("exports:o1", "fair"),
            ("o1", None),
        ]

    def test_of_two_rates_that_of_the_first_source_counts(self, home: Path) -> None:
        rates = query(home, "SELECT CAST(rate AS DOUBLE) FROM intermediate.int_exchange_rates_unioned ORDER BY rate")
        assert rates == [(1.1,), (1.2,), (1.4,)]

    def test_unions_of_contract_shaped_sources_are_views(self, home: Path) -> None:
        tables = query(home, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'intermediate'")
        assert [name for (name,) in tables if name.endswith("_unioned")] == []


class TestExportsThenLanding:
    """The order of the sources is turned round, and calls come from one of them."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def built(cls, home: Path) -> None:
        variables = {
            **AS_OF,
            "sources": ["exports", "landing"],
            "entity_sources": {"calls": ["landing"], "quotas": [], "exchange_rates": None},
        }
        build(home, variables, "--select", "path:models/intermediate/unions", command="run")

    def test_the_first_source_decides_about_people_and_rates(self, home: Path) -> None:
        assert query(
            home, "SELECT user_id, full_name, CAST(left_on AS VARCHAR) FROM intermediate.int_users_unioned"
            " WHERE lower(email) LIKE '%ada%'"
        ) == [("exports:u9", "Ada L.", "2024-02-01")]  # fmt: skip
        rates = query(home, "SELECT CAST(rate AS DOUBLE) FROM intermediate.int_exchange_rates_unioned ORDER BY rate")
        assert rates == [(1.1,), (1.3,), (1.4,)]

    def test_an_entity_comes_from_the_sources_that_are_named_for_it(self, home: Path) -> None:
        assert query(home, "SELECT call_id, user_id FROM intermediate.int_calls_unioned") == [("c1", "exports:u9")]

    def test_an_entity_of_no_source_is_an_empty_table_of_the_contract(self, home: Path) -> None:
        quotas = next(entity for entity in ENTITIES if entity.name == "quotas")
        assert query(home, "SELECT count(*) FROM intermediate.int_quotas_unioned") == [(0,)]
        described = query(home, "DESCRIBE intermediate.int_quotas_unioned")
        types = {name: type_.replace(",", ", ") for name, type_, *_ in described}
        assert types == {column.name: column.type.value for column in quotas.columns}


def test_one_source_costs_no_join(home: Path) -> None:
    build(home, {**AS_OF, "sources": ["exports"]}, "--select", "path:models/intermediate/unions", command="compile")
    compiled = home / "dbt_target" / "compiled" / "repline" / "models" / "intermediate" / "unions"
    texts = {path.stem: path.read_text(encoding="utf-8").lower() for path in compiled.glob("int_*_unioned.sql")}
    assert len(texts) == len(ENTITIES)
    for name, text in texts.items():
        assert '"raw"."exports__' in text, name
        for word in ("join", "union all", "qualify", "group by", "landing"):
            assert word not in text, (name, word)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"sources": ["landing", "hubspt"]},
            "sources names the unknown source 'hubspt'; it may name: landing, exports",
        ),
        ({"sources": []}, "sources names no source"),
        ({"sources": "landing"}, "sources is 'landing'; it must be a list"),
        (
            {"entity_sources": {"deals": ["landing"]}},
            "entity_sources names the unknown entity 'deals'; .*opportunities",
        ),
        ({"entity_sources": {"calls": ["phone"]}}, "entity_sources.calls names the unknown source 'phone'"),
        ({"entity_sources": {"calls": ["aircall"]}}, "entity_sources.calls names 'aircall', which is not on"),
        (
            {"sources": ["landing", "aircall"], "entity_sources": {"quotas": ["aircall"]}},
            "entity_sources.quotas names 'aircall', which gives only: users, calls",
        ),
        ({"landed_by": {"landing": "fivetran"}}, "landed_by names the unknown source 'landing'; .*hubspot"),
    ],
)
def test_a_setting_that_names_what_is_not_there_is_explained(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        build(tmp_path, {**AS_OF, **settings}, command="parse")
