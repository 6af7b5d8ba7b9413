-- What was spent, up to the month of the as-of day, in the base currency. It counts, and is valued, on the first day of
-- its month.
with spend as (
    select * from {{ ref('int_spend_unioned') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

dated as (
    select
        *,
        {{ month_start(month_index('month')) }} as first_day
    from spend
    where not is_deleted
)

select
    dated.spend_id,
    dated.category,
    coalesce(dated.channel, 'unknown') as channel,
    {{ base_amount('dated.amount', 'dated.currency', 'rates.rate') }} as spend_amount,
    dated.first_day as month
from dated
left join rates
    on
        dated.currency = rates.currency
        and dated.first_day = rates.valued_on
where dated.first_day <= {{ as_of_day() }}
