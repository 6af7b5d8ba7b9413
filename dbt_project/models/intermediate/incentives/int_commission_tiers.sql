-- The tiers of each pay period in money: the totals between which each lies. Without a quota there is the first alone.
with periods as (
    select * from {{ ref('int_pay_periods') }}
),

tiers as (
    select
        *,
        tier = min(tier) over (partition by plan_id) as is_first
    from {{ ref('int_comp_tiers_unioned') }}
    where not is_deleted
),

starts as (
    select
        periods.user_id,
        periods.plan_id,
        periods.pay_period_start,
        tiers.tier,
        tiers.rate,
        tiers.is_first,
        case
            when tiers.is_first then 0
            else {{ amount_at_rate('periods.quota_amount', 'tiers.from_attainment') }}
        end as starts_at
    from periods
    inner join tiers
        on periods.plan_id = tiers.plan_id
    where
        tiers.is_first
        or periods.quota_amount > 0
)

select
    user_id,
    plan_id,
    pay_period_start,
    tier,
    rate,
    is_first,
    starts_at,
    lead(starts_at) over (partition by user_id, plan_id, pay_period_start order by tier) as ends_at
from starts
