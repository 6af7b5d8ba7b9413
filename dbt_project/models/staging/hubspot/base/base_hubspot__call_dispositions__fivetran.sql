-- Outcomes of calls: Fivetran does not land them. HubSpot's own are known by their ids.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

select
    cast(null as string) as id,
    cast(null as string) as label
where false
