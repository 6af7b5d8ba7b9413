"""The next working day of a demo company: new and changed records, as one more file for each large entity.

Does not belong here: the company itself (`generator` and what it uses).

New calls are talks and leads are written to, as on other days. What comes by the week or month (goals, forecasts,
coaching, invoices, spend) does not come on this day.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingestion.demo.generator import DemoError, demo_connection, is_demo, write_parquet

# The keys are sampled before their newest version is sought: all versions of a key share its draw.
_SAMPLE = """
CREATE TEMP TABLE {entity}_sample AS
SELECT *, draw(hash({key}), 'next day ' || getvariable('part')) / getvariable('share') AS drawn, {now}
FROM read_parquet('{files}')
WHERE drawn < 1
QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY updated_at DESC) = 1 AND NOT is_deleted
"""
_NOW = """
    getvariable('day') + INTERVAL 7 HOUR
    + to_milliseconds(below(36000000, hash({key}), 'moment ' || getvariable('part'))) AS now
"""

# Work goes on where deals are open: those first, at random.
_DEAL_SAMPLE = """
CREATE TEMP TABLE opportunities_sample AS
WITH latest AS (
    FROM read_parquet('{files}')
    QUALIFY row_number() OVER (PARTITION BY opportunity_id ORDER BY updated_at DESC) = 1
)
SELECT
    latest.*,
    row_number() OVER (
        ORDER BY is_closed, draw(hash(opportunity_id), 'next day ' || getvariable('part')), opportunity_id
    ) / (getvariable('share') * count(*) OVER ()) AS drawn,
    {now}
FROM latest JOIN stages USING (pipeline, stage)
WHERE NOT is_deleted
QUALIFY drawn <= 1
"""

# Seven in ten are changed deals: an open one moves on or is pushed, of a closed one some detail is corrected.
# The others are new, in the hands of the same rep, or of the manager if the rep has left.
_DEALS = """
CREATE TEMP TABLE deal AS
WITH placed AS (
    SELECT
        sample.*, stage.is_closed, following.stage AS next_stage, following.is_closed AS next_is_closed,
        entry.stage AS first_stage, rep.manager_id, rep.left_on IS NOT NULL AS has_left,
        drawn >= 0.7 AS is_new, drawn < 0.3 AND NOT stage.is_closed AS moves_on
    FROM opportunities_sample AS sample
    JOIN stages AS stage ON stage.pipeline = sample.pipeline AND stage.stage = sample.stage
    LEFT JOIN stages AS following
        ON following.pipeline = sample.pipeline AND following.position = stage.position + 1
    JOIN stages AS entry ON entry.pipeline = sample.pipeline AND entry.position = 1
    LEFT JOIN people AS rep ON rep.user_id = sample.owner_id
)
SELECT
    placed.* EXCLUDE (next_stage, next_is_closed, first_stage, manager_id, has_left)
    REPLACE (
        IF(is_new, 'opp-' || getvariable('part') || '-' || substr(opportunity_id, 5), opportunity_id)
            AS opportunity_id,
        IF(is_new AND has_left, manager_id, owner_id) AS owner_id,
        CASE WHEN is_new THEN first_stage WHEN moves_on THEN next_stage ELSE stage END AS stage,
        CASE WHEN is_new THEN now ELSE created_at END AS created_at,
        CASE
            WHEN is_new THEN (now + INTERVAL 60 DAY)::DATE
            WHEN is_closed THEN close_date
            WHEN moves_on AND next_is_closed THEN now::DATE
            ELSE last_day(greatest(close_date, now::DATE) + INTERVAL 1 MONTH)
        END AS close_date,
        IF(is_new, NULL, loss_reason) AS loss_reason,
        IF(is_closed AND NOT is_new, 'Corrected', lead_source) AS lead_source,
        now AS updated_at
    )
FROM placed
ORDER BY opportunity_id
"""

_OPPORTUNITIES = "SELECT * EXCLUDE (drawn, now, is_closed, is_new, moves_on) FROM deal"

_HISTORY = """
SELECT
    opportunity_id, now AS changed_at, deal.pipeline, deal.stage, amount, close_date, owner_id,
    stages.forecast_category, owner_id AS changed_by
FROM deal
JOIN stages ON stages.pipeline = deal.pipeline AND stages.stage = deal.stage
WHERE is_new OR NOT deal.is_closed
ORDER BY opportunity_id
"""

_LEADS = """
SELECT sample.* EXCLUDE (drawn, now, is_new) REPLACE (
    IF(is_new, 'lead-' || getvariable('part') || '-' || substr(lead_id, 6), lead_id) AS lead_id,
    IF(is_new AND rep.left_on IS NOT NULL, rep.manager_id, owner_id) AS owner_id,
    CASE WHEN is_new THEN 'new' WHEN status = 'converted' THEN status ELSE 'nurturing' END AS status,
    IF(is_new, now, created_at) AS created_at,
    IF(is_new, NULL, converted_at) AS converted_at,
    IF(is_new, NULL, opportunity_id) AS opportunity_id,
    now AS updated_at
)
FROM (SELECT *, drawn >= 0.5 AS is_new FROM leads_sample) AS sample
LEFT JOIN people AS rep ON rep.user_id = sample.owner_id
ORDER BY lead_id
"""

# One call in ten is a correction.
_CALLS = """
SELECT sample.* EXCLUDE (drawn, now, is_new) REPLACE (
    IF(is_new, 'call-' || getvariable('part') || '-' || substr(call_id, 6), call_id) AS call_id,
    IF(is_new AND rep.left_on IS NOT NULL, rep.manager_id, sample.user_id) AS user_id,
    IF(is_new, now, started_at) AS started_at,
    CASE
        WHEN is_new THEN disposition
        WHEN disposition = 'connected' THEN 'voicemail'
        ELSE 'connected'
    END AS disposition,
    now + INTERVAL 20 MINUTE AS updated_at
)
FROM (SELECT *, drawn >= 0.1 AS is_new FROM calls_sample) AS sample
LEFT JOIN people AS rep ON rep.user_id = sample.user_id
ORDER BY call_id
"""

# Who was recorded says the same in the new call, and everybody who was worked on gets a mail.
_CALL_TURNS = """
SELECT
    'call-' || getvariable('part') || '-' || substr(call_id, 6) AS call_id, turn, speaker,
    IF(speaker = 'rep', IF(rep.left_on IS NOT NULL, rep.manager_id, sample.user_id), NULL) AS speaker_id,
    started_seconds, ended_seconds, text, now + INTERVAL 30 MINUTE AS updated_at, turns.is_deleted
FROM read_parquet('{call_turns}') AS turns
JOIN (SELECT * EXCLUDE (is_deleted), drawn >= 0.1 AS is_new FROM calls_sample) AS sample USING (call_id)
LEFT JOIN people AS rep ON rep.user_id = sample.user_id
WHERE is_new
ORDER BY call_id, turn
"""

_TOUCHES = """
SELECT
    'touch-' || getvariable('part') || '-' || substr(lead_id, 6) AS touch_id,
    IF(rep.left_on IS NOT NULL, rep.manager_id, owner_id) AS user_id,
    IF(drawn >= 0.5, 'lead-' || getvariable('part') || '-' || substr(lead_id, 6), lead_id) AS lead_id,
    NULL::VARCHAR AS account_id, NULL::VARCHAR AS opportunity_id, 'email' AS channel,
    now + INTERVAL 4 MINUTE AS sent_at, NULL::TIMESTAMP AS replied_at, NULL::VARCHAR AS sequence,
    false AS is_automated, sent_at AS updated_at, false AS is_deleted
FROM leads_sample AS sample
LEFT JOIN people AS rep ON rep.user_id = sample.owner_id
ORDER BY touch_id
"""

_MEETINGS = """
SELECT sample.* EXCLUDE (drawn, now, is_new) REPLACE (
    IF(is_new, 'meet-' || getvariable('part') || '-' || substr(meeting_id, 6), meeting_id) AS meeting_id,
    IF(is_new AND rep.left_on IS NOT NULL, rep.manager_id, sample.user_id) AS user_id,
    IF(is_new, now, starts_at) AS starts_at,
    IF(is_new, now + (ends_at - starts_at), ends_at) AS ends_at,
    IF(is_new, 'held', 'cancelled') AS status,
    now + INTERVAL 1 HOUR AS updated_at
)
FROM (SELECT *, drawn >= 0.3 AS is_new FROM meetings_sample) AS sample
LEFT JOIN people AS rep ON rep.user_id = sample.user_id
ORDER BY meeting_id
"""

_KEYS = {"opportunities": "opportunity_id", "leads": "lead_id", "calls": "call_id", "meetings": "meeting_id"}
_FILES = {
    "opportunities": _OPPORTUNITIES,
    "opportunity_history": _HISTORY,
    "leads": _LEADS,
    "calls": _CALLS,
    "meetings": _MEETINGS,
    "call_turns": _CALL_TURNS,
    "touches": _TOUCHES,
}


def change(folder: Path, share: float = 0.01, seed: int = 7) -> datetime:
    """Add the working day after the last call's to the demo company in `folder`; return its end, in UTC.

    `share` (above 0, at most 1) of the records of each large entity are changed or come anew, with their
    history, in one more Parquet file per entity. Raises DemoError if the folder holds no demo company.
    """
    if not is_demo(folder):
        raise DemoError(f"{folder} holds no demo company; write one with `repline demo`")
    if not 0 < share <= 1:
        raise DemoError(f"the share of changed records is above 0 and at most 1, not {share}")
    part = 1 + max(int(path.stem.split("-")[1]) for path in (folder / "opportunities").glob("part-*.parquet"))
    with demo_connection(seed) as connection:
        day = _next_day(connection, folder)
        for name, value in {"part": part, "share": share, "day": day}.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        for view, file in {"stages": "pipeline_stages.csv", "people": "users.csv"}.items():
            connection.execute(f"CREATE TEMP TABLE {view} AS FROM read_csv(?)", [str(folder / file)])
        for entity, key in _KEYS.items():
            template = _DEAL_SAMPLE if entity == "opportunities" else _SAMPLE
            now = _NOW.format(key=key)
            connection.execute(template.format(entity=entity, key=key, now=now, files=_files(folder, entity)))
        connection.execute(_DEALS)
        turns = _files(folder, "call_turns")
        for entity, template in _FILES.items():
            query = template.format(call_turns=turns)
            write_parquet(connection, query, folder / entity / f"part-{part:04d}.parquet")
    return day.replace(hour=18, tzinfo=UTC)


def _next_day(connection: duckdb.DuckDBPyConnection, folder: Path) -> datetime:
    row = connection.execute(
        f"SELECT day_of(working_day(max(updated_at)::DATE) + 1)::TIMESTAMP FROM '{_files(folder, 'calls')}'"
    ).fetchone()
    assert row is not None
    day: datetime = row[0]
    return day


def _files(folder: Path, entity: str) -> str:
    return str(folder / entity / "*.parquet").replace("'", "''")
