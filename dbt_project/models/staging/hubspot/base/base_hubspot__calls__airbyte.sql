-- Calls as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_airbyte_records(
    'calls', source('hubspot_airbyte', 'engagements_calls'), source('hubspot_airbyte', 'engagements_calls_archived')
) }}
