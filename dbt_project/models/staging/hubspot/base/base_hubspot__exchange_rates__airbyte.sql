-- Exchange rates: Airbyte does not land them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

{{ hubspot_without_rows('exchange_rates') }}
