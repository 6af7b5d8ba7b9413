-- Changes of deals' properties as Airbyte lands them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}
{% set history = source('hubspot_airbyte', 'deals_property_history') %}
select
    {{ hubspot_text(history, ['dealId']) }} as deal_id,
    {{ hubspot_text(history, ['property', 'name']) }} as property,
    {{ hubspot_text(history, ['timestamp']) }} as changed_at,
    nullif({{ hubspot_text(history, ['value']) }}, '') as value,
    {{ hubspot_text(history, ['updatedByUserId']) }} as updated_by_user_id
from {{ history }}
where
    {{ hubspot_text(history, ['property', 'name']) }} in (
        'pipeline', 'dealstage', 'amount', 'closedate', 'hubspot_owner_id', 'hs_manual_forecast_category'
    )
