-- Outcomes of calls: Fivetran does not land them. HubSpot's own are known by their ids.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

select
    cast(null as varchar) as id,
    cast(null as varchar) as label
where false
