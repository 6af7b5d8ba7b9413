-- The open stages that each opportunity reached in the pipeline of its last state: when, whose it was then, and when it
-- went on. Skipped stages are reached, too. An opportunity without history is not here: when it reached which stage is
-- not known.
with all_states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

states as {{ inlined() }} (
    select * from all_states
    where origin <> 'inferred'
),

last_stages as (
    select
        states.opportunity_key,
        stages.pipeline_key,
        stages.is_closed
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    where states.valid_to is null
),

-- An opportunity counts in the pipeline of its last state, with its states there. Lost stages have no rank.
entries as (
    select
        states.opportunity_key,
        stages.pipeline_key,
        stages.open_stage_count,
        last_stages.is_closed,
        stages.funnel_rank,
        states.owner_id,
        states.from_day,
        states.valid_from
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    inner join last_stages
        on
            states.opportunity_key = last_stages.opportunity_key
            and stages.pipeline_key = last_stages.pipeline_key
    where
        stages.funnel_rank is not null
        and states.previous_stage_key is distinct from states.stage_key
),

ranked as (
    select
        *,
        coalesce(max(funnel_rank) over (
            partition by opportunity_key order by valid_from
            rows between unbounded preceding and 1 preceding
        ), 0) as best_rank_before
    from entries
),

-- An entry that goes further than all before it reaches its stage and the skipped ones at the same moment.
advances as (
    select
        *,
        lead(from_day) over advances as next_advance_on,
        lead(valid_from) over advances as next_advance_at
    from ranked
    where funnel_rank > best_rank_before
    window advances as (partition by opportunity_key order by valid_from)
),

reached as (
    select
        *,
        {{ explode_integers('best_rank_before + 1', 'funnel_rank') }} as open_stage_number
    from advances
)

select
    opportunity_key,
    pipeline_key,
    open_stage_number,
    owner_id,
    is_closed,
    from_day as reached_on,
    case when open_stage_number < funnel_rank then from_day else next_advance_on end as advanced_on,
    valid_from as reached_at,
    case when open_stage_number < funnel_rank then valid_from else next_advance_at end as advanced_at
from reached
where open_stage_number <= open_stage_count
