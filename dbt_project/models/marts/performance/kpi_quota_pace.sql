-- Whether each rep with a quota is on pace in the month, fiscal quarter and fiscal year of the as-of day: what is won
-- beside what is usually won by now, and what is left beside what is due.
with scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

working_days as (
    select * from {{ ref('int_working_days') }}
),

snapshots as (
    select * from {{ ref('int_forecast_yields') }}
),

period_days as (
    select
        periods.period_type,
        periods.period_start,
        periods.period_end,
        working_days.date_day,
        -- Where nobody works at all, every day counts.
        working_days.is_working_day
        or not bool_or(working_days.is_working_day) over (
            partition by periods.period_type, periods.period_start
        ) as is_counted
    from periods
    inner join working_days
        on working_days.date_day between periods.period_start and periods.period_end
),

elapsed_days as (
    select
        *,
        sum(cast(is_counted as integer)) over (
            partition by period_type, period_start order by date_day
        ) as elapsed_count,
        sum(cast(is_counted as integer)) over (partition by period_type, period_start) as day_count
    from period_days
),

current_periods as (
    select
        period_type,
        period_start,
        period_end,
        elapsed_count,
        day_count,
        {{ ratio('elapsed_count', 'day_count') }} as elapsed_rate
    from elapsed_days
    where date_day = {{ as_of_day() }}
),

-- The days of a period that had passed when no more of it had than now of the running one.
former_days as (
    select
        elapsed_days.*,
        elapsed_days.elapsed_count * current_periods.day_count
        <= current_periods.elapsed_count * elapsed_days.day_count as has_passed
    from elapsed_days
    inner join current_periods
        on elapsed_days.period_type = current_periods.period_type
    where elapsed_days.period_end < current_periods.period_start
),

former_periods as (
    select
        period_type,
        period_start,
        period_end,
        max(date_day) filter (where is_counted and has_passed) as passed_until
    from former_days
    group by period_type, period_start, period_end
),

won_days as (
    select
        closed_on,
        sum(won_amount) as won_amount
    from opportunities
    where status = 'won'
    group by closed_on
),

former_shares as (
    select
        former_periods.period_type,
        {{ ratio(
            'coalesce(sum(won_days.won_amount) filter (where won_days.closed_on <= former_periods.passed_until), 0)',
            'sum(won_days.won_amount)'
        ) }} as won_share
    from former_periods
    inner join won_days
        on won_days.closed_on between former_periods.period_start and former_periods.period_end
    group by former_periods.period_type, former_periods.period_start
    having sum(won_days.won_amount) > 0
    qualify row_number() over (
        partition by former_periods.period_type order by former_periods.period_start desc
    ) <= 8
),

usual_shares as (
    select
        period_type,
        median(won_share) as won_share
    from former_shares
    group by period_type
    having count(*) >= 4
),

yields as (
    select
        period_type,
        period_start,
        period_yield
    from snapshots
    qualify row_number() over (partition by period_type, period_start order by snapshot_on desc) = 1
),

expectations as (
    select
        current_periods.*,
        case
            when current_periods.elapsed_count = current_periods.day_count then 1
            else coalesce(usual_shares.won_share, current_periods.elapsed_rate)
        end as expected_rate,
        yields.period_yield
    from current_periods
    left join usual_shares
        on current_periods.period_type = usual_shares.period_type
    left join yields
        on
            current_periods.period_type = yields.period_type
            and current_periods.period_start = yields.period_start
),

due as (
    select
        current_periods.period_type,
        opportunities.owner_id,
        sum(opportunities.open_amount) as due_amount
    from opportunities
    inner join current_periods
        on opportunities.close_date between current_periods.period_start and current_periods.period_end
    where opportunities.status = 'open'
    group by current_periods.period_type, opportunities.owner_id
),

reps as (
    select
        scorecard.period_type,
        scorecard.user_id,
        scorecard.quota_amount,
        scorecard.won_amount,
        scorecard.attainment,
        expectations.elapsed_rate,
        expectations.expected_rate,
        greatest(scorecard.quota_amount - scorecard.won_amount, 0) as gap_amount,
        coalesce(due.due_amount, 0) as due_amount,
        expectations.period_yield,
        expectations.period_start,
        expectations.period_end
    from scorecard
    inner join expectations
        on
            scorecard.period_type = expectations.period_type
            and scorecard.period_start = expectations.period_start
    left join due
        on
            scorecard.period_type = due.period_type
            and scorecard.user_id = due.owner_id
    where scorecard.quota_amount > 0
)

select
    period_type,
    user_id,
    quota_amount,
    won_amount,
    attainment,
    elapsed_rate,
    expected_rate,
    {{ ratio('attainment', 'expected_rate') }} as pace_rate,
    {{ ratio('won_amount', 'expected_rate') }} as projected_amount,
    cast(gap_amount as decimal(18, 2)) as gap_amount,
    cast(due_amount as decimal(18, 2)) as due_amount,
    period_yield,
    {{ ratio('gap_amount', 'period_yield') }} as required_pipeline_amount,
    {{ ratio('due_amount', 'gap_amount') }} as coverage_remaining,
    period_start,
    period_end
from reps
