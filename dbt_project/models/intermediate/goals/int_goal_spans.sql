-- The spans of days over which goals are measured: the goal's own (0) and the four of the same length just before (1 is
-- the newest). Here are those that have a value: they have begun by the as-of day, those before the goal do not begin
-- before the first event, and metrics known by the month need whole months.
{% set former = 'goals.first_month - numbers.span_number * goals.month_count' %}

with goals as (
    select
        *,
        {{ month_index('period_start') }} as first_month,
        {{ month_index('period_end') }} - {{ month_index('period_start') }} + 1 as month_count,
        {{ dates_between('period_start', 'period_end') }} + 1 as day_count
    from {{ ref('int_goals') }}
    where
        is_goal_metric
        and (
            is_whole_months
            or metric not in ('{{ monthly_goal_metrics() | join("', '") }}')
        )
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

numbers as (
    select {{ explode_integers(0, 4) }} as span_number
),

spans as (
    select
        goals.goal_id,
        goals.owner_type,
        goals.measured_id,
        goals.metric,
        goals.metric_kind,
        numbers.span_number,
        case
            -- No month before year 0 has a number; no event is as old.
            when goals.is_whole_months then {{ month_start('greatest(' ~ former ~ ', 0)') }}
            else cast(goals.period_start - numbers.span_number * goals.day_count as date)
        end as first_day,
        case
            when goals.is_whole_months then cast({{ month_start('greatest(' ~ former ~ ' + goals.month_count, 0)') }} - 1 as date)
            else cast(goals.period_end - numbers.span_number * goals.day_count as date)
        end as last_day
    from goals
    cross join numbers
)

select spans.*
from spans
cross join first_event
where
    spans.first_day <= {{ as_of_day() }}
    and (
        spans.span_number = 0
        or spans.first_day >= first_event.first_event_on
    )
