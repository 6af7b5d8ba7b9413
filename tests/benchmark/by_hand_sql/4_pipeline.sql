-- Pipeline over time: the waterfall by month, and what was due in a period and slipped.

-- The states that hold at the start of a month at least. The boundary after the as-of month is the as-of moment.
CREATE TEMP TABLE month_states AS
SELECT
    states.key, states.owner_id, states.amount, states.close_date, opportunities.currency, opportunities.created_at,
    stages.pipeline, NOT stages.is_closed AS is_open, stages.is_won,
    month_of(states.valid_from) + 1 AS first_boundary,
    coalesce(month_of(states.valid_to), as_of_month() + 1) AS last_boundary
FROM states
INNER JOIN stages USING (stage_key)
INNER JOIN opportunities USING (key)
WHERE month_of(states.valid_from) + 1 <= coalesce(month_of(states.valid_to), as_of_month() + 1);

CREATE TABLE published.marts.kpi_pipeline_waterfall AS
WITH valued AS (
    SELECT
        month_states.*,
        coalesce(base_amount(amount, month_states.currency, rates.rate), 0) AS base
    FROM month_states
    LEFT JOIN rates ON month_states.currency = rates.currency AND CAST(created_at AS DATE) = rates.day
),
pairs AS (
    SELECT
        first_boundary - 1 AS month, pipeline, owner_id, is_open, is_won, base,
        lag(pipeline) OVER in_order AS pipeline_0, lag(owner_id) OVER in_order AS owner_0,
        lag(is_open) OVER in_order AS is_open_0, lag(base) OVER in_order AS base_0,
        is_open_0 IS NULL AS is_created, coalesce(is_open_0, false) AS was_open,
        was_open AND (pipeline_0 <> pipeline OR owner_0 <> owner_id) AS is_moved
    FROM valued WINDOW in_order AS (PARTITION BY key ORDER BY first_boundary)
),
spans AS (
    SELECT pipeline, owner_id, first_boundary, last_boundary, sum(base) AS base
    FROM valued WHERE is_open GROUP BY ALL
),
parts AS (
    SELECT pipeline, owner_id, unnest(range(first_boundary, least(last_boundary, as_of_month()) + 1)) AS month,
        base AS opening
    FROM spans
    UNION ALL BY NAME
    SELECT pipeline, owner_id, unnest(range(first_boundary - 1, last_boundary)) AS month, base AS closing FROM spans
    UNION ALL BY NAME
    SELECT
        pipeline, owner_id, month,
        sum(base) FILTER (WHERE is_created) AS created,
        sum(base) FILTER (WHERE NOT is_created AND NOT was_open AND is_open) AS reopened,
        sum(greatest(base - base_0, 0)) FILTER (WHERE was_open) AS increased,
        sum(greatest(base_0 - base, 0)) FILTER (WHERE was_open) AS decreased,
        sum(base_0) FILTER (WHERE is_moved) AS transferred_in,
        sum(base) FILTER (WHERE (was_open OR is_created) AND NOT is_open AND is_won) AS won,
        sum(base) FILTER (WHERE (was_open OR is_created) AND NOT is_open AND NOT is_won) AS lost
    FROM pairs GROUP BY ALL
    UNION ALL BY NAME
    SELECT pipeline_0 AS pipeline, owner_0 AS owner_id, month, sum(base_0) AS transferred_out
    FROM pairs WHERE is_moved GROUP BY ALL
),
summed AS (
    SELECT
        pipeline, owner_id, month_start(month) AS month,
        coalesce(sum(opening), 0) AS opening, coalesce(sum(created), 0) AS created,
        coalesce(sum(reopened), 0) AS reopened, coalesce(sum(increased), 0) AS increased,
        coalesce(sum(decreased), 0) AS decreased, coalesce(sum(transferred_in), 0) AS transferred_in,
        coalesce(sum(transferred_out), 0) AS transferred_out, coalesce(sum(won), 0) AS won,
        coalesce(sum(lost), 0) AS lost, coalesce(sum(closing), 0) AS closing
    FROM parts GROUP BY pipeline, owner_id, parts.month
)
FROM summed
WHERE (opening, created, reopened, increased, decreased, transferred_in, transferred_out, won, lost, closing)
    <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

CREATE TEMP TABLE period_types AS
FROM (VALUES ('month', 1), ('quarter', 3), ('year', 12)) AS types (period_type, months);

CREATE TABLE published.marts.kpi_slippage AS
WITH due AS (
    SELECT *, month_of(close_date) // months * months AS first_month FROM month_states, period_types
    WHERE is_open AND first_month BETWEEN first_boundary AND least(last_boundary, as_of_month())
),
outcomes AS (
    SELECT
        due.period_type, due.owner_id,
        month_start(due.first_month) AS period_start,
        CAST(month_start(due.first_month + due.months) - 1 AS DATE) AS period_end,
        base_amount(due.amount, due.currency, rates.rate) AS amount,
        CASE
            WHEN at_end.is_won THEN 'won'
            WHEN NOT at_end.is_open THEN 'lost'
            WHEN at_end.close_date >= month_start(due.first_month + due.months) THEN 'slipped'
            ELSE 'remaining'
        END AS outcome
    FROM due
    INNER JOIN month_states AS at_end
        ON
            due.key = at_end.key
            AND least(due.first_month + due.months, as_of_month() + 1)
            BETWEEN at_end.first_boundary AND at_end.last_boundary
    LEFT JOIN rates ON due.currency = rates.currency AND month_start(due.first_month) = rates.day
)
SELECT
    period_type, owner_id,
    count(*) AS due_count, coalesce(sum(amount), 0) AS due_amount,
    count(*) FILTER (WHERE outcome = 'won') AS won_count,
    coalesce(sum(amount) FILTER (WHERE outcome = 'won'), 0) AS won_amount,
    count(*) FILTER (WHERE outcome = 'lost') AS lost_count,
    coalesce(sum(amount) FILTER (WHERE outcome = 'lost'), 0) AS lost_amount,
    count(*) FILTER (WHERE outcome = 'slipped') AS slipped_count,
    coalesce(sum(amount) FILTER (WHERE outcome = 'slipped'), 0) AS slipped_amount,
    count(*) FILTER (WHERE outcome = 'remaining') AS remaining_count,
    coalesce(sum(amount) FILTER (WHERE outcome = 'remaining'), 0) AS remaining_amount,
    ratio(slipped_amount, due_amount) AS slippage_rate,
    period_start, period_end
FROM outcomes GROUP BY ALL;
