-- What: the months of the company, and its customers, have the revenue that the invoices have earned by the as-of day.
-- Why: here each invoice is earned at once, there month by month and customer by customer; to the cent it is the same.
-- A failure means that a month or a customer is missing, or that an invoice is counted twice.
with company_months as (
    select coalesce(sum(revenue_amount), 0) as revenue_amount
    from {{ ref('kpi_company_month') }}
),

customers as (
    select coalesce(sum(revenue_amount), 0) as revenue_amount
    from {{ ref('kpi_customer') }}
),

invoices as (
    select
        *,
        coalesce(service_start, invoiced_on) as first_day,
        coalesce(service_end, invoiced_on) as last_day
    from {{ ref('int_invoices_unioned') }}
    where
        not is_deleted
        and invoiced_on <= {{ as_of_day() }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

rated as (
    select
        invoices.*,
        cast(
            case
                when coalesce(invoices.currency, '{{ var("base_currency") }}') = '{{ var("base_currency") }}' then 1
                else rates.rate
            end as decimal(20, 10)
        ) as rate
    from invoices
    left join rates
        on
            invoices.currency = rates.currency
            and invoices.invoiced_on = rates.valued_on
    where invoices.first_day <= {{ as_of_day() }}
),

earned as (
    select
        coalesce(sum({{ rounded_share(
            'amount',
            'rate',
            dates_between('first_day', 'least(last_day, ' ~ as_of_day() ~ ')') ~ ' + 1',
            dates_between('first_day', 'last_day') ~ ' + 1'
        ) }}), 0) as revenue_amount
    from rated
)

select
    earned.revenue_amount,
    company_months.revenue_amount as revenue_amount_of_months,
    customers.revenue_amount as revenue_amount_of_customers
from earned
cross join company_months
cross join customers
where
    earned.revenue_amount <> company_months.revenue_amount
    or earned.revenue_amount <> customers.revenue_amount
