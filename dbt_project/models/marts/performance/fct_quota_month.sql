-- Quotas spread evenly over the calendar months that they touch, to the cent; the last month takes the
-- remainder.
with quotas as (
    select * from {{ ref('int_quotas_unioned') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

spans as (
    select
        quotas.*,
        {{ month_index('quotas.period_start') }} as first_month,
        {{ month_index('quotas.period_end') }} as last_month
    from quotas
    where not quotas.is_deleted
),

valued as (
    select
        spans.*,
        spans.last_month - spans.first_month + 1 as month_count,
        cast(
            {{ base_amount('spans.amount', 'spans.currency', 'rates.rate') }} * 100 as bigint
        ) as total_cents
    from spans
    left join rates
        on
            spans.currency = rates.currency
            -- A day ahead takes the latest rate known at the as-of day.
            and least(spans.period_start, {{ as_of_day() }}) = rates.valued_on
),

shared as (
    select
        *,
        -- Half away from zero in whole numbers; cents are never negative.
        {{ integer_divide('2 * total_cents + month_count', '2 * month_count') }} as share_cents,
        {{ explode_integers('first_month', 'last_month') }} as month_index
    from valued
)

select
    quota_id,
    user_id,
    metric,
    cast(cast(
        case
            when month_index < last_month then share_cents
            else total_cents - share_cents * (month_count - 1)
        end as decimal(18, 0)
    ) * 0.01 as decimal(18, 2)) as quota_amount,
    {{ month_start('month_index') }} as month
from shared
