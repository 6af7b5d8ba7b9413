-- Stages of the sales pipelines.
{{ config(contract={'enforced': not pass_through_names('pipeline_stages')}) }}

with pipeline_stages as (
    select * from {{ ref('int_pipeline_stages_unioned') }}
)

select
    pipeline_stages.pipeline,
    pipeline_stages.stage,
    pipeline_stages.forecast_category,
    pipeline_stages.position as stage_position,
    pipeline_stages.probability,
    pipeline_stages.is_closed,
    {% for name in pass_through_names('pipeline_stages') %}
    pipeline_stages.{{ adapter.quote(name) }},
    {% endfor %}
    pipeline_stages.is_won
from pipeline_stages
