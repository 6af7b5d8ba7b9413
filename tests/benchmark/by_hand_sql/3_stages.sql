-- Visits to stages, and the funnel of those who reached them.

CREATE TABLE published.marts.fct_opportunity_stage AS
WITH visits AS (
    SELECT
        key, stage_key, owner_id, amount, is_inferred, valid_from AS entered_at,
        row_number() OVER in_order AS visit_number,
        lead(stage_key) OVER in_order AS next_stage_key,
        lead(valid_from) OVER in_order AS exited_at
    FROM states WHERE previous_stage_key IS DISTINCT FROM stage_key
    WINDOW in_order AS (PARTITION BY key ORDER BY valid_from)
)
SELECT
    opportunities.opportunity_id, visits.owner_id, stages.pipeline, stages.stage,
    CASE
        WHEN next_stage_key IS NULL THEN CASE WHEN stages.is_closed THEN 'closed' ELSE 'open' END
        WHEN stages.is_closed THEN CASE WHEN next_stages.is_closed THEN 'closed' ELSE 'reopened' END
        WHEN next_stages.is_won THEN 'won'
        WHEN next_stages.is_closed THEN 'lost'
        WHEN next_stages.position > stages.position THEN 'advanced'
        ELSE 'regressed'
    END AS exit_kind,
    CAST(visit_number AS INTEGER) AS visit_number, stages.position AS stage_position, visits.amount,
    visits.is_inferred, days_between(entered_at, coalesce(exited_at, getvariable('as_of'))) AS days_in_stage,
    entered_at, exited_at
FROM visits
INNER JOIN opportunities USING (key)
INNER JOIN stages USING (stage_key)
LEFT JOIN stages AS next_stages ON visits.next_stage_key = next_stages.stage_key;

CREATE TABLE published.marts.kpi_stage_funnel AS
WITH entries AS (
    SELECT
        states.key, states.valid_from, stages.pipeline, stages.funnel_rank, stages.open_stages, last_stages.is_closed,
        coalesce(max(stages.funnel_rank) OVER (
            PARTITION BY states.key ORDER BY states.valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS best_before
    FROM states
    INNER JOIN stages USING (stage_key)
    INNER JOIN states AS last_states ON states.key = last_states.key AND last_states.valid_to IS NULL
    INNER JOIN stages AS last_stages
        ON last_states.stage_key = last_stages.stage_key AND last_stages.pipeline = stages.pipeline
    WHERE
        NOT states.is_inferred AND stages.funnel_rank IS NOT NULL
        AND states.previous_stage_key IS DISTINCT FROM states.stage_key
),
advances AS (
    SELECT *, lead(valid_from) OVER (PARTITION BY key ORDER BY valid_from) AS next_at
    FROM entries WHERE funnel_rank > best_before
),
reached AS (
    SELECT *, unnest(range(best_before + 1, funnel_rank + 1)) AS number FROM advances
),
outcomes AS (
    SELECT
        pipeline, number, month_of(valid_from) AS cohort, is_closed, valid_from AS reached_at,
        CASE WHEN number < funnel_rank THEN valid_from ELSE next_at END AS advanced_at
    FROM reached WHERE number <= open_stages
),
summed AS (
    SELECT
        pipeline, number, cohort,
        count(*) AS reached_count,
        count(advanced_at) AS advanced_count,
        count(*) FILTER (WHERE advanced_at IS NULL AND is_closed) AS lost_count,
        count(*) FILTER (WHERE advanced_at IS NULL AND NOT is_closed) AS open_count,
        median(days_between(reached_at, advanced_at)) AS median_days_to_advance
    FROM outcomes GROUP BY ALL
),
rated AS (
    SELECT
        summed.*, stages.stage, stages.position AS stage_position, month_start(cohort) AS cohort_month,
        ratio(advanced_count, reached_count) AS conversion_rate,
        reached_count >= 20 AS is_large_enough
    FROM summed
    INNER JOIN stages
        ON summed.pipeline = stages.pipeline AND summed.number = stages.funnel_rank AND NOT stages.is_closed
)
SELECT
    pipeline, stage, stage_position, reached_count, advanced_count, lost_count, open_count, conversion_rate,
    median_days_to_advance,
    is_large_enough AND row_number() OVER (
        PARTITION BY pipeline, cohort, is_large_enough ORDER BY conversion_rate, stage_position
    ) = 1 AS is_bottleneck,
    cohort_month
FROM rated;
