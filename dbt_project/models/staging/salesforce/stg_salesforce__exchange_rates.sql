-- Rates to the base currency, from Salesforce's rates to the organisation's corporate currency: units of a
-- currency for one corporate unit.
--
-- Where the base currency is not the corporate one, it is one of the others, and a rate holds from when both
-- of its sides do. Where it is none of them, there are no rates. Without dated rates (advanced currency
-- management is off) the current ones hold for all time.
with dated_conversion_rates as (
    select * from {{ ref('base_salesforce__dated_conversion_rates') }}
    where not is_deleted
),

currency_types as (
    select * from {{ ref('base_salesforce__currency_types') }}
    where not is_deleted
),

dated as (
    select
        iso_code,
        try_cast(conversion_rate as double) as conversion_rate,
        {{ unreadable({
            'rate': ['conversion_rate', 'try_cast(conversion_rate as double)'],
            'rate_date': ['start_date', salesforce_day('start_date')],
        }) }} as unreadable,
        -- The first rate of a currency holds since the year 1.
        greatest(
            {{ salesforce_day('start_date') }}, date '{{ var("earliest_plausible_date") }}'
        ) as starts_on,
        coalesce({{ salesforce_day('next_start_date') }}, date '9999-12-31') as ends_before
    from dated_conversion_rates
),

undated as (
    select
        iso_code,
        -- Dated rates need not name the corporate currency.
        case when try_cast(is_corporate as boolean) then 1 else try_cast(conversion_rate as double) end
            as conversion_rate,
        {{ unreadable({'rate': ['conversion_rate', 'try_cast(conversion_rate as double)']}) }} as unreadable,
        date '{{ var("earliest_plausible_date") }}' as starts_on,
        date '9999-12-31' as ends_before
    from currency_types
    where
        iso_code not in (select dated.iso_code from dated)
        and (try_cast(is_corporate as boolean) or not exists (select 1 from dated))
),

rates as (
    select * from dated
    where starts_on is null or starts_on < ends_before
    union all
    select * from undated
),

-- Who may not see the object CurrencyType does not know the corporate currency: it is taken for the base
-- currency.
base_rates as (
    select
        conversion_rate,
        starts_on,
        ends_before
    from rates
    where iso_code = '{{ var("base_currency") }}'
    union all
    select
        1 as conversion_rate,
        date '{{ var("earliest_plausible_date") }}' as starts_on,
        date '9999-12-31' as ends_before
    where
        not exists (select 1 from currency_types)
        and '{{ var("base_currency") }}' not in (select rates.iso_code from rates)
)

select
    rates.iso_code as currency,
    rates.unreadable,
    try_cast(
        round(base_rates.conversion_rate / nullif(rates.conversion_rate, 0), 10) as decimal(20, 10)
    ) as rate,
    greatest(rates.starts_on, base_rates.starts_on) as rate_date
from rates
inner join base_rates
    on
        rates.unreadable is not null
        or (rates.starts_on < base_rates.ends_before and rates.ends_before > base_rates.starts_on)
where rates.iso_code <> '{{ var("base_currency") }}'
