-- What: the closing of a month is the opening of the next one, of each pipeline and owner. No row is 0.
-- Why: months are compared pairwise; the chain of them has to hold.
-- A failure means that a state is lost or counted twice at a month boundary.
with waterfall as (
    select * from {{ ref('kpi_pipeline_waterfall') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
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

-- What is open at the start of the first month began before the days that count.
select
    boundaries.pipeline,
    boundaries.owner_id,
    boundaries.boundary,
    sum(boundaries.amount) as difference
from boundaries
inner join first_event
    on boundaries.boundary > first_event.first_month
where boundaries.boundary <= {{ as_of_month() }}
group by boundaries.pipeline, boundaries.owner_id, boundaries.boundary
having sum(boundaries.amount) <> 0
