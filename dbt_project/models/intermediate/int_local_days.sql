-- Pieces of UTC days that lie in one day of the reporting time zone. Joined with the macro in_local_day to
-- turn a UTC timestamp into its local day without a time-zone conversion a row.
with calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

-- A zone that crossed the date line has a day without length.
lasting_days as (
    select * from calendar_days
    where starts_at < ends_at
)

select
    calendar_day as local_day,
    {{ explode_days(
        'cast(starts_at as date)', 'cast(ends_at - interval 1 microsecond as date)'
    ) }} as utc_day,
    starts_at,
    ends_at
from lasting_days
