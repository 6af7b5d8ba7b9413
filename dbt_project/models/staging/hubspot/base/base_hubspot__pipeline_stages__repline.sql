-- Stages of deal pipelines as Repline loads them, those deleted since with their last label.
{{ config(enabled=hubspot_is_landed_by('repline')) }}

with pipelines as (
    select * from {{ source('hubspot', 'hubspot__pipelines') }}
),

stages as (
    select * from {{ source('hubspot', 'hubspot__pipeline_stages') }}
)

select
    stages.pipeline_id,
    stages.id as stage_id,
    pipelines.label as pipeline_label,
    stages.label as stage_label,
    stages.display_order,
    stages.is_closed,
    stages.probability,
    not stages._is_gone as is_live
from stages
left join pipelines
    on stages.pipeline_id = pipelines.id
