-- Outcomes of calls: Airbyte does not land them. HubSpot's own are known by their ids.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

select
    cast(null as string) as id,
    cast(null as string) as label
where false
