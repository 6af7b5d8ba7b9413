-- What a unit of money due became in the periods before, by snapshot: of the last four periods of its type, what was
-- won after their snapshot with as many weeks left, over what was due at it. Company-wide, as known at the build.
with snapshots as (
    select * from {{ ref('int_forecast_snapshots') }}
),

opportunities as (
    select * from {{ ref('int_forecast_opportunities') }}
),

scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

periods as (
    select
        period_type,
        period_start,
        row_number() over (partition by period_type order by period_start) as period_number
    from {{ ref('int_periods') }}
),

won as (
    select
        period_type,
        period_start,
        sum(won_amount) as won_amount
    from scorecard
    group by period_type, period_start
),

stood as (
    select
        period_type,
        period_start,
        snapshot_on,
        sum(won_amount) as won_amount,
        sum(commit_amount + best_case_amount + pipeline_amount) as due_amount
    from opportunities
    group by period_type, period_start, snapshot_on
),

numbered as (
    select
        snapshots.*,
        periods.period_number
    from snapshots
    inner join periods
        on
            snapshots.period_type = periods.period_type
            and snapshots.period_start = periods.period_start
),

became as (
    select
        numbered.period_type,
        numbered.period_number,
        numbered.weeks_left,
        coalesce(won.won_amount, 0) - coalesce(stood.won_amount, 0) as won_later_amount,
        coalesce(stood.due_amount, 0) as due_amount
    from numbered
    left join won
        on
            numbered.period_type = won.period_type
            and numbered.period_start = won.period_start
    left join stood
        on
            numbered.period_type = stood.period_type
            and numbered.period_start = stood.period_start
            and numbered.snapshot_on = stood.snapshot_on
    where numbered.is_last_of_weeks_left
),

yields as (
    select
        numbered.period_type,
        numbered.period_start,
        numbered.snapshot_on,
        {{ ratio('sum(became.won_later_amount)', 'sum(became.due_amount)') }} as period_yield
    from numbered
    left join became
        on
            numbered.period_type = became.period_type
            and numbered.weeks_left = became.weeks_left
            and became.period_number between numbered.period_number - 4 and numbered.period_number - 1
    group by numbered.period_type, numbered.period_start, numbered.snapshot_on
)

select
    period_type,
    period_start,
    snapshot_on,
    case when period_yield > 0 then period_yield end as period_yield
from yields
