-- What each user is credited with of each won opportunity, and the plan and pay period in which that counts. These are
-- null where it earns nothing: nobody put the user under a plan that day, or nothing can be paid by it.
with opportunities as (
    select * from {{ ref('fct_opportunity') }}
    where status = 'won'
),

shares as (
    select * from {{ ref('int_opportunity_shares') }}
    where adds_up
),

assignments as (
    select * from {{ ref('int_plan_assignments') }}
),

plans as (
    select * from {{ ref('int_compensation_plans') }}
    where is_payable
),

owned as (
    select
        opportunities.*,
        coalesce(opportunities.won_amount, 0) as total_amount,
        coalesce(shares.user_id, opportunities.closed_owner_id) as user_id,
        coalesce(shares.share, 1) as share,
        coalesce(shares.is_last, true) as is_last
    from opportunities
    left join shares
        on opportunities.opportunity_id = shares.opportunity_id
),

shared as (
    select
        *,
        {{ amount_at_rate('total_amount', 'share') }} as share_amount
    from owned
)

select
    shared.opportunity_id,
    shared.user_id,
    plans.plan_id,
    plans.method,
    shared.product,
    shared.type,
    shared.currency,
    plans.month_count,
    plans.clawback_days,
    shared.share,
    {{ share_or_rest('shared.share_amount', 'shared.total_amount', 'shared.is_last', 'shared.opportunity_id') }}
        as credited_amount,
    shared.is_last,
    shared.closed_on,
    {{ month_start(period_first_month(month_index('shared.closed_on'), 'plans.month_count')) }} as earned_period_start,
    shared.closed_at
from shared
left join assignments
    on
        shared.user_id = assignments.user_id
        and shared.closed_on between assignments.valid_from and assignments.valid_to
left join plans
    on assignments.plan_id = plans.plan_id
