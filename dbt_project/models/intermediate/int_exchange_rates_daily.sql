-- The rate of each currency on each day up to the as-of day: the latest one fixed on or before the day.
with exchange_rates as (
    select * from {{ ref('int_exchange_rates_unioned') }}
),

calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

known as (
    select
        currency,
        rate,
        rate_date,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from exchange_rates
    where rate_date <= {{ as_of_day() }}
)

select
    known.currency,
    known.rate,
    calendar_days.calendar_day as valued_on
from known
inner join calendar_days
    on
        known.rate_date <= calendar_days.calendar_day
        and coalesce(known.next_rate_date > calendar_days.calendar_day, true)
