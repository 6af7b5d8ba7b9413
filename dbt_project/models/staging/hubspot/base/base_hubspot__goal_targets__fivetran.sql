-- Goals: not read where Fivetran lands HubSpot.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_without_rows('goal_targets') }}
