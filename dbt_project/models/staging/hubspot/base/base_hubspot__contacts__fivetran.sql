-- Contacts as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_fivetran_records('contacts', source('hubspot_fivetran', 'contact'), ['id']) }}
