"""A company whose files are refreshed through the command line, as a user does it.

Belongs here: running `repline` in processes of its own, the same models without it, and reading what came of it.
Does not belong here: what a test expects.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

# It keeps the libraries from calling home, in this process and so in those that get its environment.
import pipelines  # noqa: F401
from ingestion.demo import DEFAULT_UNTIL
from tests import shortcuts
from tests.dbt_project.warehouse import build_again, create_raw_tables
from tests.ingestion.loading import run
from tests.processes import Running, forked, run_forked

# Tables that say when something was done, and so differ between two builds of the same input.
_TIMES = {"publication", "dataset_freshness"}


@dataclass
class Company:
    """A landing folder and the home of what Repline makes of it."""

    landing: Path
    home: Path
    as_of: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "REPLINE_HOME": str(self.home),
            "REPLINE_LANDING": str(self.landing),
            "REPLINE_AS_OF": self.as_of,
            "REPLINE_VARS": json.dumps(dict(self.variables)),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_forked(_repline, arguments, {**self.environment, **environment})

    def started(self, *arguments: str) -> AbstractContextManager[Running]:
        """A command that runs, and is killed at the end of the block with all that it started."""
        return forked(_repline, arguments, self.environment)

    def refresh(self) -> str:
        """Refresh, which has to succeed, and return what it printed."""
        done = self.run("refresh")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def published(self) -> Path:
        return self.home / "published" / "marts.duckdb"

    def version(self) -> int:
        return int(self.query("SELECT max(version) FROM marts.publication")[0][0])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def raw(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def marts(self, folder: Path) -> dict[str, bytes]:
        """Each published table as the bytes of its sorted CSV."""
        folder.mkdir(parents=True, exist_ok=True)
        contents: dict[str, bytes] = {}
        with duckdb.connect(str(self.published), read_only=True) as connection:
            # Some marts are views before they are published.
            tables = connection.sql(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'"
            ).fetchall()
            for (table,) in tables:
                if table in _TIMES:
                    continue
                target = folder / f"{table}.csv"
                connection.execute(f"COPY (SELECT * FROM marts.{table} ORDER BY ALL) TO '{target}' (FORMAT csv)")
                contents[table] = target.read_bytes()
        return contents


@dataclass
class Unpublished(Company):
    """A company whose files are loaded and whose models are built, and no more: what another way is compared with.

    The models are built by what a build of nothing did (`statements`, a fixture), as of the same moment. Gates, tests
    of the models and publication have tests of their own.
    """

    as_of: str = DEFAULT_UNTIL.isoformat()
    statements: Sequence[Sequence[str]] = ()

    def refresh(self) -> str:
        self.home.mkdir(parents=True)
        loaded = run_forked(_load_files, [str(self.landing), str(self.home)], self.environment)
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        with duckdb.connect(str(self.home / "warehouse.duckdb")) as connection:
            create_raw_tables(connection)
        build_again(self.home, self.statements)
        return loaded.stdout

    @property
    def published(self) -> Path:
        return self.home / "warehouse.duckdb"


def _load_files(arguments: Sequence[str]) -> None:
    """Load a landing folder into the warehouse of a home."""
    from ingestion.landing import landing_pipeline, landing_source

    landing, home = map(Path, arguments)
    warehouse = home / "warehouse.duckdb"
    run(landing_pipeline(warehouse, home / "dlt"), warehouse, landing_source(landing)).raise_on_failed_jobs()


def _repline(arguments: Sequence[str]) -> None:
    """The command line, as the installed program calls it."""
    from pipelines.cli import main

    shortcuts.take_all()
    main(list(arguments), prog_name="repline")


def small_company(folder: Path, calls: int = 2000) -> Company:
    """A synthetic company of its own files."""
    from ingestion.demo import generate

    generate(folder / "landing", calls=calls)
    return Company(folder / "landing", folder / "home", DEFAULT_UNTIL.isoformat())
