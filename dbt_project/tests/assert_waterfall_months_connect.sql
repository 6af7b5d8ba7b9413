-- What: the closing of a month is the opening of the next one, of each pipeline and owner. No row is 0.
-- Why: months are compared pairwise; the chain of them has to hold.
-- A failure means that a state is lost or counted twice at a month boundary.
with waterfall as (
    select * from {{ ref('kpi_pipeline_waterfall') }}
),

boundaries as (
    select
        pipeline,
        owner_id,
        {{ month_index('month') }} + 1 as boundary,
        closing as amount
    from waterfall
    union all
    select
        pipeline,
        owner_id,
        {{ month_index('month') }} as boundary,
        -opening as amount
    from waterfall
)

select
    pipeline,
    owner_id,
    boundary,
    sum(amount) as difference
from boundaries
where boundary <= {{ as_of_month() }}
group by pipeline, owner_id, boundary
having sum(amount) <> 0
