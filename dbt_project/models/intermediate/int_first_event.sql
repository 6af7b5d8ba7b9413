-- The first local day on which an opportunity began or closed or a call was made: days and periods start from
-- it. One wrong date of long ago would give every rep thousands of years of days, so that only a day from the
-- setting earliest_plausible_date on counts. Both columns are null where nothing has happened.
with opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

events as (
    select first_state_on as event_on from opportunities
    union all
    select closed_on as event_on from opportunities
    union all
    select call_on as event_on from calls_daily
)

select
    min(event_on) as first_event_on,
    {{ month_index('min(event_on)') }} as first_month
from events
where event_on >= {{ earliest_plausible_day() }}
