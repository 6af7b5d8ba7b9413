"""What a published version is made of, as one fingerprint: contents of the raw tables, settings, SQL, and day.

Belongs here: telling whether a new version could differ from the published one. Does not belong here: the
versions (`pipelines.publication.publish`).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from ingestion.account import CURRENT_FILES
from ingestion.api.tables import LOADED_AT
from ingestion.clearing import FORGOTTEN, has_table
from ingestion.contract import RAW_SCHEMA
from ingestion.text import quoted
from pipelines.pages.site import is_installed
from pipelines.settings import DBT_PROJECT_DIR, Settings
from pipelines.sources import sources_of

# The moment of a row's last synchronisation, as Fivetran and Airbyte (two generations of it) write it.
SYNC_COLUMNS = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at")

# What dbt and people leave in the project folder that is not part of it.
_NOT_SOURCES = {"target", "logs", "dbt_packages"}


def build_fingerprint(settings: Settings, now: datetime) -> str:
    """The fingerprint of a version built now, `<hash>` or `<hash>@<day>`. Opens the warehouse read-only.

    The moment of its load stands beside a file's hash, because what a file left in the raw tables depends on
    what was loaded before it, too. Where no as-of is set the day stands for it: figures are made anew once a
    day, not every hour. It stands apart, because a new day alone does not undo a rollback.
    """
    variables = settings.dbt_vars(now)
    parts = {
        "contents": _contents(settings),
        "settings": {**variables, "as_of": settings.as_of.isoformat() if settings.as_of else None},
        "sources": sources_digest(),
        "target": settings.target,
        # Who switches pages on, or installs what makes them, wants to see them.
        "pages": settings.pages and is_installed(),
        # Views of the DuckDB file name their files by whole paths: who moves the home wants them made anew.
        "place": str(settings.published.resolve()) if settings.business.duckdb_file_max_rows is not None else None,
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    return digest if settings.as_of else f"{digest}@{reporting_day(variables['reporting_timezone'], now)}"


def reporting_day(timezone: str, now: datetime) -> str:
    """The day of the moment in the zone, ISO 8601."""
    return now.astimezone(ZoneInfo(timezone)).date().isoformat()


def sources_digest(project: Path = DBT_PROJECT_DIR) -> str:
    """A hash of the dbt project's files, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project)
        if path.is_file() and inside.parts[0] not in _NOT_SOURCES and not path.name.startswith("."):
            digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _contents(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """What the raw tables of the switched-on sources hold: files, and for other tables their rows and newest load.

    Who was forgotten since changed rows of them."""
    sources = sources_of(settings)
    contents: dict[str, list[tuple[object, ...]]] = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        if sources.contract:
            contents["files"] = connection.execute(
                f"""
                SELECT source, entity, file, file_hash, loaded_at FROM ({CURRENT_FILES})
                WHERE source IN (SELECT unnest(?))
                ORDER BY ALL
                """,
                [[source.name for source in sources.contract]],
            ).fetchall()
        for table in sources.api_tables:
            contents[table.raw_name] = connection.execute(
                f"SELECT count(*), max({LOADED_AT}) FROM {RAW_SCHEMA}.{table.raw_name}"
            ).fetchall()
        if has_table(connection, RAW_SCHEMA, FORGOTTEN):
            contents[FORGOTTEN] = connection.execute(
                f"SELECT id_hash FROM {RAW_SCHEMA}.{FORGOTTEN} ORDER BY ALL"
            ).fetchall()
        for source, schema in sources.landed.items():
            contents[source] = _landed_tables(connection, schema)
    return contents


def _landed_tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[tuple[object, ...]]:
    """Rows and newest synchronisation of the tables that another tool keeps in a schema."""
    tables = connection.execute(
        """
        SELECT table_name, min(column_name) FILTER (list_contains(?, column_name))
        FROM duckdb_columns() WHERE schema_name = ? GROUP BY ALL ORDER BY ALL
        """,
        [list(SYNC_COLUMNS), schema],
    ).fetchall()
    found: list[tuple[object, ...]] = []
    for table, column in tables:
        newest = f"max({column})" if column else "NULL"
        query = f"SELECT ?, count(*), {newest} FROM {quoted(schema)}.{quoted(table)}"
        found += connection.execute(query, [table]).fetchall()
    return found
