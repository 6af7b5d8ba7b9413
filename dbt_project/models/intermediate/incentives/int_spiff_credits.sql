-- What each user earns of each spiff by each won deal; null where the spiff has no rate on the day of closing.
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
-- Whom no plan pays is left out only now: the last user takes what all others leave.
where plan_id is not null
