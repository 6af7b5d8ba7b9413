"""Raw tables in the landing contract's shape, straight from CSV files or rows, and dbt builds upon them.

Belongs here: what the tests of the SQL need to run dbt without the ingestion. Does not belong here: what
the tests expect.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from ingestion.contract import ENTITIES, ENTITIES_BY_NAME, RAW_SCHEMA, Column, ColumnType, Entity
from pipelines.runs.dbt_runs import DECIDING_VARIABLES
from tests.processes import run_forked
from tests.shortcuts import BUILDS, quicken_dbt

STATEMENTS = "statements.json"
# Nobody reads what dbt would write about the project and the run: 10 MB, each time, and a tenth of its time.
_QUICK = ("--no-write-json", "--log-level-file", "none")
# For a build of models and snapshots alone.
WITHOUT_TESTS = ("--exclude-resource-type=test", "--exclude-resource-type=unit_test")
DBT_PROJECT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"

Rows = Iterable[Mapping[str, Any]]


def create_raw_tables(
    connection: duckdb.DuckDBPyConnection,
    extra_columns: Mapping[str, list[str]] | None = None,
    source: str = "landing",
) -> None:
    """Create the raw tables of a source that are not there, empty. `extra_columns`: more VARCHAR columns by entity."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {RAW_SCHEMA}")
    for entity in ENTITIES:
        columns = [f'"{column.name}" {column.type.value}' for column in entity.columns]
        columns += [f'"{name}" VARCHAR' for name in ["_file", *(extra_columns or {}).get(entity.name, [])]]
        connection.execute(f"CREATE TABLE IF NOT EXISTS {_table(entity, source)} ({', '.join(columns)})")


def insert_rows(connection: duckdb.DuckDBPyConnection, entity_name: str, rows: Rows, source: str = "landing") -> None:
    """Insert rows by column name; text is cast to the column's type, a column that a row lacks is null."""
    entity = ENTITIES_BY_NAME[entity_name]
    defaults = {column.name: column.null_means for column in entity.columns if column.null_means is not None}
    for row in rows:
        values = {**defaults, **row}
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        connection.execute(f"INSERT INTO {_table(entity, source)} ({names}) VALUES ({marks})", list(values.values()))


def load_landing_csv(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Fill the raw tables from `<entity>.csv` files: typed, row rules applied, one version per key."""
    connection.execute("SET TimeZone = 'UTC'")
    for entity in ENTITIES:
        path = folder / f"{entity.name}.csv"
        if path.exists():
            _load_csv(connection, entity, path)


def build(
    home: Path,
    variables: Mapping[str, Any],
    *arguments: str,
    command: str = "build",
    project: Path = DBT_PROJECT_DIR,
) -> str:
    """Run dbt on `<home>/warehouse.duckdb` in a process of its own, which frees the file. Returns its output.

    Raises AssertionError with dbt's output where dbt fails.
    """
    if command == "run":
        # dbt's own `run` leaves out the snapshot that dim_rep_version reads.
        command, arguments = "build", (*arguments, *WITHOUT_TESTS)
    # In a fresh process: a second dbt in one process keeps the first one's adapter.
    result = run_forked(
        _dbt,
        [command, str(project), json.dumps(dict(variables)), *arguments],
        {
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "REPLINE_HOME": str(home),
            "DBT_TARGET_PATH": str(home / "dbt_target"),
            "DBT_LOG_PATH": str(home / "dbt_logs"),
        },
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    return result.stdout


def build_again(home: Path, statements: Sequence[Sequence[str]]) -> None:
    """Build the models of a dbt build anew, and run its tests, on a warehouse with other rows in the same raw tables.

    DuckDB alone takes a fifth of dbt's time; what dbt adds to the SQL (contracts, comments) does not depend on rows.
    Raises AssertionError for a test that finds rows.
    """
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        for kind, name, sql in statements:
            if kind == "test":
                found = connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()
                assert found == (0,), f"the dbt test {name} found rows: {found}"
            else:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
                connection.execute(f"CREATE {kind} {name} AS {sql}")


def _dbt(arguments: Sequence[str]) -> None:
    """Run a dbt command on a project."""
    from dbt.cli.main import dbtRunner

    quicken_dbt(pytest.MonkeyPatch())
    command, project, variables, *rest = arguments
    outcome = parse(project, json.loads(variables))
    if outcome.success:
        manifest: Any = outcome.result
        outcome = dbtRunner(manifest).invoke([*_QUICK, command, *_places(project), "--vars", variables, *rest])
    if outcome.exception is not None:
        print(outcome.exception)
    if command == "build" and outcome.success:
        Path(os.environ["DBT_TARGET_PATH"], STATEMENTS).write_text(json.dumps(_statements(outcome.result)))
    raise SystemExit(0 if outcome.success else 1)


def parse(project: str, variables: Mapping[str, Any]) -> Any:
    """dbt's result of parsing a project, which is done anew only where its files or its models are others.

    Parsing takes 15 s, and every other setting, or another warehouse, would make dbt do it again.
    """
    from dbt.cli.main import dbtRunner

    deciding = {name: value for name, value in variables.items() if name in DECIDING_VARIABLES}
    key = hashlib.sha256(json.dumps([project, deciding], sort_keys=True).encode()).hexdigest()[:16]
    # A copy of the project has its state with it: nobody would find it in another run of the tests.
    folder = (BUILDS if project == str(DBT_PROJECT_DIR) else Path(project) / "dbt_builds") / key
    folder.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    with FileLock(folder / "lock"):
        os.environ.update(REPLINE_HOME=str(folder), DBT_TARGET_PATH=str(folder), DBT_LOG_PATH=str(folder))
        parsed = dbtRunner().invoke([*_QUICK, "parse", *_places(project), "--vars", json.dumps(deciding)])
        os.environ.update(environment)
    return parsed


def _places(project: str) -> list[str]:
    return ["--project-dir", project, "--profiles-dir", project]


def _statements(result: Any) -> list[tuple[str, str, str]]:
    """What a build did, in its order: (`table`, `view` or `test`, name with schema, the SQL that it stands for)."""
    statements = []
    for done in result.results:
        node, kind = done.node, str(done.node.resource_type)
        if kind == "model":
            # A contract puts the columns into its own order.
            columns = ", ".join(f'"{name}"' for name in node.columns) if node.config.contract.enforced else "*"
            sql = f"SELECT {columns} FROM ({node.compiled_code}\n)"
            statements.append((node.config.materialized, f"{node.schema}.{node.name}", sql))
        elif kind == "snapshot":
            # What dbt makes of the first rows that a snapshot sees.
            seen = node.config.updated_at
            validity = f"{seen} AS dbt_valid_from, CAST(NULL AS TIMESTAMP) AS dbt_valid_to"
            sql = f"SELECT *, '' AS dbt_scd_id, {seen} AS dbt_updated_at, {validity} FROM ({node.compiled_code})"
            statements.append(("table", f"{node.schema}.{node.name}", sql))
        elif kind == "test":
            statements.append((kind, node.name, node.compiled_code))
    return statements


def _table(entity: Entity, source: str = "landing") -> str:
    return f"{RAW_SCHEMA}.{source}__{entity.name}"


def _load_csv(connection: duckdb.DuckDBPyConnection, entity: Entity, path: Path) -> None:
    read = f"read_csv('{path}', all_varchar = true, header = true)"
    present = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()}
    selected = [
        f"{_typed(column) if column.name in present else _missing(column)} AS {column.name}"
        for column in entity.columns
    ]
    unreadable = [
        f"({column.name} IS NOT NULL AND {_typed(column)} IS NULL)"
        for column in entity.columns
        if column.name in present
    ]
    empty = [
        f"{column.name} IS NULL" for column in entity.columns if column.must_be_present and column.null_means is None
    ]
    broken = [f"NOT coalesce({rule.condition}, true)" for rule in entity.rules]
    newest = "updated_at DESC NULLS LAST, _line DESC" if entity.has_versions else "_line DESC"
    connection.execute(f"""
        INSERT INTO {_table(entity)} BY NAME
        WITH lines AS (SELECT *, row_number() OVER () AS _line FROM {read}),
        typed AS (SELECT {", ".join(selected)}, _line FROM lines WHERE NOT ({" OR ".join(unreadable)}))
        SELECT * EXCLUDE (_line), '{path.name}' AS _file FROM typed
        WHERE NOT ({" OR ".join([*empty, *broken])})
        QUALIFY row_number() OVER (PARTITION BY {", ".join(entity.key)} ORDER BY {newest}) = 1
    """)


def _missing(column: Column) -> str:
    return "NULL" if column.null_means is None else f"'{column.null_means}'"


def _typed(column: Column) -> str:
    if column.type is ColumnType.TIMESTAMP:
        typed = f"timezone('UTC', TRY_CAST({column.name} AS TIMESTAMPTZ))"
    else:
        typed = f"TRY_CAST({column.name} AS {column.type.value})"
    if column.null_means is not None:
        typed = f"coalesce({typed}, {_missing(column)})"
    return typed
