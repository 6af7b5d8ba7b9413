-- Exchange rates: Airbyte does not land them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}

select
    cast(null as varchar) as from_currency,
    cast(null as varchar) as to_currency,
    cast(null as varchar) as conversion_rate,
    cast(null as varchar) as effective_at
where false
