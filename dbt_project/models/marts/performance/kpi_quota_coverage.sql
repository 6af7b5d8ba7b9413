-- How the quotas of the people below a manager cover the manager's own: who was below on the period's first day, has a
-- quota, and has nobody below who has one too.
with scorecards as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

rep_managers as (
    select * from {{ ref('int_rep_managers') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

quotas as (
    select
        period_type,
        period_start,
        user_id,
        quota_amount
    from scorecards
    where quota_amount > 0
),

people_below as (
    select
        periods.period_type,
        periods.period_start,
        rep_managers.manager_id,
        rep_managers.user_id,
        quotas.quota_amount
    from periods
    inner join rep_managers
        on periods.period_start between rep_managers.valid_from and rep_managers.valid_to
    left join quotas
        on
            periods.period_type = quotas.period_type
            and periods.period_start = quotas.period_start
            and rep_managers.user_id = quotas.user_id
),

managers as (
    select
        period_type,
        period_start,
        manager_id,
        count(quota_amount) > 0 as has_quota_below
    from people_below
    group by period_type, period_start, manager_id
),

leaf_quotas as (
    select
        people_below.period_type,
        people_below.period_start,
        people_below.manager_id,
        sum(people_below.quota_amount) as leaf_quota_amount
    from people_below
    left join managers
        on
            people_below.period_type = managers.period_type
            and people_below.period_start = managers.period_start
            and people_below.user_id = managers.manager_id
    where not coalesce(managers.has_quota_below, false)
    group by people_below.period_type, people_below.period_start, people_below.manager_id
),

covered as (
    select
        managers.period_type,
        managers.manager_id,
        quotas.quota_amount as own_quota_amount,
        cast(coalesce(leaf_quotas.leaf_quota_amount, 0) as decimal(18, 2)) as leaf_quota_amount,
        managers.period_start
    from managers
    inner join quotas
        on
            managers.period_type = quotas.period_type
            and managers.period_start = quotas.period_start
            and managers.manager_id = quotas.user_id
    left join leaf_quotas
        on
            managers.period_type = leaf_quotas.period_type
            and managers.period_start = leaf_quotas.period_start
            and managers.manager_id = leaf_quotas.manager_id
)

select
    period_type,
    manager_id,
    own_quota_amount,
    leaf_quota_amount,
    {{ ratio('leaf_quota_amount', 'own_quota_amount') }} as over_assignment_rate,
    period_start
from covered
