-- Exchange rates: Fivetran does not land them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}

select
    cast(null as string) as from_currency,
    cast(null as string) as to_currency,
    cast(null as string) as conversion_rate,
    cast(null as string) as effective_at
where false
