-- Days with their months and fiscal periods, from the fiscal year of the first event to the end of the
-- fiscal year after the one of the as-of day, so that close dates and quotas ahead have their days too.
with calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

working_days as (
    select * from {{ ref('int_working_days') }}
),

bounds as (
    select
        min(calendar_day) as first_day,
        {{ month_start(period_first_month(as_of_month(), 12) ~ ' + 24') }} as end_day
    from calendar_days
    where not is_outlier
),

days as (
    select
        {{ explode_days('first_day', 'end_day - 1') }} as date_day
    from bounds
),

indexed as (
    select
        date_day,
        {{ month_index('date_day') }} as month_index
    from days
),

periods as (
    select
        date_day,
        month_index,
        {{ period_first_month('month_index', 3) }} as quarter_index,
        {{ period_first_month('month_index', 12) }} as year_index
    from indexed
)

select
    periods.date_day,
    {{ month_start('month_index') }} as month_start,
    {{ month_start('quarter_index') }} as quarter_start,
    {{ month_start('year_index') }} as year_start,
    cast(year({{ month_start('year_index + 11') }}) as integer) as fiscal_year,
    cast({{ integer_divide('quarter_index - year_index', 3) }} as integer) + 1 as fiscal_quarter,
    cast(month(periods.date_day) as integer) as month_of_year,
    {{ weekday_of('periods.date_day') }} as day_of_week,
    {{ weekday_of('periods.date_day') }} >= 6 as is_weekend,
    working_days.is_working_day,
    periods.date_day > {{ as_of_day() }} as is_future
from periods
inner join working_days
    on periods.date_day = working_days.date_day
