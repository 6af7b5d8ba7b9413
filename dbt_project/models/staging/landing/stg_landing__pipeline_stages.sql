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
    {% for name in landed_pass_through_names('pipeline_stages') %}
    landed.{{ adapter.quote(name) }},
    {% endfor %}
    landed.is_won
from landed
