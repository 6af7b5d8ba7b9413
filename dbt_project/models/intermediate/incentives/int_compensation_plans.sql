-- Compensation plans, and whether their tiers are such that anything can be paid by them.
with plans as (
    select * from {{ ref('int_comp_plans_unioned') }}
    where not is_deleted
),

tiers as (
    select * from {{ ref('int_comp_tiers_unioned') }}
    where not is_deleted
),

neighbours as (
    select
        plan_id,
        from_attainment,
        rate,
        lag(from_attainment) over by_tier as previous_from_attainment,
        lag(rate) over by_tier as previous_rate
    from tiers
    window by_tier as (partition by plan_id order by tier)
),

judged as (
    select
        plan_id,
        bool_and(
            case
                when previous_rate is null then from_attainment = 0
                else from_attainment > previous_from_attainment and rate >= previous_rate
            end
        ) as is_payable
    from neighbours
    group by plan_id
)

select
    plans.plan_id,
    plans.method,
    plans.currency,
    plans.cap_amount,
    plans.clawback_days,
    case plans.pay_period when 'month' then 1 when 'quarter' then 3 else 12 end as month_count,
    coalesce(judged.is_payable, false) as is_payable
from plans
left join judged
    on plans.plan_id = judged.plan_id
