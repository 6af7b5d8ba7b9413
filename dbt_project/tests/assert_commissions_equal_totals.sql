-- What: lines that pay for the deals of a pay period add up to what its tiers pay for its net total, at most the cap.
-- Why: each line is a difference of running totals; this starts from the total at the end.
-- A failure means that somebody is paid a wrong sum.
with commissions as (
    select * from {{ ref('fct_commission') }}
),

events as (
    select * from {{ ref('int_commission_events') }}
),

tiers as (
    select * from {{ ref('int_commission_tiers') }}
),

periods as (
    select * from {{ ref('int_pay_periods') }}
),

totals as (
    select
        user_id,
        plan_id,
        method,
        earned_period_start,
        cast(sum(amount) as decimal(18, 2)) as net_amount
    from events
    group by all
),

earned as (
    select
        totals.user_id,
        totals.plan_id,
        totals.earned_period_start,
        sum(
            case
                when totals.method = 'marginal'
                    then round(tiers.rate * case
                        when tiers.is_first then least(totals.net_amount, tiers.ends_at)
                        else greatest(least(totals.net_amount, tiers.ends_at) - tiers.starts_at, 0)
                    end, 2)
            end
        ) as marginal_amount,
        round(
            max(totals.net_amount) * coalesce(
                max(tiers.rate) filter (where totals.net_amount >= tiers.starts_at),
                min(tiers.rate)
            ), 2
        ) as top_rate_amount
    from totals
    inner join tiers
        on
            totals.user_id = tiers.user_id
            and totals.plan_id = tiers.plan_id
            and totals.earned_period_start = tiers.pay_period_start
    group by all
),

paid as (
    select
        user_id,
        plan_id,
        earned_period_start,
        sum(commission_amount) as commission_amount
    from commissions
    where component in ('tier', 'true_up', 'cap', 'clawback')
    group by all
)

select
    earned.*,
    periods.cap_amount,
    paid.commission_amount
from earned
inner join periods
    on
        earned.user_id = periods.user_id
        and earned.plan_id = periods.plan_id
        and earned.earned_period_start = periods.pay_period_start
left join paid
    on
        earned.user_id = paid.user_id
        and earned.plan_id = paid.plan_id
        and earned.earned_period_start = paid.earned_period_start
where
    least(coalesce(earned.marginal_amount, earned.top_rate_amount), periods.cap_amount)
    <> coalesce(paid.commission_amount, 0)
