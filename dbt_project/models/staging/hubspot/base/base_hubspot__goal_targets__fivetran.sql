-- Goals: not read where Fivetran lands HubSpot.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

select
    cast(null as varchar) as id,
    cast(null as varchar) as hs_goal_name,
    cast(null as varchar) as hs_goal_type,
    cast(null as varchar) as hs_milestone,
    cast(null as varchar) as hs_group_correlation_uuid,
    cast(null as varchar) as hubspot_owner_id,
    cast(null as varchar) as hs_assignee_user_id,
    cast(null as varchar) as hs_pipeline_ids,
    cast(null as varchar) as hs_start_datetime,
    cast(null as varchar) as hs_end_datetime,
    cast(null as varchar) as hs_target_amount,
    cast(null as varchar) as hs_goal_target_currency_code,
    cast(null as varchar) as hs_kpi_object_type_id,
    cast(null as varchar) as hs_kpi_unit_type,
    cast(null as varchar) as hs_kpi_time_period_property,
    cast(null as varchar) as hs_createdate,
    cast(null as varchar) as modified_at,
    false as is_archived
where false
