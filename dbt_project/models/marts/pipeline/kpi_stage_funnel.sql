-- Of the opportunities that reached an open stage in a month: how many went on, were lost, are open still.
with reaches as (
    select * from {{ ref('int_stage_reaches') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

summed as (
    select
        pipeline_key,
        open_stage_number,
        {{ month_index('reached_on') }} as cohort_month_index,
        count(*) as reached_count,
        count(advanced_at) as advanced_count,
        count(*) filter (where advanced_at is null and is_closed) as lost_count,
        count(*) filter (where advanced_at is null and not is_closed) as open_count,
        median({{ days_between('reached_at', 'advanced_at') }}) as median_days_to_advance
    from reaches
    group by pipeline_key, open_stage_number, {{ month_index('reached_on') }}
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
