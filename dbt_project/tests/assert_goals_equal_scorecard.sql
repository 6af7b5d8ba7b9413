-- What: a rep's goal of a calendar month, a fiscal quarter or a fiscal year has the figure of the rep's scorecard.
-- Why: goals are added up over days, scorecards over periods, and people look at both.
-- A failure means that a day is counted in one and not in the other.
{% set shared = [] %}
{% for kpi in goal_metrics() if kpi.kpi in scorecard_columns() %}
{% do shared.append(kpi.kpi) %}
{% endfor %}

with goals as (
    select * from {{ ref('kpi_goal_progress') }}
),

scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

compared as (
    select
        goals.goal_id,
        goals.metric,
        goals.actual,
        case goals.metric
            {% for metric in shared %}
            when '{{ metric }}' then cast(scorecard.{{ metric }} as double)
            {% endfor %}
        end as figure_of_scorecard
    from goals
    inner join scorecard
        on
            goals.owner_id = scorecard.user_id
            and goals.period_start = scorecard.period_start
            and goals.period_end = scorecard.period_end
    where
        goals.owner_type = 'rep'
        and goals.metric in ('{{ shared | join("', '") }}')
        and goals.period_start <= {{ as_of_day() }}
)

select * from compared
where actual is distinct from figure_of_scorecard
