"""Leads, calls and meetings around the deals, as SQL.

Does not belong here: the deals themselves (`deals`).
"""

from __future__ import annotations

from ingestion.demo.deals import DEAL_KEY, OWNER

# The leads of the planned deals: first those that became the deal, then as many more that became none.
LEADS_PLAN = """
CREATE OR REPLACE TEMP TABLE lead AS
WITH numbered AS (
    SELECT
        4 * getvariable('first_deal') + leads_before + nth AS lead, nth < converted_leads AS is_converted,
        deal, account, created AS deal_created, utc_offset AS deal_offset
    FROM (SELECT *, unnest(range(leads)) AS nth FROM deal)
),
dated AS (
    SELECT
        numbered.*, seat.* EXCLUDE (utc_offset, colleague), seat.utc_offset,
        work_until(getvariable('until'), seat.utc_offset) AS present,
        at_work(least(present, IF(
            is_converted, deal_created - 1 - 14 * draw(lead, 'age'), day_lot.day_number + draw(lead, 'hour')
        ))) AS created
    FROM numbered
    JOIN day_lot ON day_lot.lot = below(65536, lead, 'day')
    JOIN seat_lot ON seat_lot.role = 'sdr' AND seat_lot.lot = below(65536, lead, 'owner')
    JOIN seat ON seat.seat_id = seat_lot.seat_id
)
SELECT
    *,
    least(present, IF(is_converted, deal_created, created + 2 + 20 * draw(lead, 'worked'))) AS last,
    below(4, lead, 'calls') AS planned_calls,
    first_call + (sum(planned_calls) OVER (ORDER BY lead))::BIGINT - planned_calls AS calls_before,
    least(planned_calls, greatest(0, getvariable('last_call') - calls_before)) AS calls
FROM dated CROSS JOIN (SELECT getvariable('first_call') + sum(calls)::BIGINT AS first_call FROM deal)
ORDER BY lead;
"""

LEAD_KEY = "'lead-' || lpad(lead::VARCHAR, 8, '0')"

LEADS = f"""
WITH latest AS (SELECT *, last AS work FROM lead)
SELECT
    {LEAD_KEY} AS lead_id,
    {OWNER} AS owner_id,
    IF(is_converted OR draw(lead, 'known account') < 0.5, account_key(account), NULL) AS account_id,
    IF(is_converted, pick(['Website', 'Event', 'Referral', 'Partner', 'Webinar'], deal, 'source'),
       pick(['Website', 'Website', 'Event', 'List', 'Webinar'], lead, 'source')) AS source,
    CASE
        WHEN is_converted THEN 'converted'
        WHEN work >= present THEN 'working'
        ELSE pick(['nurturing', 'disqualified', 'disqualified', 'new'], lead, 'status')
    END AS status,
    moment(created, utc_offset) AS created_at,
    IF(is_converted, moment(deal_created, deal_offset), NULL) AS converted_at,
    IF(is_converted, {DEAL_KEY}, NULL) AS opportunity_id,
    IF(is_converted, converted_at, moment(work, utc_offset)) AS updated_at,
    draw(lead, 'deleted') < 0.002 AS is_deleted
FROM latest
"""

# Calls on deals, calls on leads, and cold calls for the rest, in the order of their numbers. `warmth` is the
# usual chance that somebody answers.
CALLS = f"""
WITH on_deals AS (
    SELECT
        calls_before + nth AS call,
        created + (least(ended, present) - created) * pow(draw(call, 'when'), 1.2) AS work,
        utc_offset, owner_1, change_1, owner_2, change_2, owner_3,
        0.44 AS warmth, 0.2 AS inbound, deal, account, NULL::BIGINT AS lead
    FROM (SELECT *, unnest(range(calls)) AS nth FROM deal)
),
on_leads AS (
    SELECT
        calls_before + nth AS call,
        created + (last - created) * draw(call, 'when') AS work,
        utc_offset, owner_1, change_1, owner_2, change_2, owner_3,
        0.24 AS warmth, 0.08 AS inbound, NULL::BIGINT AS deal, NULL::BIGINT AS account, lead
    FROM (SELECT *, unnest(range(calls)) AS nth FROM lead)
),
cold AS (
    SELECT
        call,
        least(
            work_until(getvariable('until'), seat.utc_offset), day_lot.day_number + draw(call, 'hour')
        ) AS work,
        seat.utc_offset, seat.owner_1, seat.change_1, seat.owner_2, seat.change_2, seat.owner_3,
        0.14 AS warmth, 0.03 AS inbound, NULL::BIGINT AS deal,
        account_on(work, call, 'account') AS account, NULL::BIGINT AS lead
    FROM range(
        getvariable('first_call') + (
            SELECT sum(calls)::BIGINT FROM (SELECT calls FROM deal UNION ALL SELECT calls FROM lead)
        ),
        getvariable('last_call')
    ) AS numbers(call)
    JOIN day_lot ON day_lot.lot = below(65536, call, 'day')
    JOIN seat_lot
        ON seat_lot.role = IF(draw(call, 'role') < 0.65, 'sdr', 'ae')
        AND seat_lot.lot = below(65536, call, 'seat')
    JOIN seat ON seat.seat_id = seat_lot.seat_id
),
dialled AS (
    SELECT
        *,
        {OWNER} AS user_id,
        draw(call, 'direction') < inbound AS is_inbound,
        IF(is_inbound, 0.93, warmth * (0.6 + 0.8 * trait(user_id, 'phone'))
           * (0.8 + 0.35 * abs(sin(2 * pi() * (work - floor(work)))))) AS chance,
        draw(call, 'answer') AS answer
    FROM (FROM on_deals UNION ALL FROM on_leads UNION ALL FROM cold)
),
answered AS (
    SELECT
        *,
        CASE
            WHEN answer < chance THEN 'connected'
            WHEN answer < chance + (1 - chance) * 0.42 THEN 'no_answer'
            WHEN answer < chance + (1 - chance) * 0.85 THEN 'voicemail'
            WHEN answer < chance + (1 - chance) * 0.93 THEN 'busy'
            WHEN answer < chance + (1 - chance) * 0.98 THEN 'failed'
            ELSE 'other'
        END AS disposition,
        moment(work, utc_offset) AS started_at,
        -- One line in twenty thousand was left open overnight.
        CASE
            WHEN disposition = 'connected' AND draw(call, 'hung') < 0.00005
                THEN 30000 + below(9000, call, 'hung for')
            WHEN disposition = 'connected'
                THEN least(7000, 8 + floor((60 + 330 * warmth) * exp(0.8 * normal(call, 'talk'))))::BIGINT
            WHEN disposition = 'voicemail' THEN 12 + below(45, call, 'talk')
            WHEN disposition = 'failed' THEN NULL
            ELSE below(40, call, 'talk')
        END AS duration_seconds
    FROM dialled
)
SELECT
    'call-' || lpad(call::VARCHAR, 9, '0') AS call_id,
    user_id,
    started_at,
    duration_seconds,
    IF(is_inbound, 'inbound', 'outbound') AS direction,
    disposition,
    IF(deal IS NULL, NULL, {DEAL_KEY}) AS opportunity_id,
    IF(account IS NULL, NULL, account_key(account)) AS account_id,
    IF(lead IS NULL, NULL, {LEAD_KEY}) AS lead_id,
    least(started_at + to_seconds(coalesce(duration_seconds, 0) + 5), getvariable('until')) AS updated_at,
    draw(call, 'deleted') < 0.001 AS is_deleted
FROM answered
"""

# One meeting to begin with and one before each later stage. What lies up to two weeks ahead is scheduled.
MEETINGS = f"""
WITH planned AS (
    SELECT *, unnest(range(len(entered) + 1)) AS nth FROM deal
),
held AS (
    SELECT
        *, 8 * deal + nth AS meeting,
        IF(
            nth = 0,
            created + 0.6 + 2 * draw(meeting, 'after'),
            entered[nth] - 0.05 - 0.2 * draw(meeting, 'before')
        ) AS work
    FROM planned
    WHERE nth <> 1
)
SELECT
    'meet-' || lpad(meeting::VARCHAR, 9, '0') AS meeting_id,
    {OWNER} AS user_id,
    moment(work, utc_offset) AS starts_at,
    starts_at + to_minutes(pick([30, 30, 45, 60], meeting, 'length')) AS ends_at,
    CASE
        WHEN ends_at > getvariable('until') THEN 'scheduled'
        WHEN draw(meeting, 'status') < 0.82 THEN 'held'
        WHEN draw(meeting, 'status') < 0.89 THEN 'no_show'
        ELSE 'cancelled'
    END AS status,
    {DEAL_KEY} AS opportunity_id,
    account_key(account) AS account_id,
    NULL::VARCHAR AS lead_id,
    least(ends_at, getvariable('until')) AS updated_at,
    draw(meeting, 'deleted') < 0.002 AS is_deleted
FROM held
WHERE work < present + 10
"""
