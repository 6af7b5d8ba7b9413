-- What the tiers pay in all before and after each event, before any cap.
with parts as (
    select * from {{ ref('int_commission_parts') }}
),

periods as (
    select * from {{ ref('int_pay_periods') }}
),

payments as (
    select
        user_id,
        plan_id,
        opportunity_id,
        method,
        amount,
        total_before,
        event_number,
        is_cancellation,
        earned_period_start,
        pay_period_start,
        counted_on,
        cast(sum(paid_before) as decimal(18, 2)) as paid_before,
        cast(sum(paid_after) as decimal(18, 2)) as paid_after,
        max(tier) filter (where is_top_after) as tier_after,
        max(rate) filter (where is_top_before) as rate_before,
        max(rate) filter (where is_top_after) as rate_after
    from parts
    group by all
)

select
    payments.*,
    periods.cap_amount,
    periods.ends_on,
    least(payments.paid_before, periods.cap_amount) as capped_before,
    least(payments.paid_after, periods.cap_amount) as capped_after
from payments
inner join periods
    on
        payments.user_id = periods.user_id
        and payments.plan_id = periods.plan_id
        and payments.earned_period_start = periods.pay_period_start
