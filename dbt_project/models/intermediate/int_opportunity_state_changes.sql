-- What begins with each state: for whom, on which day, and what kind of move from the stage before it is.
with states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

stage_moves as (
    select * from {{ ref('int_stage_moves') }}
)

select
    states.owner_id,
    stage_moves.move_kind,
    not stages.is_closed as is_open,
    states.from_day,
    states.to_day
from states
inner join stages
    on states.stage_key = stages.stage_key
left join stage_moves
    on
        states.previous_stage_key = stage_moves.from_stage_key
        and states.stage_key = stage_moves.to_stage_key
