-- Calls as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_fivetran_records('calls', source('hubspot_fivetran', 'engagement_call'), ['engagement_id']) }}
