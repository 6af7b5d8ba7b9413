-- Stages of deal pipelines as Airbyte lands them: inside their pipelines, as HubSpot's older API names them.
{{ config(enabled=hubspot_is_landed_by('airbyte')) }}
{% set pipeline = source('hubspot_airbyte', 'deal_pipelines') %}
with pipelines as (
    select
        {{ hubspot_text(pipeline, ['pipelineId', 'id']) }} as pipeline_id,
        {{ hubspot_text(pipeline, ['label']) }} as pipeline_label,
        {{ hubspot_text(pipeline, ['stages']) }} as stage_list
    from {{ pipeline }}
),

stages as (
    select
        pipeline_id,
        pipeline_label,
        {{ explode_list(json_list('stage_list', {
            'stageId': 'string', 'id': 'string', 'label': 'string', 'displayOrder': 'string',
            'metadata': {'isClosed': 'string', 'probability': 'string'}
        })) }} as stage_record
    from pipelines
)

select
    stages.pipeline_id,
    coalesce(stages.stage_record.stageid, stages.stage_record.id) as stage_id,
    stages.pipeline_label,
    stages.stage_record.label as stage_label,
    stages.stage_record.displayorder as display_order,
    stages.stage_record.metadata.isclosed as is_closed,
    stages.stage_record.metadata.probability,
    true as is_live
from stages
