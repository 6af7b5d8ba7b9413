-- Companies as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_fivetran_records('companies', source('hubspot_fivetran', 'company'), ['id']) }}
