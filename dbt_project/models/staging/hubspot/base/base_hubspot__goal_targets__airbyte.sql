-- Goals: not read where Airbyte lands HubSpot.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

select
    cast(null as string) as id,
    cast(null as string) as hs_goal_name,
    cast(null as string) as hs_goal_type,
    cast(null as string) as hs_milestone,
    cast(null as string) as hs_group_correlation_uuid,
    cast(null as string) as hubspot_owner_id,
    cast(null as string) as hs_assignee_user_id,
    cast(null as string) as hs_pipeline_ids,
    cast(null as string) as hs_start_datetime,
    cast(null as string) as hs_end_datetime,
    cast(null as string) as hs_target_amount,
    cast(null as string) as hs_goal_target_currency_code,
    cast(null as string) as hs_kpi_object_type_id,
    cast(null as string) as hs_kpi_unit_type,
    cast(null as string) as hs_kpi_time_period_property,
    cast(null as string) as hs_createdate,
    cast(null as string) as modified_at,
    false as is_archived
where false
