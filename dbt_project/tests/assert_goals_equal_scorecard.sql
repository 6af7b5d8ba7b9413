-- What: a goal of a calendar month, a fiscal quarter or a fiscal year has the figure of its owner's scorecard.
-- Why: goals are added up over days, scorecards over periods, and people look at both.
-- A failure means that a day counts in one and not in the other, or for another team.
{% set shared = [] %}
{% for kpi in goal_metrics() if kpi.kpi in scorecard_columns() %}
{% do shared.append(kpi.kpi) %}
{% endfor %}
{% set owners = {'rep': 'user_id', 'team': 'team', 'company': 'cast(null as string)'} %}

with goals as (
    select * from {{ ref('kpi_goal_progress') }}
),

scorecards as (
    {% for owner_type, owner in owners.items() %}
    select
        '{{ owner_type }}' as owner_type,
        {{ owner }} as owner_id,
        {% for metric in shared %}
        {{ metric }},
        {% endfor %}
        period_start,
        period_end
    from {{ ref('kpi_' ~ owner_type ~ '_scorecard') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

compared as (
    select
        goals.goal_id,
        goals.metric,
        goals.actual,
        case goals.metric
            {% for metric in shared %}
            when '{{ metric }}' then cast(scorecards.{{ metric }} as double)
            {% endfor %}
        end as figure_of_scorecard
    from goals
    inner join scorecards
        on
            goals.owner_type = scorecards.owner_type
            and (goals.owner_id = scorecards.owner_id or scorecards.owner_id is null)
            and goals.period_start = scorecards.period_start
            and goals.period_end = scorecards.period_end
    where
        goals.metric in ('{{ shared | join("', '") }}')
        and goals.period_start <= {{ as_of_day() }}
)

select * from compared
where actual is distinct from figure_of_scorecard
