-- What: over all reps and fiscal quarters, the opportunities that reached an open stage, went on, were lost and are
-- open are those of the stage funnel over all its cohort months.
-- Why: reps are coached by their own funnels, and the company is steered by the one of all.
-- A failure means that an opportunity has no rep or two at the moment of reaching the stage.
{% set outcomes = ['reached', 'advanced', 'lost', 'open'] %}

with rep_funnel as (
    select
        {% for outcome in outcomes %}
        sum({{ outcome }}_count) as {{ outcome }}_count,
        {% endfor %}
        pipeline,
        stage
    from {{ ref('kpi_rep_stage_funnel') }}
    group by pipeline, stage
),

-- There are rows of months in which nothing was reached.
funnel as (
    select
        {% for outcome in outcomes %}
        sum({{ outcome }}_count) as {{ outcome }}_count,
        {% endfor %}
        pipeline,
        stage
    from {{ ref('kpi_stage_funnel') }}
    group by pipeline, stage
    having sum(reached_count) > 0
)

select
    {% for outcome in outcomes %}
    rep_funnel.{{ outcome }}_count as {{ outcome }}_count_of_reps,
    funnel.{{ outcome }}_count,
    {% endfor %}
    coalesce(rep_funnel.pipeline, funnel.pipeline) as pipeline,
    coalesce(rep_funnel.stage, funnel.stage) as stage
from rep_funnel
full join funnel
    on
        rep_funnel.pipeline = funnel.pipeline
        and rep_funnel.stage = funnel.stage
where
    false
    {% for outcome in outcomes %}
    or rep_funnel.{{ outcome }}_count is distinct from funnel.{{ outcome }}_count
    {% endfor %}
