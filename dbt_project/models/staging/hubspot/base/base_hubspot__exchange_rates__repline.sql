-- Exchange rates as Repline loads them.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with exchange_rates as (
    select * from {{ source('hubspot', 'hubspot__exchange_rates') }}
)

select
    exchange_rates.from_currency,
    exchange_rates.to_currency,
    exchange_rates.conversion_rate,
    exchange_rates.effective_at
from exchange_rates
where not exchange_rates._is_gone
