-- Goals on a KPI of the catalogue, one row per period of a goal: a person's that are no quota, and a team's.
with goals as (
    select * from {{ ref('base_hubspot__goals') }}
    where
        kpi is not null
        and (team is not null or (owner_id is not null and not is_bookings))
)

select
    {{ source_id('hubspot', 'id') }} as goal_id,
    case when owner_id is null then 'team' else 'rep' end as owner_type,
    case when owner_id is null then team else {{ source_id('hubspot', 'owner_id') }} end as owner_id,
    kpi as metric,
    case hs_kpi_tracking_method
        when 'HIGHER_IS_BETTER' then 'at_least'
        when 'LOWER_IS_BETTER' then 'at_most'
    end as direction,
    try_cast(hs_target_amount as decimal(28, 10)) as target,
    cast(null as decimal(28, 10)) as baseline,
    cast(null as string) as objective,
    cast(null as string) as rationale,
    {{ unreadable({
        'period_start': ['hs_start_datetime', 'period_start'],
        'period_end': ['hs_end_datetime', 'period_end'],
        'target': ['hs_target_amount', 'try_cast(hs_target_amount as decimal(28, 10))'],
        'created_at': ['hs_createdate', hubspot_moment('hs_createdate')],
        'updated_at': ['modified_at', hubspot_moment('modified_at')],
    }) }} as unreadable,
    is_archived as is_deleted,
    period_start,
    period_end,
    {{ hubspot_moment('hs_createdate') }} as created_at,
    cast(null as timestamp) as acknowledged_at,
    {{ hubspot_moment('modified_at') }} as updated_at
from goals
