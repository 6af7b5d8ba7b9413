-- Stages of the sales pipelines, one row a pipeline and stage.
with landed as (
    select * from {{ source('raw', 'landing__pipeline_stages') }}
)

select
    landed.pipeline,
    landed.stage,
    landed.forecast_category,
    landed.position,
    landed.probability,
    landed.is_closed,
    landed.is_won
    {{ pass_through_from_source('pipeline_stages') }}
from landed
