-- Companies as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_airbyte_records(
    'companies', source('hubspot_airbyte', 'companies'), source('hubspot_airbyte', 'companies_archived')
) }}
