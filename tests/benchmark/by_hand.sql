-- The five tables of docs/kpi_rules.md from the demo company's landing files, as somebody would write them by hand for
-- this one company: the same raw tables and the same figures, and nothing else.
--
-- It knows what no warehouse may take for granted: keys are unique, the day is UTC, the fiscal year starts in January,
-- the base currency is USD, rates have five decimals. Run by `by_hand.py`, which sets the variable as_of, attaches the
-- databases `warehouse` and `published` and makes a view of each entity's files in schema `landing`.

CREATE MACRO month_of(day) AS year(day) * 12 + month(day) - 1;
CREATE MACRO month_start(number) AS make_date(number // 12, number % 12 + 1, 1);
CREATE MACRO as_of_month() AS month_of(CAST(getvariable('as_of') AS DATE));
-- To the cent, half away from zero. Amounts of 12 digits times these rates fit into 64 bits.
CREATE MACRO base_amount(amount, currency, rate) AS
    CAST(round(CASE WHEN coalesce(currency, 'USD') = 'USD' THEN amount ELSE amount * rate END, 2) AS DECIMAL(18, 2));
CREATE MACRO ratio(part, whole) AS CAST(part AS DOUBLE) / nullif(whole, 0);
CREATE MACRO days_between(earlier, later) AS (epoch_us(later) - epoch_us(earlier)) / 86400000000;

-- Raw tables, kept as a refresh keeps them.
CREATE SCHEMA warehouse.raw;
CREATE TABLE warehouse.raw.users AS FROM landing.users;
CREATE TABLE warehouse.raw.pipeline_stages AS FROM landing.pipeline_stages;
CREATE TABLE warehouse.raw.opportunities AS FROM landing.opportunities;
CREATE TABLE warehouse.raw.opportunity_history AS FROM landing.opportunity_history;
CREATE TABLE warehouse.raw.calls AS FROM landing.calls;
CREATE TABLE warehouse.raw.quotas AS FROM landing.quotas;
CREATE TABLE warehouse.raw.exchange_rates AS FROM landing.exchange_rates;
CREATE TABLE warehouse.raw.accounts AS FROM landing.accounts;
CREATE TABLE warehouse.raw.leads AS FROM landing.leads;
CREATE TABLE warehouse.raw.meetings AS FROM landing.meetings;

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
