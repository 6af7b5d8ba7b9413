-- Exchange rates: Fivetran does not land them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

{{ hubspot_without_rows('exchange_rates') }}
