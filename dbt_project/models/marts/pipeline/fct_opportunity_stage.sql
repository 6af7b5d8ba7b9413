-- Stage visits: one row per unbroken stay of an opportunity in a stage.
with states as (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

stage_moves as (
    select * from {{ ref('int_stage_moves') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

entries as (
    select * from states
    where previous_stage_key is distinct from stage_key
),

visits as (
    select
        opportunity_key,
        stage_key,
        owner_id,
        amount,
        origin = 'inferred' as is_inferred,
        valid_from as entered_at,
        row_number() over entry_order as visit_number,
        lead(stage_key) over entry_order as next_stage_key,
        lead(valid_from) over entry_order as exited_at
    from entries
    window entry_order as (partition by opportunity_key order by valid_from)
)

select
    opportunities.opportunity_id,
    visits.owner_id,
    stages.pipeline,
    stages.stage,
    case
        when visits.next_stage_key is not null then stage_moves.move_kind
        when stages.is_closed then 'closed'
        else 'open'
    end as exit_kind,
    cast(visits.visit_number as integer) as visit_number,
    stages.stage_position,
    visits.amount,
    {{ days_between('visits.entered_at', "coalesce(visits.exited_at, " ~ as_of() ~ ")") }} as days_in_stage,
    visits.is_inferred,
    visits.entered_at,
    visits.exited_at
from visits
inner join opportunities
    on visits.opportunity_key = opportunities.opportunity_key
inner join stages
    on visits.stage_key = stages.stage_key
left join stage_moves
    on
        visits.stage_key = stage_moves.from_stage_key
        and visits.next_stage_key = stage_moves.to_stage_key
