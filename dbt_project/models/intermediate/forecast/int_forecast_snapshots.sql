-- The snapshots of each month and fiscal quarter: its first day and every Monday in it, up to the as-of day. Periods
-- are compared by the whole weeks that a snapshot leaves; where two leave the same, the later one stands for both.
with days as (
    select * from {{ ref('int_forecast_days') }}
    where is_snapshot
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_type <> 'year'
),

snapshots as (
    select
        periods.period_type,
        periods.period_start,
        periods.period_end,
        days.calendar_day as snapshot_on,
        days.snapshot_number,
        cast({{ integer_divide(dates_between('days.calendar_day', 'periods.period_end'), 7) }} as integer) as weeks_left
    from periods
    inner join days
        on
            days.calendar_day between periods.period_start and periods.period_end
            and ({{ weekday_of('days.calendar_day') }} = 1 or periods.period_start = days.calendar_day)
)

select
    period_type,
    period_start,
    period_end,
    period_end < {{ as_of_day() }} as is_over,
    snapshot_on,
    snapshot_number,
    weeks_left,
    row_number() over (
        partition by period_type, period_start, weeks_left order by snapshot_on desc
    ) = 1 as is_last_of_weeks_left
from snapshots
