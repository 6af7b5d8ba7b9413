-- What each user earns of each spiff by each won deal. A spiff without a rate on the day of closing pays nothing.
with credits as (
    select * from {{ ref('int_commission_credits') }}
),

spiffs as (
    select * from {{ ref('int_spiffs_unioned') }}
    where not is_deleted
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

matched as (
    select
        credits.user_id,
        credits.plan_id,
        credits.opportunity_id,
        spiffs.spiff_id,
        credits.share,
        credits.is_last,
        {{ base_amount('spiffs.amount', 'spiffs.currency', 'rates.rate') }} as total_amount
    from credits
    inner join spiffs
        on
            credits.closed_on between spiffs.valid_from and spiffs.valid_to
            and coalesce(credits.product = spiffs.product, spiffs.product is null)
            and coalesce(credits.type = spiffs.type, spiffs.type is null)
    left join rates
        on
            spiffs.currency = rates.currency
            and credits.closed_on = rates.valued_on
),

shared as (
    select
        *,
        {{ amount_at_rate('total_amount', 'share') }} as share_amount
    from matched
    where total_amount is not null
),

divided as (
    select
        *,
        {{ share_or_rest('share_amount', 'total_amount', 'is_last', 'opportunity_id, spiff_id') }} as spiff_amount
    from shared
)

select
    user_id,
    plan_id,
    opportunity_id,
    spiff_id,
    spiff_amount
from divided
-- Of those whom no plan pays a share is left out only now: the last user takes the rest of all.
where plan_id is not null
