-- What: the months of a customer whose services are all rendered add up to the invoices, to the cent.
-- Why: each month is the difference of two rounded sums; nothing may stay between them.
-- A failure means that revenue of an invoice is lost or counted twice.
with revenue as (
    select * from {{ ref('int_revenue_monthly') }}
),

invoices as (
    select * from {{ ref('int_invoices_unioned') }}
    where
        not is_deleted
        and invoiced_on <= {{ as_of_day() }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

invoiced as (
    select
        invoices.account_id,
        coalesce(sum({{ base_amount('invoices.amount', 'invoices.currency', 'rates.rate') }}), 0) as invoiced_amount
    from invoices
    left join rates
        on
            invoices.currency = rates.currency
            and invoices.invoiced_on = rates.valued_on
    group by invoices.account_id
    having coalesce(max(invoices.service_end) <= {{ as_of_day() }}, true)
),

earned as (
    select
        account_id,
        sum(revenue_amount) as revenue_amount
    from revenue
    group by account_id
)

select
    invoiced.account_id,
    invoiced.invoiced_amount,
    earned.revenue_amount
from invoiced
left join earned
    on invoiced.account_id = earned.account_id
where invoiced.invoiced_amount is distinct from earned.revenue_amount
