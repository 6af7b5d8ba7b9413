-- Goals of persons that are no goals on a KPI, one row per period of a goal. Goals of teams are nobody's quota.
--
-- A goal is a family of targets. What deals are to bring by their close date counts as bookings; another goal
-- has the metric of its name. Of several such goals that a rep has for the same pipelines and time, one counts,
-- or the quota would be a multiple: the one with the shortest periods, then the oldest.
with goals as (
    select * from {{ ref('base_hubspot__goals') }}
    where
        owner_id is not null
        and (is_bookings or kpi is null)
),

families as (
    select
        owner_id,
        pipeline_ids,
        goal_family,
        row_number() over (
            partition by owner_id, pipeline_ids
            order by max({{ dates_between('period_start', 'period_end') }}), min(hs_createdate), goal_family
        ) as family_rank
    from goals
    where is_bookings and not is_archived
    group by owner_id, pipeline_ids, goal_family
),

bookings as (
    select
        goals.id,
        goals.owner_id,
        goals.pipeline_ids,
        goals.period_start,
        goals.period_end,
        families.family_rank
    from goals
    inner join families
        on
            goals.owner_id = families.owner_id
            and goals.pipeline_ids = families.pipeline_ids
            and goals.goal_family = families.goal_family
    where goals.is_bookings and not goals.is_archived
),

repeated as (
    select distinct bookings.id
    from bookings
    inner join bookings as preferred
        on
            bookings.owner_id = preferred.owner_id
            and bookings.pipeline_ids = preferred.pipeline_ids
            and bookings.period_start <= preferred.period_end
            and bookings.period_end >= preferred.period_start
            and bookings.family_rank > preferred.family_rank
)

select
    {{ source_id('hubspot', 'goals.id') }} as quota_id,
    {{ source_id('hubspot', 'goals.owner_id') }} as user_id,
    case
        when goals.is_bookings and repeated.id is null then 'bookings'
        else coalesce(nullif(goals.hs_goal_name, ''), goals.hs_goal_type, goals.goal_family)
    end as metric,
    upper(nullif(goals.hs_goal_target_currency_code, '')) as currency,
    {{ unreadable({
        'period_start': ['goals.hs_start_datetime', 'goals.period_start'],
        'period_end': ['goals.hs_end_datetime', 'goals.period_end'],
        'amount': ['goals.hs_target_amount', 'try_cast(goals.hs_target_amount as decimal(18, 4))'],
        'updated_at': ['goals.modified_at', hubspot_moment('goals.modified_at')],
    }) }} as unreadable,
    try_cast(goals.hs_target_amount as decimal(18, 4)) as amount,
    goals.is_archived as is_deleted,
    goals.period_start,
    goals.period_end,
    {{ hubspot_moment('goals.modified_at') }} as updated_at
from goals
left join repeated
    on goals.id = repeated.id
