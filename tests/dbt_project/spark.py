"""dbt's models compiled for Spark without a Spark, and what in them Spark would not understand.

Belongs here: compiling, and the judgement of a statement. Does not belong here: which settings are compiled.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from ingestion.contract import ENTITIES_BY_NAME
from tests.dbt_project.warehouse import DBT_PROJECT_DIR
from tests.processes import run_forked
from tests.shortcuts import quicken_dbt

PROFILE = """
repline:
  target: spark
  outputs:
    spark: {type: spark, method: session, host: localhost, schema: main}
"""

# The functions of Spark that compiled models call. A new one is added once it is found in Spark's own list:
# https://spark.apache.org/docs/latest/api/sql/
_FUNCTIONS = """
    abs any_value array arrays_zip avg bool_and bool_or cast ceil coalesce concat_ws contains convert_timezone count
    datediff day dense_rank exp explode filter first_value format_number from_json greatest if inline instr lag
    last_day last_value lead least left length ln lower make_date max max_by median min min_by
    monotonically_increasing_id month named_struct nullif rank regexp_extract regexp_like regexp_replace replace
    round row_number sequence size split split_part sqrt string_agg substr sum timestamp_micros translate trim
    try_cast try_element_at try_url_decode unix_micros upper weekday year
"""
KNOWN_FUNCTIONS = frozenset(_FUNCTIONS.split())
# Words that stand before a parenthesis and are no function; types with a size are among them.
_KEYWORDS = """
    all and as between by case decimal distinct div else end except exists from group having in intersect is join like
    not on or order over partition select then union using values when where window with within
"""
_NO_FUNCTIONS = frozenset(_KEYWORDS.split())
_RANKINGS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)


def compiled(folder: Path, variables: Mapping[str, Any], *arguments: str) -> dict[str, str]:
    """The SQL of the selected models and data tests, as dbt writes it for Spark, by path within the project."""
    (folder / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    result = run_forked(
        _compile,
        [str(folder), json.dumps(dict(variables)), *arguments],
        {
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    root = folder / "target" / "compiled" / "repline"
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.sql"))}


@cache
def faults(sql: str) -> list[str]:
    """What Spark does not understand in a statement; empty where it understands all.

    Most models say the same by other settings, so each statement is judged once.
    """
    spark = sqlglot.Dialect.get_or_raise("spark")
    try:
        tokens = spark.tokenize(sql)
        (tree,) = spark.parser().parse(tokens, sql)
    except sqlglot.errors.SqlglotError as error:
        return [str(error).splitlines()[0]]
    assert tree is not None
    return [*_faults_of_words(sql, tokens), *_faults_of_tree(tree)]


def _faults_of_words(sql: str, tokens: Sequence[Token]) -> Iterator[str]:
    for token, following in pairwise(tokens):
        word = token.text.lower()
        if sql[token.start] == '"':
            yield f"{sql[token.start : token.end + 1]} is text, not a name"
        if token.token_type == TokenType.L_BRACE:
            yield "a record in braces"
        if word == "varchar" and following.token_type != TokenType.L_PAREN:
            yield "varchar without a length"
        # sqlglot knows the functions of every dialect and takes any other name for a function of the user's.
        is_name = word.isidentifier() and token.token_type not in (TokenType.STRING, TokenType.ALIAS)
        if is_name and following.token_type == TokenType.L_PAREN and word not in KNOWN_FUNCTIONS | _NO_FUNCTIONS:
            yield f"the function {word}"
        if word.endswith("nulls") and sql[: token.end + 1].lower().endswith("ignore nulls") and following.text == ")":
            yield "ignore nulls within the parentheses"


def _faults_of_tree(tree: exp.Expr) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            yield "union by name"
        elif isinstance(node, exp.CTE) and node.args.get("materialized") is not None:
            yield "a hint to materialize"
        elif isinstance(node, exp.Join) and node.args.get("kind") in ("SEMI", "ANTI"):
            yield f"{node.args['kind']} join"
        elif isinstance(node, exp.Star) and node.args.get("except_"):
            yield "columns left out of *"
        elif isinstance(node, exp.Window) and isinstance(node.this, _RANKINGS) and not _is_ordered(node):
            yield "a ranking without an order"


def _is_ordered(window: exp.Window) -> bool:
    return bool(window.args.get("order") or window.args.get("alias"))


def _compile(arguments: Sequence[str]) -> None:
    """Compile with the real adapter of Spark, which is told of raw tables instead of asking a server."""
    # The adapter asks whether it is there, and opens no session before a query.
    sys.modules.setdefault("pyspark", ModuleType("pyspark"))
    from dbt.adapters.spark import SparkAdapter, SparkColumn
    from dbt.cli.main import dbtRunner

    def columns_in(adapter: SparkAdapter, relation: Any) -> list[SparkColumn]:
        return [SparkColumn(column=name, dtype=type_) for name, type_ in _raw_columns(relation.identifier).items()]

    def relation_of(adapter: SparkAdapter, database: str | None, schema: str, identifier: str) -> Any:
        return adapter.Relation.create(schema=schema, identifier=identifier)

    quicken_dbt(pytest.MonkeyPatch())
    SparkAdapter.get_columns_in_relation = columns_in
    SparkAdapter.get_relation = relation_of
    folder, variables, *rest = arguments
    places = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", folder]
    outcome = dbtRunner().invoke(
        ["compile", *places, "--no-populate-cache", "--exclude", "resource_type:unit_test", "--vars", variables, *rest]
    )
    if outcome.exception is not None:
        print(outcome.exception)
    raise SystemExit(0 if outcome.success else 1)


def _raw_columns(table: str) -> dict[str, str]:
    """The columns of a raw table that Repline loads, with Spark's types; none of any other relation."""
    source, _, name = table.partition("__")
    if source in ("landing", "exports", "database") and name in ENTITIES_BY_NAME:
        types = {"varchar": "string", "timestamp": "timestamp_ntz"}
        columns = ENTITIES_BY_NAME[name].columns
        return {column.name: types.get(column.type.value.lower(), column.type.value.lower()) for column in columns}
    if source not in ("hubspot", "salesforce", "aircall", "twilio", "gong"):
        return {}
    tables = importlib.import_module(f"ingestion.{source}").TABLES
    return next((dict.fromkeys(each.columns, "string") for each in tables if each.raw_name == table), {})
