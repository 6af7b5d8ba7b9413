-- Rates, stages and opportunities, and each state that an opportunity was in: what all the tables are made from.

-- The rate of each currency on each day.
CREATE TEMP TABLE rates AS
SELECT days.day, known.currency, CAST(known.rate AS DECIMAL(6, 5)) AS rate
FROM (
    SELECT currency, rate, rate_date, lead(rate_date) OVER (PARTITION BY currency ORDER BY rate_date) AS next_date
    FROM warehouse.raw.exchange_rates
    WHERE rate_date <= CAST(getvariable('as_of') AS DATE)
) AS known
INNER JOIN (
    SELECT CAST(day AS DATE) AS day
    FROM generate_series(
        (SELECT min(rate_date) FROM warehouse.raw.exchange_rates), CAST(getvariable('as_of') AS DATE), INTERVAL 1 DAY
    ) AS series (day)
) AS days ON days.day >= known.rate_date AND (known.next_date IS NULL OR days.day < known.next_date);

-- funnel_rank: 1 for the first open stage, one past the last for a won one, null for a lost one.
CREATE TEMP TABLE stages AS
SELECT
    *,
    CAST(row_number() OVER (ORDER BY pipeline, position) AS SMALLINT) AS stage_key,
    CASE WHEN NOT is_closed THEN open_so_far WHEN is_won THEN open_stages + 1 END AS funnel_rank,
    min(stage) FILTER (WHERE funnel_rank = 1) OVER (PARTITION BY pipeline) AS first_open_stage
FROM (
    SELECT
        *,
        count(*) FILTER (WHERE NOT is_closed) OVER (PARTITION BY pipeline ORDER BY position) AS open_so_far,
        count(*) FILTER (WHERE NOT is_closed) OVER (PARTITION BY pipeline) AS open_stages
    FROM warehouse.raw.pipeline_stages
);

CREATE TEMP TABLE opportunities AS
SELECT
    CAST(row_number() OVER () AS INTEGER) AS key,
    opportunity_id, coalesce(owner_id, 'unassigned') AS owner_id, pipeline, stage, amount, currency, close_date,
    created_at, CASE WHEN updated_at <= getvariable('as_of') THEN updated_at END AS updated_at
FROM warehouse.raw.opportunities
WHERE NOT coalesce(is_deleted, false) AND created_at <= getvariable('as_of');

CREATE TEMP TABLE changes AS
SELECT
    opportunities.key, stages.stage_key, coalesce(history.owner_id, opportunities.owner_id) AS owner_id,
    history.amount, history.close_date, history.changed_at AS valid_from
FROM warehouse.raw.opportunity_history AS history
INNER JOIN opportunities ON history.opportunity_id = opportunities.opportunity_id
INNER JOIN stages
    ON coalesce(history.pipeline, opportunities.pipeline) = stages.pipeline AND history.stage = stages.stage
WHERE history.changed_at <= getvariable('as_of');

-- Each state of each opportunity, with the one before and the one after.
CREATE TEMP TABLE states AS
WITH last_changes AS (
    SELECT key, max(valid_from) AS valid_from, arg_max(stage_key, valid_from) AS stage_key FROM changes GROUP BY key
),
records AS (
    SELECT opportunities.*, stages.stage_key, stages.is_closed, stages.first_open_stage
    FROM opportunities INNER JOIN stages USING (pipeline, stage)
),
assumed AS (
    SELECT records.key, records.stage_key, owner_id, amount, close_date, updated_at AS valid_from, false AS is_inferred
    FROM records INNER JOIN last_changes USING (key)
    WHERE records.updated_at > last_changes.valid_from AND records.stage_key <> last_changes.stage_key
),
unknown AS (
    SELECT *, greatest(created_at, least(CAST(close_date AS TIMESTAMP), updated_at)) AS closed_from
    FROM records ANTI JOIN last_changes USING (key)
),
inferred AS (
    SELECT unknown.key, first_stages.stage_key, owner_id, amount, close_date, created_at AS valid_from, true
    FROM unknown
    INNER JOIN stages AS first_stages
        ON
            unknown.pipeline = first_stages.pipeline
            AND first_stages.stage = CASE WHEN unknown.is_closed THEN unknown.first_open_stage ELSE unknown.stage END
    WHERE NOT unknown.is_closed OR closed_from > created_at
    UNION ALL
    SELECT key, stage_key, owner_id, amount, close_date, closed_from, true
    FROM unknown WHERE is_closed AND closed_from <= getvariable('as_of')
)
SELECT
    *,
    lag(stage_key) OVER in_order AS previous_stage_key,
    lead(valid_from) OVER in_order AS valid_to
FROM (
    SELECT *, false AS is_inferred FROM changes
    UNION ALL SELECT * FROM assumed
    UNION ALL SELECT * FROM inferred
)
WINDOW in_order AS (PARTITION BY key ORDER BY valid_from);
