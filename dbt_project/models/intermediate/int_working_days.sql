-- Days and whether people work on them, from a year before the calendar's first day to its last, and over the spans of
-- goals. The number counts working days from the first one on, so that a span has as many as the difference of two
-- numbers.
with dates as (
    select * from {{ ref('int_calendar_days') }}
),

goals as (
    select * from {{ ref('int_goals_unioned') }}
    where not is_deleted
),

holidays as (
    select * from {{ ref('int_holidays_unioned') }}
    where not is_deleted
),

bounds as (
    select
        -- A year more: what happens first is compared with the days before it.
        cast(min(calendar_day) - 366 as date) as first_day,
        cast({{ month_start(period_first_month(as_of_month(), 12) ~ ' + 24') }} - 1 as date) as last_day
    from dates
    where not is_outlier
    union all
    select
        min(period_start) as first_day,
        max(period_end) as last_day
    from goals
    -- Of the others it is known without counting how far they are.
    where {{ as_of_day() }} between period_start and period_end
),

span as (
    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from bounds
),

days as (
    select {{ explode_days('first_day', 'last_day') }} as date_day
    from span
),

judged as (
    select
        days.date_day,
        {{ weekday_of('days.date_day') }} in ({{ var('working_weekdays') | join(', ') }})
        and holidays.holiday_on is null as is_working_day
    from days
    left join holidays
        on days.date_day = holidays.holiday_on
)

select
    date_day,
    is_working_day,
    cast(sum(cast(is_working_day as integer)) over (order by date_day) as integer) as working_day_number
from judged
