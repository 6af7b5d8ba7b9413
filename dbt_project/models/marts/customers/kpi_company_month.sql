-- What customers brought, cost, stayed and said, each month of the company.
{% set ratios = customer_ratios() %}

with revenue as (
    select
        *,
        {{ month_index('month') }} as month_index
    from {{ ref('int_revenue_monthly') }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

customers as (
    select
        *,
        {{ month_index('first_invoice_on') }} as month_index
    from {{ ref('int_customers') }}
),

cross_sales as (
    select
        *,
        {{ month_index('cross_sold_on') }} as month_index
    from {{ ref('int_cross_sales') }}
),

spend as (
    select
        *,
        {{ month_index('month') }} as month_index
    from {{ ref('int_spend') }}
),

leads as (
    select
        *,
        {{ month_index('created_on') }} as month_index
    from {{ ref('int_leads') }}
),

surveys as (
    select
        *,
        {{ month_index('responded_on') }} as month_index
    from {{ ref('int_surveys') }}
),

revenue_months as (
    select
        month_index,
        sum(revenue_amount) as revenue_amount
    from revenue
    group by month_index
),

spend_months as (
    select
        month_index,
        sum(spend_amount) as all_spend_amount,
        coalesce(sum(spend_amount) filter (where category in ('sales', 'marketing')), 0) as acquisition_amount
    from spend
    group by month_index
),

lead_months as (
    select
        month_index,
        count(*) as lead_count,
        count(*) filter (where is_converted) as converted_count
    from leads
    group by month_index
),

starts as (
    select month_index from lead_months
    union all
    select month_index from revenue_months
    where revenue_amount <> 0
    union all
    select month_index from spend_months
    where all_spend_amount <> 0
),

first_start as (
    select min(month_index) as first_month
    from starts
),

months as (
    select {{ explode_integers('first_month', as_of_month()) }} as month_index
    from first_start
),

new_customers as (
    select
        month_index,
        count(*) as new_customer_count
    from customers
    group by month_index
),

answers as (
    select
        month_index,
        count(*) filter (where kind = 'csat') as csat_count,
        count(*) filter (where kind = 'csat' and score >= 4) as satisfied_count,
        {{ ratio(
            "count(*) filter (where kind = 'nps' and score >= 9) - count(*) filter (where kind = 'nps' and score <= 6)",
            "count(*) filter (where kind = 'nps')"
        ) }} as nps
    from surveys
    group by month_index
),

-- Who was active at the end of a month, seen at that end, one month later and twelve months later.
active as (
    select
        now_active.month_index,
        count(*) as active_customer_count,
        count(next_active.account_id) as next_count,
        count(later_active.account_id) as kept_count,
        count(cross_sales.account_id) as cross_sold_count
    from customer_months as now_active
    left join customer_months as next_active
        on
            now_active.account_id = next_active.account_id
            and now_active.month_index + 1 = next_active.month_index
    left join customer_months as later_active
        on
            now_active.account_id = later_active.account_id
            and now_active.month_index + 12 = later_active.month_index
    left join cross_sales
        on
            now_active.account_id = cross_sales.account_id
            and now_active.month_index >= cross_sales.month_index
    group by now_active.month_index
),

-- The customers with revenue in a month, and what they bring twelve months later.
retained as (
    select
        paying.month_index + 12 as month_index,
        sum(paying.revenue_amount) as former_amount,
        coalesce(sum(later.revenue_amount), 0) as later_amount,
        sum(least(greatest(coalesce(later.revenue_amount, 0), 0), paying.revenue_amount)) as kept_amount
    from revenue as paying
    left join revenue as later
        on
            paying.account_id = later.account_id
            and paying.month_index + 12 = later.month_index
    where paying.revenue_amount > 0
    group by paying.month_index
),

joined as (
    select
        months.month_index,
        coalesce(revenue_months.revenue_amount, 0) as revenue_amount,
        coalesce(active.active_customer_count, 0) as active_customer_count,
        coalesce(new_customers.new_customer_count, 0) as new_customer_count,
        coalesce(former_active.active_customer_count - former_active.next_count, 0) as churned_customer_count,
        {{ ratio('year_ago_active.kept_count', 'year_ago_active.active_customer_count') }} as logo_retention_12m,
        {{ ratio('retained.later_amount', 'retained.former_amount') }} as nrr_12m,
        {{ ratio('retained.kept_amount', 'retained.former_amount') }} as grr_12m,
        coalesce(spend_months.acquisition_amount, 0) as acquisition_amount,
        {{ ratio('active.cross_sold_count', 'active.active_customer_count') }} as cross_sell_rate,
        {{ ratios.lead_conversion_rate }} as lead_conversion_rate,
        {{ ratios.csat_rate }} as csat_rate,
        answers.nps
    from months
    left join revenue_months
        on months.month_index = revenue_months.month_index
    left join spend_months
        on months.month_index = spend_months.month_index
    left join lead_months
        on months.month_index = lead_months.month_index
    left join new_customers
        on months.month_index = new_customers.month_index
    left join answers
        on months.month_index = answers.month_index
    left join active
        on months.month_index = active.month_index
    left join active as former_active
        on months.month_index = former_active.month_index + 1
    left join active as year_ago_active
        on months.month_index = year_ago_active.month_index + 12
    left join retained
        on months.month_index = retained.month_index
),

-- Who buys in a month was won over by what was spent in those before, too.
last_three_months as (
    select
        month_index,
        sum(acquisition_amount) over three_months as acquisition_amount,
        sum(new_customer_count) over three_months as new_customer_count
    from joined
    window three_months as (order by month_index rows between 2 preceding and current row)
),

costs as (
    select
        month_index,
        {{ ratios.cac }} as cac
    from last_three_months
)

select
    cast(joined.revenue_amount as decimal(18, 2)) as revenue_amount,
    cast(joined.active_customer_count as integer) as active_customer_count,
    cast(joined.new_customer_count as integer) as new_customer_count,
    cast(joined.churned_customer_count as integer) as churned_customer_count,
    joined.logo_retention_12m,
    joined.nrr_12m,
    joined.grr_12m,
    costs.cac,
    joined.cross_sell_rate,
    joined.lead_conversion_rate,
    joined.csat_rate,
    joined.nps,
    {{ month_start('joined.month_index') }} as month
from joined
inner join costs
    on joined.month_index = costs.month_index
