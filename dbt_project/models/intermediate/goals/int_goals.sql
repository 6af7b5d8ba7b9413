-- Goals that count, with what the catalogue knows of their metric.
{% set whole_months = "day(goals.period_start) = 1 and day(goals.period_end + 1) = 1" %}

with goals as (
    select * from {{ ref('int_goals_unioned') }}
),

kpis as (
    {% for kpi in kpis() %}
    select
        '{{ kpi.kpi }}' as metric,
        '{{ kpi.kind }}' as metric_kind,
        '{{ 'at_least' if kpi.better == 'higher' else 'at_most' }}' as better_direction
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

goal_metrics as (
    {% for kpi in goal_metrics() %}
    {% set last_kpi = loop.last %}
    {% for owner_type in kpi.goal_of %}
    select
        '{{ kpi.kpi }}' as metric,
        '{{ owner_type }}' as owner_type
    {{ 'union all' if not (last_kpi and loop.last) }}
    {% endfor %}
    {% endfor %}
)

select
    goals.goal_id,
    goals.owner_type,
    goals.owner_id,
    -- Whose figures count: there is one company, whatever it is called.
    case when goals.owner_type = 'company' then 'company' else goals.owner_id end as measured_id,
    goals.metric,
    kpis.metric_kind,
    coalesce(goals.direction, kpis.better_direction) as direction,
    goals.objective,
    goals.baseline,
    goals.target,
    goal_metrics.metric is not null as is_goal_metric,
    {{ whole_months }} as is_whole_months,
    goals.period_start,
    goals.period_end,
    goals.created_at,
    case when goals.acknowledged_at <= {{ as_of() }} then goals.acknowledged_at end as acknowledged_at
from goals
left join kpis
    on goals.metric = kpis.metric
left join goal_metrics
    on
        goals.metric = goal_metrics.metric
        and goals.owner_type = goal_metrics.owner_type
where
    not goals.is_deleted
    and coalesce(goals.created_at <= {{ as_of() }}, true)
