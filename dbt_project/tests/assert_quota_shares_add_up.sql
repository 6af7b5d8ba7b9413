-- What: the monthly shares of a quota add up to the quota, to the cent.
-- Why: each share is rounded; the last month takes the remainder.
-- A failure means that attainment is measured against another quota than the one that was set.
with quota_months as (
    select * from {{ ref('fct_quota_month') }}
),

quotas as (
    select * from {{ ref('int_quotas_unioned') }}
),

totals as (
    select
        quota_id,
        sum(quota_amount) as quota_amount
    from quota_months
    group by quota_id
)

-- In the base currency, where the whole is known without a rate.
select
    quotas.quota_id,
    quotas.amount,
    totals.quota_amount
from quotas
left join totals
    on quotas.quota_id = totals.quota_id
where
    not quotas.is_deleted
    and coalesce(quotas.currency, '{{ var("base_currency") }}') = '{{ var("base_currency") }}'
    and round(quotas.amount, 2) is distinct from totals.quota_amount
