-- Stages of deal pipelines as Fivetran lands them.
{{ config(enabled=hubspot_is_landed_by('fivetran')) }}
{% set pipeline = source('hubspot_fivetran', 'deal_pipeline') %}
{% set stage = source('hubspot_fivetran', 'deal_pipeline_stage') %}
with pipelines as (
    select
        {{ hubspot_text(pipeline, ['pipeline_id']) }} as pipeline_id,
        {{ hubspot_text(pipeline, ['label']) }} as pipeline_label
    from {{ pipeline }}
),

stages as (
    select
        {{ hubspot_text(stage, ['pipeline_id']) }} as pipeline_id,
        {{ hubspot_text(stage, ['stage_id']) }} as stage_id,
        {{ hubspot_text(stage, ['label']) }} as stage_label,
        {{ hubspot_text(stage, ['display_order']) }} as display_order,
        {{ hubspot_text(stage, ['is_closed']) }} as is_closed,
        {{ hubspot_text(stage, ['probability']) }} as probability,
        {{ hubspot_flag(stage, ['_fivetran_deleted']) }} as is_deleted
    from {{ stage }}
)

select
    stages.pipeline_id,
    stages.stage_id,
    pipelines.pipeline_label,
    stages.stage_label,
    stages.display_order,
    stages.is_closed,
    stages.probability,
    not stages.is_deleted as is_live
from stages
left join pipelines
    on stages.pipeline_id = pipelines.pipeline_id
