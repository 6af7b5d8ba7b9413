-- Goals of persons, one row per period of a goal. Goals of teams are nobody's quota.
--
-- A goal is a family of targets. What deals are to bring by their close date counts as bookings; another goal
-- has the metric of its name. Of several such goals that a rep has for the same pipelines and time, one counts,
-- or the quota would be a multiple: the one with the shortest periods, then the oldest.
with goal_targets as (
    select * from {{ hubspot_base('goal_targets') }}
),

owners as (
    select
        user_id,
        min(id) as id
    from {{ hubspot_base('owners') }}
    where user_id is not null
    group by user_id
),

assigned as (
    select
        goal_targets.*,
        coalesce(nullif(goal_targets.hubspot_owner_id, ''), owners.id) as owner_id,
        coalesce(goal_targets.hs_group_correlation_uuid, goal_targets.id) as goal_family,
        coalesce(goal_targets.hs_pipeline_ids, '') as pipeline_ids,
        -- Periods are bounded in UTC, the end by the last moment of a day or the first one after it.
        cast({{ hubspot_moment('goal_targets.hs_start_datetime') }} as date) as period_start,
        cast({{ hubspot_moment('goal_targets.hs_end_datetime') }} - interval 1 millisecond as date)
            as period_end,
        -- The type id of deals is 0-3.
        case
            when goal_targets.hs_kpi_object_type_id is null
                then goal_targets.hs_goal_type = 'sales_quota'
            else
                goal_targets.hs_kpi_object_type_id = '0-3'
                and goal_targets.hs_kpi_unit_type = 'currency'
                and goal_targets.hs_kpi_time_period_property = 'closedate'
        end as is_bookings
    from goal_targets
    left join owners
        on goal_targets.hs_assignee_user_id = owners.user_id
),

goals as (
    select * from assigned
    where owner_id is not null
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
