-- Stages of deal pipelines, deleted ones and all that deals' histories name included. One row per pipeline and
-- stage.
--
-- In the order of the pipeline; a stage without a place in it stands after the last open one.
with stages as (
    select * from {{ ref('base_hubspot__stages') }}
),

distinct_stages as (
    select * from stages
    qualify row_number() over (
        partition by pipeline, stage order by not is_live, display_order nulls last, stage_id
    ) = 1
)

select
    {{ source_id('hubspot', 'pipeline') }} as pipeline,
    stage,
    cast(null as string) as forecast_category,
    cast(null as string) as unreadable,
    row_number() over (
        partition by pipeline order by is_closed, display_order nulls last, not is_live, stage
    ) - 1 as position,
    probability,
    is_closed,
    is_won
from distinct_stages
