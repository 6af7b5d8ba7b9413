-- Deals as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}
{% set renamed = {
    'pipeline': ['deal_pipeline_id'],
    'dealstage': ['deal_pipeline_stage_id'],
    'hubspot_owner_id': ['owner_id'],
} %}
{{ hubspot_fivetran_records('deals', source('hubspot_fivetran', 'deal'), ['deal_id', 'id'], renamed) }}
