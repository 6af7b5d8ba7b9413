"""Writes the demo company into a landing folder.

Does not belong here: what the company is like (the other modules).
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from ingestion.contract import ENTITIES_BY_NAME
from ingestion.demo import (
    activity,
    chance,
    company,
    conversations,
    customers,
    deals,
    goals,
    learning,
    organisation,
    pay,
    targets,
)

DEFAULT_UNTIL = datetime(2025, 12, 31, 18, tzinfo=UTC)
WINDOW_DAYS = 730
SMALLEST, GREATEST = 100, 10_000_000
CALLS_PER_DEAL = 10
# Deals planned at once: the process peaks at 0.8 GiB with 100,000, at any scale.
DEALS_PER_FILE = 100_000

MARKER = "README.md"
_TITLE = "# A synthetic demo company"
_STAGING = ".demo-"
_SMALL = {
    "users": "FROM users",
    "pipeline_stages": "FROM pipeline_stages",
    "quotas": targets.QUOTAS,
    "exchange_rates": targets.EXCHANGE_RATES,
    "user_history": organisation.USER_HISTORY,
    "territories": organisation.TERRITORIES,
    "holidays": organisation.HOLIDAYS,
    "goals": goals.GOALS,
    "forecast_submissions": goals.FORECAST_SUBMISSIONS,
    "comp_plans": pay.COMP_PLANS,
    "comp_tiers": pay.COMP_TIERS,
    "comp_assignments": pay.COMP_ASSIGNMENTS,
    "spiffs": pay.SPIFFS,
    "trackers": conversations.TRACKERS,
    "coaching_sessions": learning.COACHING_SESSIONS,
    "courses": learning.COURSES,
    "training_records": learning.TRAINING_RECORDS,
    "feedback": learning.FEEDBACK,
    "candidates": learning.CANDIDATES,
    "spend": customers.SPEND,
}
_LARGE = {
    "opportunities": deals.OPPORTUNITIES,
    "opportunity_history": deals.HISTORY,
    "leads": activity.LEADS,
    "calls": activity.CALLS,
    "meetings": activity.MEETINGS,
}
# What follows from the large entities reads them as they were written, and so agrees with them.
_FOLLOWING = {
    "opportunity_splits": pay.OPPORTUNITY_SPLITS,
    "cancellations": pay.CANCELLATIONS,
    "call_turns": conversations.CALL_TURNS,
    "call_scores": conversations.CALL_SCORES,
    "touches": customers.TOUCHES,
    "lead_fit": customers.LEAD_FIT,
    "invoices": customers.INVOICES,
    "surveys": customers.SURVEYS,
}


class DemoError(ValueError):
    """The demo company cannot be written; the message says why in one line."""


def generate(
    folder: Path,
    calls: int = 20_000,
    seed: int = 7,
    until: datetime = DEFAULT_UNTIL,
    threads: int | None = None,
) -> None:
    """Write two years of a synthetic sales organisation, up to `until`, in the landing contract.

    `calls` (100 to 10,000,000) is the scale: a tenth as many opportunities, about half as many history rows.
    Small entities are CSV files, large ones folders of Parquet files. The same arguments give the same bytes
    with the same version of DuckDB, whatever `threads` (default: all cores). An earlier demo company in
    `folder` is replaced; a folder that holds anything else raises DemoError.
    """
    if not SMALLEST <= calls <= GREATEST:
        raise DemoError(f"the demo company has {SMALLEST} to {GREATEST} calls, not {calls}")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not is_demo(folder):
        raise DemoError(f"{folder} holds files that are not the demo company's; name an empty folder")
    # First, so that a folder in which this was interrupted is known as a demo company's.
    (folder / MARKER).write_text(_readme(calls, seed, until), encoding="utf-8")
    for abandoned in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(abandoned)
    # Hidden, and on the file system of its folder: a reader never sees a file that is half written.
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
        _write(Path(staging), calls, seed, _naive_utc(until), threads)
        for name in ENTITIES_BY_NAME:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / f"{name}.csv").unlink(missing_ok=True)
        for path in Path(staging).iterdir():
            path.replace(folder / path.name)


def is_demo(folder: Path) -> bool:
    """Whether `folder` holds a demo company and so may be written over."""
    marker = folder / MARKER
    return marker.is_file() and marker.read_text(encoding="utf-8", errors="replace").startswith(_TITLE)


@contextmanager
def demo_connection(seed: int, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the macros of `chance`, in UTC, that keeps the order of rows through joins."""
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [spill])
        connection.execute("SET TimeZone = 'UTC'")
        if threads:
            connection.execute(f"SET threads = {threads:d}")
        # Joins as they are written: the numbered rows are the probe side, so that their order, and with it
        # the files, do not depend on the threads.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        connection.execute("SET VARIABLE seed = ?::BIGINT", [seed])
        connection.execute(chance.DRAWS)
        connection.execute(chance.WORKING_TIME)
        yield connection


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """Write the rows of `query` to `path`, which appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    connection.execute(f"COPY ({query}) TO '{_quoted(unfinished)}' (FORMAT parquet)")
    unfinished.replace(path)


def _write(folder: Path, calls: int, seed: int, until: datetime, threads: int | None) -> None:
    deal_count = math.ceil(calls / CALLS_PER_DEAL)
    # The organisation grows more slowly than its business: 18 seats make 20,000 calls, 2,600 ten million.
    seats = max(8, round(18 * (calls / 20_000) ** 0.8))
    development, renewals = round(seats * 0.25), round(seats * 0.2)
    variables = {
        "until": until,
        "first_day": until.date() - timedelta(days=WINDOW_DAYS - 1),
        "window_days": WINDOW_DAYS,
        "ae_seats": seats - development - renewals,
        "am_seats": renewals,
        "sdr_seats": development,
        "accounts": max(5, round(deal_count * 0.45)),
        # One recorded talk per seat and week; a third of the calls are talks.
        "recorded": min(0.35, seats * WINDOW_DAYS / 7 / (calls / 3)),
    }
    with demo_connection(seed, threads) as connection:
        _set(connection, variables)
        for script in (
            company.PIPELINES,
            company.CALENDAR,
            company.SEATS,
            company.PEOPLE,
            company.ACCOUNTS,
            organisation.STANDING,
            pay.PLANS,
            learning.SESSIONS,
            conversations.BOOK,
        ):
            connection.execute(script)
        connection.execute(deals.EXPECTED_BOOKING)
        write_parquet(connection, "FROM accounts", folder / "accounts" / "part-0001.parquet")
        for part, first in enumerate(range(0, deal_count, DEALS_PER_FILE), start=1):
            last = min(first + DEALS_PER_FILE, deal_count)
            _set(connection, {"first_deal": first, "last_deal": last})
            _set(
                connection,
                {"first_call": first * CALLS_PER_DEAL, "last_call": min(last * CALLS_PER_DEAL, calls)},
            )
            connection.execute(deals.DEALS)
            connection.execute(deals.ADD_EXPECTED_BOOKINGS)
            connection.execute(activity.LEADS_PLAN)
            for name, query in _LARGE.items():
                write_parquet(connection, query, folder / name / f"part-{part:04d}.parquet")
            _see(connection, folder, f"part-{part:04d}.parquet")
            connection.execute(pay.CANCELLED)
            connection.execute(conversations.CONVERSATIONS)
            for name, query in _FOLLOWING.items():
                write_parquet(connection, query, folder / name / f"part-{part:04d}.parquet")
        _see(connection, folder, "*.parquet")
        connection.execute(goals.MONTH_RESULT)
        for name, query in _SMALL.items():
            connection.execute(f"COPY ({query}) TO '{_quoted(folder / name)}.csv' (FORMAT csv, HEADER)")


def _see(connection: duckdb.DuckDBPyConnection, folder: Path, files: str) -> None:
    """Let the views named after the large entities show these of their files."""
    for name in _LARGE:
        source = _quoted(folder / name / files)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet('{source}')")


def _set(connection: duckdb.DuckDBPyConnection, variables: dict[str, object]) -> None:
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _readme(calls: int, seed: int, until: datetime) -> str:
    return f"""{_TITLE}

Nobody and nothing in these files exists: people, companies, calls and deals are made up by `ingestion.demo`,
with {calls:,} calls, seed {seed}, until {until.isoformat()}. They have the shape of the landing contract and
may be deleted at any time; `repline demo` writes over them.
"""
