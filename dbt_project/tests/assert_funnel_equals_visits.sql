-- What: of each open stage, the opportunities that reached it, went on, were lost and are open, over all
-- cohorts, are those that the stage visits show.
-- Why: the funnel follows each opportunity from entry to entry. How far each one came in all says the same
-- without any order of time.
-- A failure means that an opportunity is missing, counted twice, or has the wrong outcome.
with funnel as (
    select * from {{ ref('kpi_stage_funnel') }}
),

visits as (
    select * from {{ ref('fct_opportunity_stage') }}
    where not is_inferred
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

first_cohort as (
    select calendar_days.starts_at
    from calendar_days
    inner join first_event
        on calendar_days.calendar_day = {{ month_start('first_event.first_month') }}
),

-- What was reached before the first cohort is in none.
ranges as (
    select
        visits.opportunity_id,
        opportunities.pipeline,
        opportunities.status,
        max(stages.funnel_rank) as best_rank,
        coalesce(max(stages.funnel_rank) filter (where visits.entered_at < first_cohort.starts_at), 0) as rank_before
    from visits
    inner join opportunities
        on
            visits.opportunity_id = opportunities.opportunity_id
            and visits.pipeline = opportunities.pipeline
    inner join stages
        on
            visits.pipeline = stages.pipeline
            and visits.stage = stages.stage
    cross join first_cohort
    where stages.funnel_rank is not null
    group by visits.opportunity_id, opportunities.pipeline, opportunities.status
),

range_counts as (
    select
        pipeline,
        status,
        best_rank,
        rank_before,
        count(*) as opportunity_count
    from ranges
    group by pipeline, status, best_rank, rank_before
),

expected as (
    select
        stages.pipeline,
        stages.stage,
        sum(range_counts.opportunity_count) as reached_count,
        coalesce(sum(range_counts.opportunity_count) filter (
            where range_counts.best_rank > stages.funnel_rank
        ), 0) as advanced_count,
        coalesce(sum(range_counts.opportunity_count) filter (
            where range_counts.best_rank = stages.funnel_rank and range_counts.status = 'lost'
        ), 0) as lost_count,
        coalesce(sum(range_counts.opportunity_count) filter (
            where range_counts.best_rank = stages.funnel_rank and range_counts.status = 'open'
        ), 0) as open_count
    from range_counts
    inner join stages
        on
            range_counts.pipeline = stages.pipeline
            and range_counts.rank_before < stages.funnel_rank
            and range_counts.best_rank >= stages.funnel_rank
    where not stages.is_closed
    group by stages.pipeline, stages.stage
),

reported as (
    select
        pipeline,
        stage,
        sum(reached_count) as reached_count,
        sum(advanced_count) as advanced_count,
        sum(lost_count) as lost_count,
        sum(open_count) as open_count
    from funnel
    group by pipeline, stage
)

select
    {% for outcome in ['reached', 'advanced', 'lost', 'open'] %}
    expected.{{ outcome }}_count as expected_{{ outcome }}_count,
    reported.{{ outcome }}_count as reported_{{ outcome }}_count,
    {% endfor %}
    coalesce(expected.pipeline, reported.pipeline) as pipeline,
    coalesce(expected.stage, reported.stage) as stage
from expected
full join reported
    on
        expected.pipeline = reported.pipeline
        and expected.stage = reported.stage
where
    false
    {% for outcome in ['reached', 'advanced', 'lost', 'open'] %}
    or expected.{{ outcome }}_count is distinct from reported.{{ outcome }}_count
    {% endfor %}
