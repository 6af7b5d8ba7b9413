"""Suggests an as-of moment where the data end long before the moment that the figures stand for.

Belongs here: when to suggest one, and what it would save. Does not belong here: the setting
(`pipelines.business_settings`).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb

from pipelines.publication.datasets import DATASET_FRESHNESS
from pipelines.publication.versions import PARQUET, Version
from pipelines.settings import SETTINGS_FILE, Settings

# No holiday, and no pause of a feed that somebody will mend, is as long.
_LONG = timedelta(days=60)
_REP_DAYS = "fct_rep_day"


def as_of_hint(settings: Settings, version: Version) -> str:
    """One line with the moment to set; empty where the data reach far enough, or a moment is set already.

    Raises duckdb.Error where the version is damaged.
    """
    if settings.as_of is not None:
        return ""
    as_of = version.as_of.replace(tzinfo=None)
    with duckdb.connect() as connection:
        [(newest,)] = connection.execute(
            # Rates go on when a company's own records do not.
            "SELECT max(last_event_at) FROM read_parquet(?) WHERE dataset NOT LIKE '%exchange_rates'",
            [str(version.path / PARQUET / f"{DATASET_FRESHNESS}.parquet")],
        ).fetchall()
        if newest is None or as_of - newest < _LONG:
            return ""
        empty = all_days = 0
        file = version.path / PARQUET / f"{_REP_DAYS}.parquet"
        if file.exists():
            [(empty, all_days)] = connection.execute(
                "SELECT count(*) FILTER (date_day > CAST(? AS DATE)), count(*) FROM read_parquet(?)",
                [newest, str(file)],
            ).fetchall()
    spared = f", and {empty:,} of {all_days:,} rows of {_REP_DAYS} are of days after it" if empty else ""
    return (
        f"The newest event is of {newest:%Y-%m-%d}, {(as_of - newest).days:,} days before the moment that the figures "
        f"stand for{spared}. To look from its day, set as_of: {newest:%Y-%m-%d}T23:59:59Z in {SETTINGS_FILE}, or "
        f"REPLINE_AS_OF."
    )
