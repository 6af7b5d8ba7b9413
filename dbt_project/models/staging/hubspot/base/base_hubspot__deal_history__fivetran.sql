-- Changes of deals' properties as Fivetran lands them; who made one is in the id of its source.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}
{% set history = source('hubspot_fivetran', 'deal_property_history') %}
select
    {{ hubspot_text(history, ['deal_id']) }} as deal_id,
    {{ hubspot_text(history, ['name']) }} as property,
    {{ hubspot_text(history, ['timestamp']) }} as changed_at,
    nullif({{ hubspot_text(history, ['value']) }}, '') as value,
    nullif(regexp_extract({{ hubspot_text(history, ['source_id']) }}, 'userId:([0-9]+)', 1), '')
        as updated_by_user_id
from {{ history }}
where
    {{ hubspot_text(history, ['name']) }} in (
        'pipeline', 'dealstage', 'amount', 'closedate', 'hubspot_owner_id', 'hs_manual_forecast_category'
    )
