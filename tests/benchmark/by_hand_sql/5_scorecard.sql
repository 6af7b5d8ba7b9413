-- The scorecard of each rep.

-- One row per opportunity: who opened it and who closed it, when, and for how much.
CREATE TEMP TABLE outcomes AS
WITH summaries AS (
    SELECT
        key,
        min(valid_from) AS first_at,
        max(owner_id) FILTER (WHERE previous_stage_key IS NULL) AS first_owner,
        max(amount) FILTER (WHERE previous_stage_key IS NULL) AS first_amount,
        bool_or(is_closed) FILTER (WHERE valid_to IS NULL) AS is_closed,
        bool_or(is_won) FILTER (WHERE valid_to IS NULL) AS is_won,
        max(amount) FILTER (WHERE valid_to IS NULL) AS last_amount,
        max(close_date) FILTER (WHERE valid_to IS NULL) AS last_close_date,
        max(valid_from) FILTER (WHERE starts_closed) AS closed_at,
        arg_max(owner_id, valid_from) FILTER (WHERE starts_closed) AS closed_owner
    FROM (
        SELECT
            states.*, here.is_closed, here.is_won,
            here.is_closed AND NOT coalesce(before.is_closed, false) AS starts_closed
        FROM states
        INNER JOIN stages AS here USING (stage_key)
        LEFT JOIN stages AS before ON states.previous_stage_key = before.stage_key
    ) AS marked
    GROUP BY key
)
SELECT
    summaries.*, opportunities.currency, CAST(opportunities.created_at AS DATE) AS created_on,
    CAST(first_at AS DATE) AS first_on,
    CASE
        WHEN is_closed
            THEN least(coalesce(last_close_date, CAST(closed_at AS DATE)), CAST(getvariable('as_of') AS DATE))
    END AS closed_on
FROM summaries INNER JOIN opportunities USING (key);

CREATE TABLE published.marts.kpi_rep_scorecard AS
WITH calls AS (
    SELECT
        coalesce(user_id, 'unassigned') AS user_id, month_of(started_at) AS month,
        min(CAST(started_at AS DATE)) AS first_on,
        count(*) FILTER (WHERE direction = 'outbound') AS outbound_calls,
        count(*) FILTER (WHERE direction = 'outbound' AND disposition = 'connected') AS connected_calls,
        sum(duration_seconds) FILTER (WHERE disposition = 'connected' AND duration_seconds <= 14400) AS talk_seconds
    FROM warehouse.raw.calls
    WHERE NOT coalesce(is_deleted, false) AND started_at <= getvariable('as_of')
    GROUP BY ALL
),
first_event AS (
    SELECT least(
        (SELECT min(first_on) FROM outcomes), (SELECT min(closed_on) FROM outcomes), (SELECT min(first_on) FROM calls)
    ) AS day
),
periods AS (
    SELECT DISTINCT
        period_type, months, month // months * months AS first_month,
        least(first_month + months, as_of_month() + 1) AS end_boundary,
        month_start(first_month) AS period_start, CAST(month_start(first_month + months) - 1 AS DATE) AS period_end
    FROM first_event, range(month_of(first_event.day), as_of_month() + 1) AS series (month), period_types
),
open_at AS (
    SELECT
        owner_id, boundary, count(*) AS open_count,
        coalesce(sum(base_amount(amount, spans.currency, rates.rate)), 0) AS open_amount
    FROM (
        SELECT owner_id, amount, currency, unnest(range(first_boundary, last_boundary + 1)) AS boundary
        FROM month_states WHERE is_open
    ) AS spans
    LEFT JOIN rates
        ON
            spans.currency = rates.currency
            AND least(CAST(month_start(boundary) - 1 AS DATE), CAST(getvariable('as_of') AS DATE)) = rates.day
    GROUP BY ALL
),
quota_cents AS (
    SELECT
        user_id, month_of(period_start) AS first_month, month_of(period_end) AS last_month,
        last_month - first_month + 1 AS months,
        CAST(base_amount(CAST(amount AS DECIMAL(12, 2)), quotas.currency, rates.rate) * 100 AS BIGINT) AS cents,
        (2 * cents + months) // (2 * months) AS share
    FROM warehouse.raw.quotas
    LEFT JOIN rates
        ON quotas.currency = rates.currency AND least(period_start, CAST(getvariable('as_of') AS DATE)) = rates.day
    WHERE NOT coalesce(is_deleted, false) AND coalesce(metric, 'bookings') = 'bookings'
),
quotas AS (
    SELECT
        user_id, unnest(range(first_month, last_month + 1)) AS month,
        CAST(CASE WHEN month < last_month THEN share ELSE cents - share * (months - 1) END AS DECIMAL(18, 0))
        * 0.01 AS quota_amount
    FROM quota_cents
),
monthly AS (
    SELECT user_id, month, outbound_calls, connected_calls, talk_seconds FROM calls
    UNION ALL BY NAME
    SELECT first_owner AS user_id, month_of(first_on) AS month, count(*) AS created_count,
        sum(base_amount(first_amount, outcomes.currency, rate)) AS created_amount
    FROM outcomes LEFT JOIN rates ON outcomes.currency = rates.currency AND first_on = day
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT
        closed_owner AS user_id, month_of(closed_on) AS month,
        count(*) FILTER (WHERE is_won) AS won_count,
        sum(base_amount(last_amount, outcomes.currency, rate)) FILTER (WHERE is_won) AS won_amount,
        count(*) FILTER (WHERE NOT is_won) AS lost_count,
        sum(base_amount(last_amount, outcomes.currency, rate)) FILTER (WHERE NOT is_won) AS lost_amount,
        count(*) FILTER (WHERE is_won AND closed_on >= created_on) AS cycle_count,
        sum(closed_on - created_on) FILTER (WHERE is_won AND closed_on >= created_on) AS cycle_days
    FROM outcomes LEFT JOIN rates ON outcomes.currency = rates.currency AND closed_on = day
    WHERE is_closed
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT * FROM quotas
),
parts AS (
    SELECT periods.period_type, periods.first_month, monthly.* EXCLUDE (month)
    FROM monthly INNER JOIN periods ON monthly.month // periods.months * periods.months = periods.first_month
    UNION ALL BY NAME
    SELECT period_type, first_month, owner_id AS user_id, open_count, open_amount
    FROM open_at INNER JOIN periods ON boundary = end_boundary
    UNION ALL BY NAME
    SELECT period_type, first_month, owner_id AS user_id, open_count AS open_at_start_count
    FROM open_at INNER JOIN periods ON boundary = first_month
    UNION ALL BY NAME
    SELECT period_type, month_of(period_start) AS first_month, owner_id AS user_id, due_amount AS due_open_amount
    FROM published.marts.kpi_slippage
    UNION ALL BY NAME
    SELECT period_type, first_month, user_id, true AS is_employed
    FROM warehouse.raw.users
    INNER JOIN periods
        ON coalesce(hired_on <= period_end, true) AND coalesce(left_on >= period_start, true)
),
summed AS (
    SELECT
        period_type, first_month, user_id,
        coalesce(sum(won_count), 0) AS won_count,
        CAST(coalesce(sum(won_amount), 0) AS DECIMAL(18, 2)) AS won_amount,
        coalesce(sum(lost_count), 0) AS lost_count,
        CAST(coalesce(sum(lost_amount), 0) AS DECIMAL(18, 2)) AS lost_amount,
        coalesce(sum(cycle_count), 0) AS cycle_count, coalesce(sum(cycle_days), 0) AS cycle_days,
        coalesce(sum(created_count), 0) AS created_count,
        CAST(coalesce(sum(created_amount), 0) AS DECIMAL(18, 2)) AS created_amount,
        coalesce(sum(open_at_start_count), 0) AS open_at_start_count,
        coalesce(sum(open_count), 0) AS open_count,
        CAST(coalesce(sum(open_amount), 0) AS DECIMAL(18, 2)) AS open_amount,
        CAST(coalesce(sum(due_open_amount), 0) AS DECIMAL(18, 2)) AS due_open_amount,
        CAST(sum(quota_amount) AS DECIMAL(18, 2)) AS quota_amount,
        coalesce(sum(outbound_calls), 0) AS outbound_calls, coalesce(sum(connected_calls), 0) AS connected_calls,
        coalesce(sum(talk_seconds), 0) AS talk_seconds,
        coalesce(bool_or(is_employed), false) AS is_employed
    FROM parts GROUP BY ALL
)
SELECT
    period_type, user_id, won_count, won_amount, lost_count, lost_amount,
    ratio(won_count, won_count + lost_count) AS win_rate,
    ratio(won_amount, won_amount + lost_amount) AS win_rate_amount,
    ratio(won_amount, won_count) AS avg_won_amount,
    ratio(cycle_days, cycle_count) AS avg_cycle_days,
    created_count, created_amount, open_at_start_count, open_count, open_amount, due_open_amount, quota_amount,
    ratio(won_amount, quota_amount) AS attainment,
    ratio(due_open_amount, quota_amount) AS coverage_at_start,
    outbound_calls, connected_calls,
    ratio(connected_calls, outbound_calls) AS connect_rate,
    talk_seconds,
    CASE
        WHEN avg_cycle_days > 0
            THEN CAST(open_at_start_count + created_count AS BIGINT) * win_rate * avg_won_amount / avg_cycle_days
    END AS sales_velocity,
    rank() OVER (PARTITION BY period_type, first_month ORDER BY won_amount DESC) AS bookings_rank,
    period_start, period_end
FROM summed INNER JOIN periods USING (period_type, first_month)
WHERE
    is_employed OR coalesce(quota_amount, 0) <> 0 OR (
        won_count, won_amount, lost_count, lost_amount, created_count, created_amount, open_count, open_amount,
        due_open_amount, outbound_calls, talk_seconds
    ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
