-- Contacts as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_airbyte_records(
    'contacts', source('hubspot_airbyte', 'contacts'), source('hubspot_airbyte', 'contacts_archived')
) }}
