"""The list of agents: a CSV file that says which ends of calls are a rep's, since Twilio knows no users.

Belongs here: reading and judging the file. Does not belong here: what a rep's calls are (dbt staging).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from ingestion.twilio.tables import AGENTS

REQUIRED = ("endpoint", "email")


class AgentsError(ValueError):
    """The list of agents cannot be used; the message names the file, and the line or column."""


def read_agents(path: str) -> pa.Table:
    """The rows of the file, with the columns of the table AGENTS. Raises AgentsError."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise AgentsError(f"sources.twilio.agents names {path}, which is no file")
    with duckdb.connect() as connection:
        try:
            listed = connection.read_csv(str(file), header=True, all_varchar=True)
        except duckdb.Error as error:
            raise AgentsError(f"{path} cannot be read as CSV: {str(error).splitlines()[0]}") from None
        missing = [name for name in REQUIRED if name not in listed.columns]
        if missing:
            raise AgentsError(f"{path} has no column {', '.join(missing)}; it has: {', '.join(listed.columns)}")
        columns = ", ".join(
            f"nullif(trim({name}), '') AS {name}" if name in listed.columns else f"NULL::VARCHAR AS {name}"
            for name in AGENTS.columns
            if name != "id"
        )
        rows = connection.sql(
            f"SELECT md5(lower(endpoint)) AS id, * FROM (SELECT {columns} FROM listed)"
        ).to_arrow_table()
        faults = connection.sql(
            """
            SELECT coalesce(min(endpoint), '(none)'), count(*), bool_or(email IS NULL)
            FROM rows GROUP BY id HAVING id IS NULL OR count(*) > 1 OR bool_or(email IS NULL) ORDER BY ALL
            """
        ).fetchone()
    if faults:
        endpoint, count, is_without_email = faults
        reason = "has no e-mail" if is_without_email and count == 1 else f"is listed {count} times"
        raise AgentsError(f"{path}: each endpoint needs a line with an e-mail; {endpoint} {reason}")
    return rows
