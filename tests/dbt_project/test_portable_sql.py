"""Every model and data test says on Spark what Spark understands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.spark import compiled, faults

SOURCES = ["landing", "exports", "database", "hubspot", "salesforce", "aircall", "twilio", "gong"]


@pytest.mark.parametrize(
    ("variables", "arguments", "models"),
    [
        ({"sources": SOURCES, "reporting_timezone": "America/New_York"}, [], "models/marts"),
        ({"sources": ["landing"]}, ["--select", "path:models/intermediate", "path:models/marts"], "models/marts"),
        *[
            (
                {"sources": ["hubspot", "salesforce"], "landed_by": {"hubspot": loader, "salesforce": loader}},
                ["--select", "path:models/staging"],
                f"models/staging/hubspot/base/base_hubspot__deals__{loader}.sql",
            )
            for loader in ("fivetran", "airbyte")
        ],
    ],
    ids=["all_sources", "one_source", "fivetran", "airbyte"],
)
def test_spark_understands_all(tmp_path: Path, variables: dict[str, Any], arguments: list[str], models: str) -> None:
    statements = compiled(tmp_path, variables, *arguments)
    assert any(path.startswith(models) for path in statements)
    found = {path: faults(sql) for path, sql in statements.items()}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select * from a union all by name select * from b",
        "select 7 // 2",
        "select unnest(range(1, 3)) as number",
        "select arg_max(a, b) from t",
        "select {'a': 1} as record",
        "select epoch_us(a) from t",
        "select make_timestamp(1)",
        "with a as not materialized (select 1 as b) select * from a",
        "select * from a semi join b on a.c = b.c",
        "select * from a anti join b on a.c = b.c",
        "select json_extract_string(a, '$.b') from t",
        "select list_filter(a, x -> x > 1) from t",
        "select * exclude (a) from t",
        "select last_value(a ignore nulls) over (order by b) from t",
        "select row_number() over () from t",
        "select cast(null as varchar)",
        'select "from" from t',
        "select string_split(a, ';') from t",
        "select starts_with(a, 'b') from t",
    ],
)
def test_what_only_duckdb_understands_is_found(sql: str) -> None:
    assert faults(sql) != []


def test_what_both_understand_is_no_fault() -> None:
    both = """
        with a as (select id, sum(b) filter (where c) as d from t group by all)
        select *, row_number() over (partition by id order by d desc nulls last) as place
        from a qualify max_by(d, id) over (partition by id) is not null
    """
    assert faults(both) == []
