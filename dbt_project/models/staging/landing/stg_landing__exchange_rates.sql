-- Exchange rates to the base currency, one row a currency and day on which one was fixed.
with landed as (
    select * from {{ source('raw', 'landing__exchange_rates') }}
)

select
    landed.currency,
    landed.rate,
    landed.rate_date
from landed
