-- Days of the reporting time zone from the fiscal year of the first event to the as-of day, with the UTC
-- moments between which each lasts. Future days are not here: dim_date has them.
with opportunities as (
    select * from {{ ref('int_opportunities_unioned') }}
),

history as (
    select * from {{ ref('int_opportunity_history_unioned') }}
),

calls as (
    select * from {{ ref('int_calls_unioned') }}
),

quotas as (
    select * from {{ ref('int_quotas_unioned') }}
),

-- A UTC date may be one day after the local one, so a day is taken off.
earliest as (
    select cast(min(created_at) as date) - 1 as earliest_day from opportunities
    union all
    select min(close_date) from opportunities
    union all
    select cast(min(changed_at) as date) - 1 from history
    union all
    select min(close_date) from history
    union all
    select cast(min(started_at) as date) - 1 from calls
    union all
    select min(period_start) from quotas
    union all
    select {{ as_of_day() }}
),

first_month as (
    select {{ period_first_month(month_index('min(earliest_day)'), 12) }} as month_index from earliest
),

days as (
    select
        {{ explode_days(month_start('month_index'), as_of_day() ~ ' + 1') }} as calendar_day
    from first_month
),

starts as (
    select
        calendar_day,
        {{ local_midnight('calendar_day') }} as starts_at
    from days
),

bounded as (
    select
        calendar_day,
        starts_at,
        lead(starts_at) over (order by calendar_day) as ends_at
    from starts
)

select
    calendar_day,
    {{ month_index('calendar_day') }} as month_index,
    starts_at,
    ends_at
from bounded
where calendar_day <= {{ as_of_day() }}
