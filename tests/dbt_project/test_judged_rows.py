"""Rows of APIs are judged in dbt: what cannot be read or breaks the contract is kept apart, with its reason.

A copy of the dbt project has staging models of the test's own for one API, so that what is tested here is the
judgement and not what a system's records mean.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contract import ENTITIES
from tests.dbt_project.warehouse import DBT_PROJECT_DIR, build, create_raw_tables, insert_rows

SOURCE = "salesforce"
SETTINGS = {
    "as_of": "2024-03-10T12:00:00Z",
    "sources": ["landing", SOURCE],
    "pass_through_columns": {"accounts": ["Tier__c"]},
}
CREATED = "2024-01-05 10:00:00"

# Its raw tables have the contract's columns and `unreadable`; what is read from text here is marked by its name.
STAGING = {entity.name: "select * from raw.{source}__{entity}" for entity in ENTITIES}
STAGING["calls"] = """
select
    * replace (try_cast(duration_text as decimal(15, 3)) as duration_seconds),
    {{{{ unreadable({{
        'duration_seconds': ['duration_text', 'try_cast(duration_text as decimal(15, 3))'],
        'started_at': ['started_text', 'try_cast(started_text as timestamp)'],
    }}) }}}} as unreadable
from raw.{source}__calls
"""
STAGING["accounts"] = """
select
    {{% for column, name in landed_pass_through('accounts', api.Relation.create(schema='raw', identifier='{source}__accounts')) %}}
    accounts.{{{{ column }}}} as {{{{ name }}}},
    {{% endfor %}}
    accounts.* exclude (tier_c),
    {{{{ unreadable({{}}) }}}} as unreadable
from raw.{source}__accounts as accounts
"""  # noqa: E501

Rows = list[dict[str, Any]]
LANDING: dict[str, Rows] = {
    "users": [{"user_id": "u1", "full_name": "Ada", "email": "ada@corp.example"}],
    "pipeline_stages": [{"stage": "Qualify", "position": 1, "is_closed": False, "is_won": False}],
    "opportunities": [{"opportunity_id": "o1", "stage": "Qualify", "created_at": CREATED}],
}
STAGE = {"pipeline": None, "stage": "Open", "position": 1, "is_closed": False, "is_won": False}
OPPORTUNITY = {"pipeline": None, "stage": "Open", "created_at": CREATED, "owner_id": "s:u1", "is_deleted": False}
CALL = {"user_id": "s:u1", "started_at": CREATED, "direction": "inbound", "is_deleted": False}
TOUCH = {"user_id": "s:u1", "channel": "email", "sent_at": CREATED, "account_id": "s:a1", "is_deleted": False}
GIVEN: dict[str, Rows] = {
    "users": [
        {"user_id": "s:u1", "full_name": "Ada L.", "email": "Ada@corp.example", "is_deleted": False},
        {"user_id": "s:u2", "full_name": None, "is_deleted": False},
        {"user_id": "s:u3", "full_name": "Bea", "hired_on": "2024-02-01", "left_on": "2024-01-01", "is_deleted": False},
    ],
    "accounts": [{"account_id": "s:a1", "tier_c": "gold", "is_deleted": False}],
    "pipeline_stages": [
        STAGE,
        {**STAGE, "stage": "Also first"},
        {**STAGE, "stage": "Half won", "is_won": True},
    ],
    "opportunities": [
        {**OPPORTUNITY, "opportunity_id": "s:good"},
        {**OPPORTUNITY, "opportunity_id": "s:tie", "stage": "Also first"},
        {**OPPORTUNITY, "opportunity_id": "s:below 0", "amount": -5},
        {**OPPORTUNITY, "opportunity_id": "s:in pounds", "currency": "pounds"},
        {**OPPORTUNITY, "opportunity_id": "s:half won", "stage": "Half won"},
        {**OPPORTUNITY, "opportunity_id": "s:landing's", "pipeline": "default", "stage": "Won"},
        {**OPPORTUNITY, "opportunity_id": "s:two faults", "created_at": None, "unreadable": "amount: 1: 2: 3"},
    ],
    "opportunity_history": [
        {"opportunity_id": "s:good", "stage": "Open", "changed_at": CREATED},
        {"opportunity_id": "s:good", "stage": "Gone", "changed_at": "2024-01-06 10:00:00"},
        {"opportunity_id": "s:nowhere", "stage": "Gone", "changed_at": CREATED},
    ],
    "calls": [
        {**CALL, "call_id": "s:c1", "duration_text": "61.5"},
        {**CALL, "call_id": "s:c2", "duration_text": ""},
        {**CALL, "call_id": "s:c3", "duration_text": "a minute", "started_text": "now"},
        {**CALL, "call_id": "s:c4", "direction": "sideways"},
        {**CALL, "call_id": "s:c5", "disposition": "asleep"},
    ],
    "quotas": [
        {"quota_id": "s:q1", "user_id": "s:u1", "metric": None, "period_start": "2024-01-01",
         "period_end": "2024-03-31", "amount": 9, "is_deleted": False},
    ],
    "exchange_rates": [{"rate_date": "2024-01-01", "currency": "EUR", "rate": 0}],
    "opportunity_splits": [
        {"opportunity_id": "s:good", "user_id": "s:u1", "share": 1, "is_deleted": False},
        {"opportunity_id": "s:good", "user_id": "s:u9", "share": 1.2, "is_deleted": False},
    ],
    "touches": [
        {**TOUCH, "touch_id": "s:t1", "replied_at": "2024-01-05 11:00:00"},
        {**TOUCH, "touch_id": "s:t2", "replied_at": "2024-01-05 09:00:00"},
        {**TOUCH, "touch_id": "s:t3", "account_id": None},
    ],
}  # fmt: skip


def make_warehouse(folder: Path) -> None:
    extra = {entity.name: ["unreadable"] for entity in ENTITIES}
    extra.update({"calls": ["duration_text", "started_text"], "accounts": ["tier_c"]})
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        create_raw_tables(connection, extra, SOURCE)
        for source, entities in (("landing", LANDING), (SOURCE, GIVEN)):
            for entity, rows in entities.items():
                insert_rows(connection, entity, rows, source)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project with the test's staging models."""
    copy = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, copy, ignore=shutil.ignore_patterns("target", "logs"))
    staging = copy / "models" / "staging" / SOURCE
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    for entity, sql in STAGING.items():
        (staging / f"stg_{SOURCE}__{entity}.sql").write_text(sql.format(source=SOURCE, entity=entity), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def home(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose warehouse is built from the landing and the API."""
    folder = tmp_path_factory.mktemp("judged_rows")
    make_warehouse(folder)
    build(folder, SETTINGS, "--exclude", "resource_type:unit_test", project=project)
    return folder


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_each_bad_row_is_kept_with_its_first_reason(home: Path) -> None:
    rejected = query(
        home,
        "SELECT entity, record_id, column_name, value, reason FROM intermediate.int_rejected_rows"
        f" WHERE source = '{SOURCE}' ORDER BY entity, record_id",
    )
    unknown_stage = "the pipeline has no such stage in pipeline_stages"
    dispositions = "not one of connected, voicemail, no_answer, busy, failed, other"
    assert rejected == [
        ("calls", "s:c3", "duration_seconds", "a minute", "cannot be read as its type"),
        ("calls", "s:c4", "direction", "sideways", "not one of inbound, outbound"),
        ("calls", "s:c5", "disposition", "asleep", dispositions),
        ("exchange_rates", "2024-01-01, EUR", "rate", "0.0000000000", "rate is not above 0"),
        ("opportunities", "s:below 0", "amount", "-5.0000", "amount is negative"),
        ("opportunities", "s:half won", "stage", "Half won", unknown_stage),
        ("opportunities", "s:in pounds", "currency", "pounds", "not an ISO 4217 currency code"),
        ("opportunities", "s:landing's", "stage", "Won", unknown_stage),
        ("opportunities", "s:two faults", "amount", "1: 2: 3", "cannot be read as its type"),
        ("opportunity_history", "s:good, 2024-01-06 10:00:00", "stage", "Gone", unknown_stage),
        ("opportunity_splits", "s:good, s:u9", "share", "1.200000", "share is not above 0 and at most 1"),
        ("pipeline_stages", "salesforce:default, Half won", "is_won", "true", "a won stage must be closed"),
        ("touches", "s:t2", "replied_at", "2024-01-05 09:00:00", "replied_at is before sent_at"),
        ("touches", "s:t3", "lead_id", None, "neither a lead nor an account nor an opportunity is given"),
        ("users", "s:u2", "full_name", None, "required, but empty"),
        ("users", "s:u3", "left_on", "2024-01-01", "left_on is before hired_on"),
    ]


def test_rejected_rows_are_in_no_union(home: Path) -> None:
    for entity in ENTITIES:
        given = query(home, f"SELECT count(*) FROM raw.{SOURCE}__{entity.name}")[0][0]
        landed = len(LANDING.get(entity.name, []))
        rejected = query(home, f"SELECT count(*) FROM intermediate.int_rejected_rows WHERE entity = '{entity.name}'")[
            0
        ][0]
        merged = 1 if entity.name == "users" else 0
        assert query(home, f"SELECT count(*) FROM intermediate.int_{entity.name}_unioned") == [
            (landed + given - rejected - merged,)
        ], entity.name


def test_rejected_rows_are_counted_as_a_warning(home: Path) -> None:
    counts = query(
        home, "SELECT entity, row_count FROM marts.data_quality_warnings WHERE rule = 'rejected_row' ORDER BY entity"
    )
    assert counts == [
        ("accounts", 0), ("calls", 3), ("exchange_rates", 1), ("leads", 0), ("meetings", 0), ("opportunities", 5),
        ("opportunity_history", 1), ("opportunity_splits", 1), ("pipeline_stages", 1), ("quotas", 0), ("spend", 0),
        ("territories", 0), ("touches", 2), ("users", 2),
    ]  # fmt: skip
    assert query(
        home, "SELECT source, row_count, rejected_count FROM intermediate.int_judged_row_counts WHERE entity = 'calls'"
    ) == [(SOURCE, 5, 3)]


def test_an_empty_field_means_what_the_contract_says(home: Path) -> None:
    assert query(home, "SELECT DISTINCT metric FROM intermediate.int_quotas_unioned") == [("bookings",)]
    assert query(home, "SELECT pipeline FROM intermediate.int_opportunities_unioned GROUP BY 1 ORDER BY 1") == [
        ("default",),
        ("salesforce:default",),
    ]


def test_an_empty_text_is_no_value(home: Path) -> None:
    assert query(
        home, "SELECT call_id, CAST(duration_seconds AS DOUBLE), user_id FROM intermediate.int_calls_unioned ORDER BY 1"
    ) == [("s:c1", 61.5, "u1"), ("s:c2", None, "u1")]


def test_a_column_is_found_by_the_systems_name_for_it(home: Path) -> None:
    assert query(home, 'SELECT "Tier__c" FROM marts.dim_account') == [("gold",)]


def test_what_several_models_read_is_judged_once(home: Path) -> None:
    tables = query(home, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'intermediate'")
    kept = {name.removeprefix("int_").removesuffix("_unioned") for (name,) in tables if name.endswith("_unioned")}
    assert kept == {"calls", "opportunities", "opportunity_history", "pipeline_stages", "quotas", "users"}


def test_a_staging_model_in_another_shape_stops_the_build(home: Path, project: Path) -> None:
    model = project / "models" / "staging" / SOURCE / f"stg_{SOURCE}__quotas.sql"
    sound = model.read_text(encoding="utf-8")
    arguments = ("--select", f"stg_{SOURCE}__quotas", "int_quotas_unioned")
    try:
        for change, message in (
            ("* replace (cast(amount as double) as amount)", "has the column amount as double"),
            ("* exclude (currency)", "has the column currency as nothing at all"),
        ):
            model.write_text(sound.replace("*", change, 1), encoding="utf-8")
            with pytest.raises(AssertionError, match=f"stg_{SOURCE}__quotas {message}"):
                build(home, SETTINGS, *arguments, command="run", project=project)
    finally:
        model.write_text(sound, encoding="utf-8")
    build(home, SETTINGS, *arguments, command="run", project=project)
