-- Goals with their owners and days, one row per period of a goal, and what they are to the contract.
--
-- What a person's deals are to bring by their close date is a quota: `is_bookings`. `kpi` is the KPI of the catalogue
-- that HubSpot measures a goal by, null where it measures something else: only some pipelines, only some records, or
-- money in another currency than the base currency.
with goal_targets as (
    select * from {{ hubspot_base('goal_targets') }}
),

user_owners as (
    select * from {{ ref('base_hubspot__user_owners') }}
),

teams as (
    select * from {{ ref('base_hubspot__teams') }}
),

assigned as (
    select
        goal_targets.*,
        coalesce(nullif(goal_targets.hubspot_owner_id, ''), user_owners.owner_id) as owner_id,
        teams.name as team,
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
        end as is_bookings,
        coalesce(nullif(goal_targets.hs_kpi_filter_groups, ''), '[]') like '%hs_is_closed_won%' as is_of_won,
        {{ replace_matches(
            "coalesce(goal_targets.hs_kpi_filter_groups, '')", '"(property|propertyName)": *"hs_is_closed_won"', ''
        ) }} like '%"property%' as is_filtered,
        coalesce(goal_targets.hs_kpi_unit_type = 'currency', false) as is_money,
        coalesce(
            upper(nullif(goal_targets.hs_goal_target_currency_code, '')) = '{{ var("base_currency") }}', true
        ) as is_in_base_currency
    from goal_targets
    left join user_owners
        on goal_targets.hs_assignee_user_id = user_owners.user_id
    left join teams
        on goal_targets.hs_assignee_team_id = teams.id
)

select
    *,
    case
        when pipeline_ids <> '' or is_filtered or (is_money and not is_in_base_currency) then null
        when is_bookings then 'won_amount'
        when is_money and coalesce(hs_kpi_metric_type, '') <> 'SUM' then null
        when not is_money and coalesce(hs_kpi_metric_type, '') <> 'COUNT' then null
        when hs_kpi_object_type_id = '0-3' and hs_kpi_time_period_property = 'createdate' and not is_of_won
            then case when is_money then 'created_amount' else 'created_count' end
        when hs_kpi_object_type_id = '0-3' and hs_kpi_time_period_property = 'closedate' and is_of_won
            then 'won_count'
        -- Calls made.
        when hs_kpi_object_type_id = '0-48' and not is_money then 'outbound_calls'
    end as kpi
from assigned
