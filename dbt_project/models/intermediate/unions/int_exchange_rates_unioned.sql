-- Exchange rates of all sources; where two give a rate of a currency for one day, that of the first source.
with rates as (
    {{ union_rows('exchange_rates') }}
)

select
    rate_date,
    currency,
    rate
from rates
{% if sources_of('exchange_rates') | length > 1 %}
qualify row_number() over (partition by rate_date, currency order by source_rank) = 1
{% endif %}
