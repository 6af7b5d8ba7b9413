-- Rates to the base currency, from HubSpot's rates to the account's company currency: what a unit of a
-- currency is worth in it. The last rate that was set on a day is the day's.
--
-- Where the base currency is not the company currency, it is one of the others, and a rate holds from when both
-- of its sides do. Where it is none of them, there are no rates.
with exchange_rates as (
    select * from {{ hubspot_base('exchange_rates') }}
),

days as (
    select
        upper(from_currency) as currency,
        upper(to_currency) as company_currency,
        try_cast(conversion_rate as decimal(20, 10)) as rate,
        {{ hubspot_day('effective_at') }} as starts_on,
        {{ unreadable({
            'rate': ['conversion_rate', 'try_cast(conversion_rate as decimal(20, 10))'],
            'rate_date': ['effective_at', hubspot_moment('effective_at')],
        }) }} as unreadable
    from exchange_rates
    qualify row_number() over (
        partition by currency, company_currency, starts_on order by {{ hubspot_moment('effective_at') }} desc
    ) = 1
),

rates as (
    select
        *,
        coalesce(
            lead(starts_on) over (partition by currency, company_currency order by starts_on),
            date '9999-12-31'
        ) as ends_before
    from days
    union all
    -- The company currency is worth itself since ever.
    select distinct
        company_currency as currency,
        company_currency,
        cast(1 as decimal(20, 10)) as rate,
        date '{{ var("earliest_plausible_date") }}' as starts_on,
        cast(null as string) as unreadable,
        date '9999-12-31' as ends_before
    from days
),

base_rates as (
    select * from rates
    where currency = '{{ var("base_currency") }}'
)

select
    rates.currency,
    rates.unreadable,
    case
        when base_rates.rate = 1 then rates.rate
        else try_cast(round(cast(rates.rate as double) / nullif(base_rates.rate, 0), 10) as decimal(20, 10))
    end as rate,
    greatest(rates.starts_on, base_rates.starts_on) as rate_date
from rates
inner join base_rates
    on
        rates.company_currency = base_rates.company_currency
        and (
            rates.unreadable is not null
            or (rates.starts_on < base_rates.ends_before and rates.ends_before > base_rates.starts_on)
        )
where rates.currency <> '{{ var("base_currency") }}'
qualify row_number() over (
    partition by rates.currency, rate_date order by rates.starts_on desc, rates.company_currency asc
) = 1
