-- Open pipeline by owner at each month boundary, valued on the last day before it.
with month_states as (
    select * from {{ ref('int_opportunity_month_states') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

open_at_boundaries as (
    select
        month_states.owner_id,
        month_states.currency,
        month_states.amount,
        -- From the start of the first event's year on.
        {{ explode_integers(
            'greatest(month_states.first_boundary, ' ~ period_first_month('first_event.first_month', 12) ~ ')',
            'month_states.last_boundary'
        ) }} as boundary
    from month_states
    cross join first_event
    where
        month_states.is_open
        and first_event.first_month is not null
),

valued as (
    select
        *,
        least({{ month_start('boundary') }} - 1, {{ as_of_day() }}) as valued_on
    from open_at_boundaries
),

converted as (
    select
        valued.owner_id,
        valued.boundary,
        {{ base_amount('valued.amount', 'valued.currency', 'rates.rate') }} as open_amount
    from valued
    left join rates
        on
            valued.currency = rates.currency
            and valued.valued_on = rates.valued_on
)

select
    owner_id,
    boundary,
    count(*) as open_count,
    coalesce(sum(open_amount), 0) as open_amount
from converted
group by owner_id, boundary
