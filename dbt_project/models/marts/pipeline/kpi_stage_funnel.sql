-- Of the opportunities that reached an open stage in a month: how many went on, were lost, are open still.
with all_states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

-- When an opportunity without history reached which stage is not known: it is in no funnel.
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
        lead(valid_from) over (partition by opportunity_key order by valid_from) as next_advance_at
    from ranked
    where funnel_rank > best_rank_before
),

reached as (
    select
        pipeline_key,
        funnel_rank,
        open_stage_count,
        is_closed,
        valid_from as reached_at,
        next_advance_at,
        {{ month_index('from_day') }} as cohort_month_index,
        {{ explode_integers('best_rank_before + 1', 'funnel_rank') }} as open_stage_number
    from advances
),

outcomes as (
    select
        pipeline_key,
        open_stage_number,
        cohort_month_index,
        is_closed,
        case when open_stage_number < funnel_rank then reached_at else next_advance_at end as advanced_at,
        reached_at
    from reached
    where open_stage_number <= open_stage_count
),

summed as (
    select
        pipeline_key,
        open_stage_number,
        cohort_month_index,
        count(*) as reached_count,
        count(advanced_at) as advanced_count,
        count(*) filter (where advanced_at is null and is_closed) as lost_count,
        count(*) filter (where advanced_at is null and not is_closed) as open_count,
        median({{ days_between('reached_at', 'advanced_at') }}) as median_days_to_advance
    from outcomes
    group by pipeline_key, open_stage_number, cohort_month_index
),

rated as (
    select
        stages.pipeline,
        stages.stage,
        stages.stage_position,
        summed.reached_count,
        summed.advanced_count,
        summed.lost_count,
        summed.open_count,
        {{ ratio('summed.advanced_count', 'summed.reached_count') }} as conversion_rate,
        summed.median_days_to_advance,
        summed.reached_count >= {{ var('bottleneck_min_cohort') }} as is_large_enough,
        {{ month_start('summed.cohort_month_index') }} as cohort_month
    from summed
    inner join stages
        on
            summed.pipeline_key = stages.pipeline_key
            and summed.open_stage_number = stages.funnel_rank
            and not stages.is_closed
    inner join first_event
        on summed.cohort_month_index >= first_event.first_month
)

select
    pipeline,
    stage,
    stage_position,
    cast(reached_count as integer) as reached_count,
    cast(advanced_count as integer) as advanced_count,
    cast(lost_count as integer) as lost_count,
    cast(open_count as integer) as open_count,
    conversion_rate,
    median_days_to_advance,
    is_large_enough
    and row_number() over (
        partition by pipeline, cohort_month, is_large_enough order by conversion_rate, stage_position
    ) = 1 as is_bottleneck,
    cohort_month
from rated
