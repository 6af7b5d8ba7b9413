-- What: a statement is the sum of its lines of the ledger, and its parts add up to what is payable.
-- Why: a person is paid by the statement, and shown the lines.
-- A failure means that a line is on no statement, or in none of its parts.
with commissions as (
    select
        user_id,
        plan_id,
        pay_period_start,
        sum(commission_amount) as commission_amount
    from {{ ref('fct_commission') }}
    group by all
),

statements as (
    select * from {{ ref('kpi_commission_statement') }}
)

select
    coalesce(statements.user_id, commissions.user_id) as user_id,
    coalesce(statements.plan_id, commissions.plan_id) as plan_id,
    coalesce(statements.pay_period_start, commissions.pay_period_start) as pay_period_start,
    statements.payable_amount,
    commissions.commission_amount
from statements
full join commissions
    on
        statements.user_id = commissions.user_id
        and statements.plan_id = commissions.plan_id
        and statements.pay_period_start = commissions.pay_period_start
where
    statements.payable_amount is distinct from commissions.commission_amount
    or statements.payable_amount
    <> statements.tier_amount + statements.spiff_amount + statements.cap_amount + statements.clawback_amount
