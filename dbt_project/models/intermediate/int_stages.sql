-- Stages with whole-number keys and their place in the funnel. Sorting five million states by stage and
-- pipeline names took twice as long as by keys.
with pipeline_stages as (
    select * from {{ ref('int_pipeline_stages_unioned') }}
),

keyed as (
    select
        pipeline,
        stage,
        position,
        probability,
        coalesce({{ forecast_category('forecast_category') }}, 'pipeline') as forecast_category,
        is_closed,
        is_won,
        cast(row_number() over (order by pipeline, position, stage) as smallint) as stage_key,
        cast(dense_rank() over (order by pipeline) as smallint) as pipeline_key,
        cast(count(*) filter (where not is_closed) over (
            partition by pipeline order by position, stage
        ) as smallint) as open_stages_so_far,
        cast(count(*) filter (where not is_closed) over (
            partition by pipeline
        ) as smallint) as open_stage_count
    from pipeline_stages
)

select
    stage_key,
    pipeline_key,
    pipeline,
    stage,
    position as stage_position,
    probability,
    forecast_category,
    open_stage_count,
    -- 1 for the first open stage; a won stage comes after the last open one; a lost stage has none.
    case
        when not is_closed then open_stages_so_far
        when is_won then open_stage_count + 1
    end as funnel_rank,
    min(stage_key) filter (where not is_closed) over (partition by pipeline) as first_open_stage_key,
    is_closed,
    is_won
from keyed
