-- What it means to go from one stage to another: one row per pair of different stages.
with stages as (
    select * from {{ ref('int_stages') }}
)

select
    origins.stage_key as from_stage_key,
    destinations.stage_key as to_stage_key,
    case
        when origins.is_closed and destinations.is_closed then 'closed'
        when origins.is_closed then 'reopened'
        when destinations.is_won then 'won'
        when destinations.is_closed then 'lost'
        when destinations.stage_position > origins.stage_position then 'advanced'
        else 'regressed'
    end as move_kind
from stages as origins
inner join stages as destinations
    on origins.stage_key <> destinations.stage_key
