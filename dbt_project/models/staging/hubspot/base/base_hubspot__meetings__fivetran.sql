-- Meetings as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_fivetran_records(
    'meetings', source('hubspot_fivetran', 'engagement_meeting'), ['engagement_id']
) }}
