"""Goals and forecasts, as SQL: what people aim at, and what they say that a period will bring.

Does not belong here: quotas (`targets`) and pay (`pay`).
"""

from __future__ import annotations

# What each person did in each month, in US dollars, of the files written. Decimals, as sums of doubles would depend on
# the threads.
MONTH_RESULT = """
CREATE TABLE month_result AS
WITH deal_by_month AS (
    SELECT
        owner_id AS user_id, date_trunc('month', close_date)::DATE AS month, is_won,
        (amount * CASE currency WHEN 'EUR' THEN 1.09 WHEN 'GBP' THEN 1.27 ELSE 1 END)::DECIMAL(18, 2) AS amount,
        close_date - created_at::DATE AS cycle_days
    FROM opportunities JOIN pipeline_stages USING (pipeline, stage)
    WHERE is_closed AND NOT is_deleted
),
measured AS (
    SELECT
        user_id, month, count(*) FILTER (is_won) AS won_count, count(*) FILTER (NOT is_won) AS lost_count,
        coalesce(sum(amount) FILTER (is_won), 0) AS won_amount,
        coalesce(sum(cycle_days) FILTER (is_won), 0) AS cycle_days, 0 AS connected_calls
    FROM deal_by_month
    GROUP BY ALL
    UNION ALL
    SELECT user_id, date_trunc('month', started_at)::DATE AS month, 0, 0, 0, 0, count(*)
    FROM calls
    WHERE direction = 'outbound' AND disposition = 'connected' AND NOT is_deleted
    GROUP BY ALL
)
SELECT
    user_id, month, sum(won_count)::BIGINT AS won_count, sum(lost_count)::BIGINT AS lost_count,
    sum(won_amount) AS won_amount, sum(cycle_days)::BIGINT AS cycle_days,
    sum(connected_calls)::BIGINT AS connected_calls
FROM measured
GROUP BY ALL
"""

# A goal for most reps and quarters, for each team and half-year, and for the company and year, set on what was reached
# in the span before, and so reached or missed as it comes. One in six goals of reps is a bad one: it measures what
# nobody measures, is out of reach, or lasts three years, and nobody said what for.
GOALS = """
WITH quarter AS (
    SELECT
        first::DATE AS period_start, (first + INTERVAL 3 MONTH - INTERVAL 1 DAY)::DATE AS period_end,
        (first - INTERVAL 3 MONTH)::DATE AS former_start
    FROM generate_series(
        date_trunc('quarter', getvariable('first_day') + INTERVAL 6 MONTH),
        date_trunc('quarter', getvariable('until')) + INTERVAL 3 MONTH, INTERVAL 3 MONTH
    ) AS quarters(first)
),
rep_before AS (
    SELECT
        user_id, date_trunc('quarter', month)::DATE AS former_start, sum(won_count)::BIGINT AS won_count,
        sum(lost_count)::BIGINT AS lost_count, sum(won_amount) AS won_amount, sum(cycle_days)::BIGINT AS cycle_days,
        sum(connected_calls)::BIGINT AS connected_calls
    FROM month_result
    GROUP BY ALL
),
rep AS (
    SELECT
        standing.user_id, standing.role, quarter.*, rep_before.* EXCLUDE (user_id, former_start),
        hash(standing.user_id || quarter.period_start) AS number,
        draw(number, 'bad goal') < 0.17 AS is_bad,
        CASE
            WHEN is_bad THEN pick(['motivation', 'teamwork', 'won_amount'], number, 'bad metric')
            WHEN standing.role = 'sdr' THEN 'connected_calls'
            ELSE pick(['won_amount', 'won_count', 'win_rate', 'avg_cycle_days', 'connected_calls'], number, 'metric')
        END AS metric
    FROM quarter
    JOIN standing
        ON quarter.period_start BETWEEN standing.valid_from AND standing.valid_to
        AND quarter.period_start <= getvariable('until')::DATE + 30
    JOIN rep_before ON rep_before.user_id = standing.user_id AND rep_before.former_start = quarter.former_start
    WHERE standing.role IN ('ae', 'am', 'sdr') AND draw(number, 'has a goal') < 0.8
),
rep_level AS (
    SELECT
        *,
        CASE metric
            WHEN 'won_amount' THEN won_amount
            WHEN 'won_count' THEN won_count
            WHEN 'connected_calls' THEN connected_calls
            WHEN 'win_rate' THEN (won_count / nullif(won_count + lost_count, 0))::DECIMAL(9, 4)
            WHEN 'avg_cycle_days' THEN (cycle_days / nullif(won_count, 0))::DECIMAL(9, 1)
        END::DECIMAL(18, 4) AS baseline
    FROM rep
),
rep_goal AS (
    SELECT
        'rep' AS owner_type, user_id AS owner_id, metric, baseline, period_start, number, is_bad,
        IF(is_bad AND metric = 'teamwork', (period_start + INTERVAL 3 YEAR - INTERVAL 1 DAY)::DATE, period_end)
            AS period_end,
        CASE
            WHEN metric IN ('motivation', 'teamwork') THEN 10
            WHEN is_bad THEN 1000 * ceil(greatest(5 * baseline, 50000) / 1000)
            WHEN metric = 'won_amount' THEN 500 * ceil(baseline * (0.8 + 0.5 * draw(number, 'stretch')) / 500)
            WHEN metric = 'win_rate' THEN round(least(0.9, baseline + 0.02 + 0.08 * draw(number, 'stretch')), 2)
            WHEN metric = 'avg_cycle_days' THEN ceil(baseline * (0.85 + 0.2 * draw(number, 'stretch')))
            ELSE ceil(baseline * (0.85 + 0.4 * draw(number, 'stretch')))
        END AS target,
        CASE metric
            WHEN 'won_amount' THEN 'Bring the quota home without the last week deciding'
            WHEN 'won_count' THEN 'Live on more than a few large deals'
            WHEN 'win_rate' THEN 'Spend the time on deals that can be won'
            WHEN 'avg_cycle_days' THEN 'Agree on a plan to the signature in the first talk'
            WHEN 'connected_calls' THEN 'Talk to more customers each week'
        END AS objective
    FROM rep_level
    WHERE baseline > 0 OR metric IN ('motivation', 'teamwork')
),
team_before AS (
    SELECT
        standing.team, any_value(standing.role) AS role, quarter.period_start,
        sum(month_result.won_amount) AS won_amount, sum(month_result.connected_calls) AS connected_calls
    FROM quarter
    JOIN month_result ON month_result.month BETWEEN quarter.former_start AND quarter.period_start - 1
    JOIN standing ON standing.user_id = month_result.user_id
        AND quarter.period_start BETWEEN standing.valid_from AND standing.valid_to
    WHERE standing.role IN ('ae', 'am', 'sdr') AND month(quarter.period_start) IN (1, 7)
        AND quarter.period_start <= getvariable('until')::DATE + 30
    GROUP BY ALL
),
team_goal AS (
    SELECT
        'team' AS owner_type, team AS owner_id, IF(role = 'sdr', 'connected_calls', 'won_amount') AS metric,
        2 * IF(role = 'sdr', connected_calls, won_amount) AS baseline, period_start,
        hash(team || period_start) AS number, false AS is_bad,
        (period_start + INTERVAL 6 MONTH - INTERVAL 1 DAY)::DATE AS period_end,
        IF(role = 'sdr', ceil(baseline * (0.9 + 0.3 * draw(number, 'stretch'))),
           1000 * ceil(baseline * (0.9 + 0.3 * draw(number, 'stretch')) / 1000)) AS target,
        IF(role = 'sdr', 'Keep the calendars of New Business full', 'Carry the team''s part of the year') AS objective
    FROM team_before
    WHERE baseline > 0
),
company_before AS (
    SELECT
        date_trunc('year', month + INTERVAL 1 YEAR)::DATE AS period_start, sum(won_amount) AS won_amount,
        sum(won_count) AS won_count, (sum(won_count) / sum(won_count + lost_count))::DECIMAL(9, 4) AS win_rate
    FROM month_result
    GROUP BY ALL
    HAVING sum(won_count) > 0
),
company_goal AS (
    SELECT
        'company' AS owner_type, NULL AS owner_id, unnest(['won_amount', 'win_rate', 'new_customer_count']) AS metric,
        CASE metric WHEN 'won_amount' THEN won_amount WHEN 'win_rate' THEN win_rate END AS baseline,
        period_start, hash(metric || period_start) AS number, false AS is_bad,
        (period_start + INTERVAL 1 YEAR - INTERVAL 1 DAY)::DATE AS period_end,
        CASE metric
            WHEN 'won_amount' THEN 10000 * ceil(1.15 * won_amount / 10000)
            WHEN 'win_rate' THEN round(win_rate + 0.03, 2)
            ELSE ceil(0.5 * won_count)
        END AS target,
        CASE metric
            WHEN 'won_amount' THEN 'Grow faster than the market'
            WHEN 'win_rate' THEN 'Win more of what is begun'
            ELSE 'Depend less on the customers of today'
        END AS objective
    FROM company_before
    UNION ALL
    SELECT
        'company', NULL, 'customer_happiness', NULL, date_trunc('year', getvariable('first_day'))::DATE, 0, true,
        (date_trunc('year', getvariable('first_day')) + INTERVAL 5 YEAR - INTERVAL 1 DAY)::DATE, 100, NULL
),
planned AS (
    SELECT *, moment(working_day(period_start) - 12 + 9 * draw(number, 'set') , 0) AS set_at
    FROM (FROM rep_goal UNION ALL FROM team_goal UNION ALL FROM company_goal)
)
SELECT
    'goal-' || coalesce(owner_id, 'company') || '-' || metric || '-' || period_start AS goal_id,
    owner_type, owner_id, metric,
    CASE
        WHEN metric = 'avg_cycle_days' THEN 'at_most'
        WHEN draw(number, 'direction is plain') < 0.5 THEN 'at_least'
    END AS direction,
    target::DECIMAL(18, 2) AS target, baseline, period_start, period_end,
    IF(is_bad, NULL, objective) AS objective,
    IF(is_bad OR baseline IS NULL, NULL, 'The span before brought ' || round(baseline, 2)::DECIMAL(18, 2)) AS rationale,
    set_at AS created_at,
    IF(agreed_at <= getvariable('until') AND NOT is_bad AND draw(number, 'agreed') < 0.9, agreed_at, NULL)
        AS acknowledged_at,
    coalesce(acknowledged_at, created_at) AS updated_at, false AS is_deleted
FROM (SELECT *, set_at + to_minutes(30 + below(9000, number, 'thinks')) AS agreed_at FROM planned)
WHERE set_at <= getvariable('until')
ORDER BY goal_id
"""

# On Fridays account executives say what their quarter will bring, account managers what their month will; an hour later
# the managers add their people up and take 8 % off. Who speaks sees half of what comes and takes the rest from their
# usual period; most hope for more than that (up to 55 % more, while all of the period is ahead), a few for less.
FORECAST_SUBMISSIONS = """
WITH unit AS (
    SELECT * FROM (VALUES ('ae', 'quarter', 3), ('am', 'month', 1)) AS units(role, period_type, months)
),
period AS (
    SELECT
        unit.*, first::DATE AS period_start,
        (first + to_months(months) - INTERVAL 1 DAY)::DATE AS period_end
    FROM unit
    JOIN generate_series(
        date_trunc('month', getvariable('first_day')), getvariable('until'), INTERVAL 1 MONTH
    ) AS firsts(first)
        ON (month(first) - 1) % months = 0
),
ended AS (
    SELECT
        period.*, month_result.user_id, sum(month_result.won_amount) AS won_amount
    FROM period JOIN month_result ON month_result.month BETWEEN period.period_start AND period.period_end
    WHERE month_result.won_count + month_result.lost_count > 0
    GROUP BY ALL
),
usual AS (
    SELECT user_id, period_type, sum(won_amount) / count(*) AS level FROM ended GROUP BY ALL
),
friday AS (
    SELECT period.*, day::DATE AS day
    FROM period
    JOIN generate_series(
        date_trunc('week', getvariable('first_day')) + INTERVAL 4 DAY, getvariable('until'), INTERVAL 7 DAY
    ) AS days(day)
        ON day BETWEEN period_start - 7 AND period_end
),
hoped AS (
    SELECT
        friday.* EXCLUDE (role), standing.user_id, standing.manager_id,
        hash(standing.user_id || day || friday.period_start) AS number,
        (friday.period_end - day) / (friday.period_end - friday.period_start + 7) AS ahead,
        coalesce(usual.level, 0)::DOUBLE AS level,
        coalesce(ended.won_amount, 0)::DOUBLE AS brought,
        IF(friday.period_end < getvariable('until')::DATE, brought, greatest(brought, level)) AS outcome,
        IF(trait(standing.user_id, 'hope') < 0.15, -0.12, 0.06 + 0.5 * trait(standing.user_id, 'hope')) AS hope
    FROM friday
    JOIN standing ON standing.role = friday.role AND day BETWEEN standing.valid_from AND standing.valid_to
    LEFT JOIN usual ON usual.user_id = standing.user_id AND usual.period_type = friday.period_type
    LEFT JOIN ended ON ended.user_id = standing.user_id AND ended.period_type = friday.period_type
        AND ended.period_start = friday.period_start
),
said AS (
    SELECT
        *,
        (100 * round((outcome + 0.5 * ahead * (level - outcome))
         * (1 + hope * pow(ahead, 0.6)) * (1 + 0.08 * ahead * (2 * draw(number, 'mood') - 1)) / 100))::DECIMAL(14, 2)
            AS amount
    FROM hoped
),
submission AS (
    SELECT
        user_id, period_type, period_start, amount,
        day + TIME '14:00:00' + to_seconds(below(3000, number, 'says')) AS submitted_at
    FROM said
    UNION ALL
    SELECT
        manager_id, period_type, period_start, (1000 * round(0.92 * sum(amount) / 1000))::DECIMAL(14, 2),
        day + TIME '15:00:00'
    FROM said
    GROUP BY manager_id, period_type, period_start, day
)
SELECT
    user_id, period_type, period_start, submitted_at, amount, 'USD' AS currency,
    submitted_at AS updated_at, false AS is_deleted
FROM submission
WHERE submitted_at <= getvariable('until')
ORDER BY ALL
"""
