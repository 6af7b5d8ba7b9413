-- What each customer has brought, is like, and can be expected to bring.
with customers as (
    select * from {{ ref('int_customers') }}
),

revenue as (
    select * from {{ ref('int_revenue_monthly') }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

accounts as (
    select * from {{ ref('int_accounts_unioned') }}
    where not is_deleted
),

cross_sales as (
    select * from {{ ref('int_cross_sales') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
    where status = 'won'
),

surveys as (
    select * from {{ ref('int_surveys') }}
),

earned as (
    select
        account_id,
        sum(revenue_amount) as revenue_amount
    from revenue
    group by account_id
),

active_spans as (
    select
        account_id,
        max(month_index) - min(month_index) + 1 as months_active,
        max(month_index) = {{ as_of_month() }} as is_active
    from customer_months
    group by account_id
),

won as (
    select
        account_id,
        count(*) as won_count,
        count(distinct product) as product_count
    from opportunities
    where account_id is not null
    group by account_id
),

answers as (
    select
        account_id,
        {{ ratio("sum(score) filter (where kind = 'csat')", "count(*) filter (where kind = 'csat')") }} as csat_mean
    from surveys
    group by account_id
),

last_answers as (
    select
        account_id,
        score as last_nps
    from surveys
    where
        kind = 'nps'
        and account_id is not null
    qualify row_number() over (partition by account_id order by responded_at desc, response_id desc) = 1
),

described as (
    select
        customers.account_id,
        accounts.segment,
        coalesce(earned.revenue_amount, 0) as revenue_amount,
        coalesce(active_spans.months_active, 0) as months_active,
        coalesce(active_spans.is_active, false) as is_active,
        coalesce(won.won_count, 0) as won_count,
        coalesce(won.product_count, 0) as product_count,
        cross_sales.account_id is not null as has_cross_sold,
        answers.csat_mean,
        last_answers.last_nps,
        customers.first_invoice_on,
        customers.last_invoice_on
    from customers
    left join accounts
        on customers.account_id = accounts.account_id
    left join earned
        on customers.account_id = earned.account_id
    left join active_spans
        on customers.account_id = active_spans.account_id
    left join won
        on customers.account_id = won.account_id
    left join cross_sales
        on customers.account_id = cross_sales.account_id
    left join answers
        on customers.account_id = answers.account_id
    left join last_answers
        on customers.account_id = last_answers.account_id
),

-- Survival of a segment by Kaplan and Meier (1958): of those who were customers for so many months, the part that
-- stayed longer. Who is active now may stay longer still.
durations as (
    select
        segment,
        months_active,
        count(*) as customer_count,
        count(*) filter (where not is_active) as lost_count
    from described
    where months_active > 0
    group by segment, months_active
),

at_risk as (
    select
        *,
        sum(customer_count) over (partition by segment order by months_active desc) as at_risk_count,
        sum(customer_count) over (partition by segment) as segment_count
    from durations
),

survival as (
    select
        segment,
        months_active,
        segment_count,
        {{ ratio('at_risk_count - lost_count', 'at_risk_count') }} as staying_rate
    from at_risk
),

expected_months as (
    {{ restricted_mean_survival('survival', 'segment', 'months_active', 'staying_rate', 36) }}
),

expected as (
    select
        described.*,
        {{ ratio('described.revenue_amount', 'described.months_active') }} as monthly_revenue,
        expected_months.expected_months
    from described
    left join expected_months
        on
            described.segment is not distinct from expected_months.segment
            and expected_months.segment_count >= 20
)

select
    account_id,
    segment,
    cast(revenue_amount as decimal(18, 2)) as revenue_amount,
    cast(months_active as integer) as months_active,
    cast(won_count as integer) as won_count,
    cast(product_count as integer) as product_count,
    monthly_revenue,
    expected_months as expected_months_36,
    monthly_revenue * expected_months as lifetime_value_36m,
    csat_mean,
    cast(last_nps as integer) as last_nps,
    is_active,
    has_cross_sold,
    first_invoice_on,
    last_invoice_on
from expected
