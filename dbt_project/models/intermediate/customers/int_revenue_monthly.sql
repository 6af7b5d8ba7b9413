-- Revenue by customer and month up to the as-of day, in the base currency. An invoice is earned evenly over its days of
-- service. What is earned of it up to a day is rounded to cents once; a month has the difference of its end and the end
-- before, so that the months of an invoice add up to it.
with invoices as (
    select * from {{ ref('int_invoices_unioned') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

-- An invoice without service days has one day of it.
spans as (
    select
        invoices.invoice_id,
        invoices.account_id,
        invoices.amount,
        cast(
            case
                when coalesce(invoices.currency, '{{ var("base_currency") }}') = '{{ var("base_currency") }}' then 1
                else rates.rate
            end as decimal(20, 10)
        ) as rate,
        coalesce(invoices.service_start, invoices.invoiced_on) as first_day,
        coalesce(invoices.service_end, invoices.invoiced_on) as last_day
    from invoices
    left join rates
        on
            invoices.currency = rates.currency
            and invoices.invoiced_on = rates.valued_on
    where
        not invoices.is_deleted
        and invoices.invoiced_on <= {{ as_of_day() }}
),

months as (
    select
        *,
        {{ dates_between('first_day', 'last_day') }} + 1 as day_count,
        least(last_day, {{ as_of_day() }}) as counted_to,
        {{ explode_integers(
            month_index('first_day'), month_index('least(last_day, ' ~ as_of_day() ~ ')')
        ) }} as month_index
    from spans
),

earned as (
    select
        invoice_id,
        account_id,
        month_index,
        {{ rounded_share('amount', 'rate', dates_between(
            'first_day', 'least(counted_to, cast(' ~ month_start('month_index + 1') ~ ' - 1 as date))'
        ) ~ ' + 1', 'day_count') }} as earned_amount
    from months
    where first_day <= {{ as_of_day() }}
),

monthly as (
    select
        account_id,
        month_index,
        earned_amount
        - lag(earned_amount, 1, 0) over (partition by invoice_id order by month_index) as revenue_amount
    from earned
)

select
    account_id,
    cast(coalesce(sum(revenue_amount), 0) as decimal(18, 2)) as revenue_amount,
    {{ month_start('month_index') }} as month
from monthly
group by account_id, month_index
