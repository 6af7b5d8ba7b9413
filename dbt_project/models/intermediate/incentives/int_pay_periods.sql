-- The pay periods in which something is paid or taken back, with the user's quota under that plan and the plan's cap.
with events as (
    select * from {{ ref('int_commission_events') }}
),

plans as (
    select * from {{ ref('int_compensation_plans') }}
),

assignments as (
    select * from {{ ref('int_plan_assignments') }}
),

quota_months as (
    select
        user_id,
        quota_amount,
        {{ month_index('month') }} as month_index,
        cast({{ month_start(month_index('month') ~ ' + 1') }} - 1 as date) as last_day
    from {{ ref('fct_quota_month') }}
    where metric = 'bookings'
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

paid as (
    select
        user_id,
        plan_id,
        month_count,
        earned_period_start as pay_period_start
    from events
    union
    select
        user_id,
        plan_id,
        month_count,
        pay_period_start
    from events
),

periods as (
    select
        *,
        cast({{ month_start(month_index('pay_period_start') ~ ' + month_count') }} - 1 as date) as pay_period_end
    from paid
),

-- A month's quota is under the plan of the month's last day.
quotas as (
    select
        quota_months.user_id,
        plans.plan_id,
        {{ month_start(period_first_month('quota_months.month_index', 'plans.month_count')) }} as pay_period_start,
        cast(sum(quota_months.quota_amount) as decimal(18, 2)) as quota_amount
    from quota_months
    inner join assignments
        on
            quota_months.user_id = assignments.user_id
            and quota_months.last_day between assignments.valid_from and assignments.valid_to
    inner join plans
        on assignments.plan_id = plans.plan_id
    group by all
),

ended as (
    select
        periods.*,
        least(periods.pay_period_end, {{ as_of_day() }}) as ends_on
    from periods
)

select
    ended.user_id,
    ended.plan_id,
    quotas.quota_amount,
    {{ base_amount('plans.cap_amount', 'plans.currency', 'rates.rate') }} as cap_amount,
    ended.pay_period_start,
    ended.pay_period_end,
    ended.ends_on
from ended
inner join plans
    on ended.plan_id = plans.plan_id
left join quotas
    on
        ended.user_id = quotas.user_id
        and ended.plan_id = quotas.plan_id
        and ended.pay_period_start = quotas.pay_period_start
left join rates
    on
        plans.currency = rates.currency
        and ended.ends_on = rates.valued_on
