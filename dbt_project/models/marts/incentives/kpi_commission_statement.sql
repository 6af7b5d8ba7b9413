-- What each user is paid for a pay period under a plan: the ledger's lines added up.
with commissions as (
    select * from {{ ref('fct_commission') }}
),

periods as (
    select * from {{ ref('int_pay_periods') }}
),

statements as (
    select
        user_id,
        plan_id,
        cast(sum(credited_amount) as decimal(18, 2)) as credited_amount,
        {% for column, components in {
            'tier': "'tier', 'true_up'",
            'spiff': "'spiff'",
            'cap': "'cap'",
            'clawback': "'clawback', 'spiff_clawback'",
        }.items() %}
        cast(coalesce(sum(commission_amount) filter (where component in ({{ components }})), 0) as decimal(18, 2))
            as {{ column }}_amount,
        {% endfor %}
        cast(sum(commission_amount) as decimal(18, 2)) as payable_amount,
        pay_period_start
    from commissions
    group by
        user_id,
        plan_id,
        pay_period_start
)

select
    statements.user_id,
    statements.plan_id,
    statements.credited_amount,
    periods.quota_amount,
    {{ ratio('statements.credited_amount', 'periods.quota_amount') }} as credited_attainment,
    statements.tier_amount,
    statements.spiff_amount,
    statements.cap_amount,
    statements.clawback_amount,
    statements.payable_amount,
    statements.pay_period_start,
    periods.pay_period_end
from statements
inner join periods
    on
        statements.user_id = periods.user_id
        and statements.plan_id = periods.plan_id
        and statements.pay_period_start = periods.pay_period_start
