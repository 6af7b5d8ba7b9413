-- How far each goal is reached, and whether it was set well.
{% set smart = ['is_specific', 'is_measurable', 'is_achievable', 'is_relevant', 'is_time_bound'] %}

with goals as (
    select * from {{ ref('int_goals') }}
),

figures as (
    select * from {{ ref('int_goal_figures') }}
),

working_days as (
    select * from {{ ref('int_working_days') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

teams as (
    select distinct team from {{ ref('dim_rep_version') }}
),

measured as (
    select
        goal_id,
        max(figure) filter (where span_number = 0) as actual,
        max(compared_figure) filter (where span_number = 0) as compared_actual,
        min(compared_figure) filter (where span_number > 0) as least_former,
        max(compared_figure) filter (where span_number > 0) as greatest_former
    from figures
    group by goal_id
),

-- Working days of running goals up to the as-of day and of all; all days where nobody works on any.
running as (
    select
        goals.goal_id,
        count(*) as day_count,
        count(*) filter (where working_days.date_day <= {{ as_of_day() }}) as elapsed_day_count,
        count(*) filter (where working_days.is_working_day) as working_day_count,
        count(*) filter (
            where working_days.is_working_day and working_days.date_day <= {{ as_of_day() }}
        ) as elapsed_working_day_count
    from goals
    inner join working_days
        on working_days.date_day between goals.period_start and goals.period_end
    where {{ as_of_day() }} between goals.period_start and goals.period_end
    group by goals.goal_id
),

paced as (
    select
        goal_id,
        case when working_day_count > 0 then working_day_count else day_count end as day_count,
        case when working_day_count > 0 then elapsed_working_day_count else elapsed_day_count end as elapsed_day_count
    from running
),

judged as (
    select
        goals.*,
        measured.actual,
        measured.compared_actual,
        measured.least_former,
        measured.greatest_former,
        paced.day_count,
        paced.elapsed_day_count,
        case
            when {{ as_of_day() }} < goals.period_start then 'ahead'
            when {{ as_of_day() }} > goals.period_end then 'over'
            else 'running'
        end as phase,
        -- Attainment is paced and progresses as what adds up over days does.
        goals.metric_kind = 'flow' or goals.metric = 'attainment' as is_cumulative,
        coalesce(
            case
                when goals.direction = 'at_least' then measured.compared_actual >= goals.target
                when goals.direction = 'at_most' then measured.compared_actual <= goals.target
            end, false
        ) as is_reached,
        goals.is_goal_metric
        and (
            goals.owner_type = 'company'
            or (goals.owner_type = 'rep' and users.user_id is not null)
            or (goals.owner_type = 'team' and teams.team is not null)
        ) as is_specific,
        measured.actual is not null or measured.least_former is not null as is_measurable,
        case
            when goals.direction = 'at_least' then goals.target <= {{ var('goal_stretch') }} * measured.greatest_former
            when goals.direction = 'at_most' then goals.target * {{ var('goal_stretch') }} >= measured.least_former
        end as is_achievable,
        coalesce(trim(goals.objective) <> '', false) as is_relevant,
        {{ dates_between('goals.period_start', 'goals.period_end') }} + 1 <= 366 as is_time_bound
    from goals
    left join measured
        on goals.goal_id = measured.goal_id
    left join paced
        on goals.goal_id = paced.goal_id
    left join users
        on goals.owner_id = users.user_id
    left join teams
        on goals.owner_id = teams.team
),

progressed as (
    select
        *,
        case phase
            when 'ahead' then 0
            when 'over' then 1
            else {{ ratio('elapsed_day_count', 'day_count') }}
        end as elapsed_rate,
        case
            when is_cumulative then {{ ratio('actual', 'target') }}
            when baseline is null and direction = 'at_most' then {{ ratio('target', 'actual') }}
            when baseline is null then {{ ratio('actual', 'target') }}
            when (direction = 'at_least' and target > baseline) or (direction = 'at_most' and target < baseline)
                then {{ ratio('actual - baseline', 'target - baseline') }}
        end as progress
    from judged
)

select
    goal_id,
    owner_type,
    owner_id,
    metric,
    direction,
    baseline,
    target,
    actual,
    is_reached,
    progress,
    elapsed_rate,
    case
        when phase = 'ahead' then 'not_started'
        when phase = 'over' and is_reached then 'achieved'
        when phase = 'over' then 'missed'
        when actual is null then 'at_risk'
        when metric = 'attainment' or (is_cumulative and direction = 'at_least')
            then case
                when is_reached then 'achieved'
                when progress >= elapsed_rate then 'on_track'
                else 'at_risk'
            end
        when is_cumulative
            then case
                when not is_reached then 'missed'
                when compared_actual * day_count > target * elapsed_day_count then 'at_risk'
                else 'on_track'
            end
        when is_reached then 'on_track'
        else 'at_risk'
    end as status,
    {% for criterion in smart %}
    {{ criterion }},
    {% endfor %}
    {{ smart | join(' and ') }} and is_achievable is not null as is_smart,
    concat_ws(
        ','{% for criterion in smart %},
        case when {{ criterion }} then null else '{{ criterion }}' end
        {%- endfor %}
    ) as smart_gaps,
    {{ days_between('created_at', 'acknowledged_at') }} as days_to_acknowledge,
    period_start,
    period_end,
    created_at,
    acknowledged_at
from progressed
