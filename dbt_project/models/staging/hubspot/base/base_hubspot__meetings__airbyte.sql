-- Meetings as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_airbyte_records(
    'meetings', source('hubspot_airbyte', 'engagements_meetings'), source('hubspot_airbyte', 'engagements_meetings_archived')
) }}
