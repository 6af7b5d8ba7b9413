-- Deals as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_airbyte_records(
    'deals', source('hubspot_airbyte', 'deals'), source('hubspot_airbyte', 'deals_archived')
) }}
