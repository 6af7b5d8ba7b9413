-- Days up to the as-of day, and how many snapshots of the forecast have been taken by each: on Mondays and on the first
-- of each month. A span of days holds the snapshots between two of these numbers, whatever weekday it begins with.
with calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

judged as (
    select
        calendar_day,
        not is_outlier
        and ({{ weekday_of('calendar_day') }} = 1 or calendar_day = {{ month_start('month_index') }}) as is_snapshot
    from calendar_days
)

select
    calendar_day,
    is_snapshot,
    cast(sum(cast(is_snapshot as integer)) over (order by calendar_day) as integer) as snapshot_number
from judged
