-- The spans of days over which goals are measured: the goal's own (0) and the four of the same length just before (1 is
-- the newest). Here are those that have a value: they have begun by the as-of day, those before the goal do not begin
-- before the first event, and metrics known by the month need whole months.
{% set monthly_metrics = "'" ~ monthly_goal_metrics() | join("', '") ~ "'" %}

with goals as (
    select
        *,
        {{ month_index('period_start') }} as first_month,
        {{ month_index('period_end') }} as last_month,
        {{ dates_between('period_start', 'period_end') }} + 1 as day_count
    from {{ ref('int_goals') }}
    where
        is_goal_metric
        and (
            is_whole_months
            or metric not in ({{ monthly_metrics }})
        )
),

first_event as (
    select * from {{ ref('int_first_event') }}
),

numbers as (
    select {{ explode_integers(0, 4) }} as span_number
),

months as (
    select
        goals.*,
        numbers.span_number,
        goals.first_month - numbers.span_number * (goals.last_month - goals.first_month + 1) as span_month,
        goals.first_month - (numbers.span_number - 1) * (goals.last_month - goals.first_month + 1) as next_month
    from goals
    cross join numbers
),

-- No month before the year 0 has a number; no event is as old.
spans as (
    select
        goal_id,
        owner_type,
        measured_id,
        metric,
        span_number,
        case
            when is_whole_months then {{ month_start('greatest(span_month, 0)') }}
            else cast(period_start - span_number * day_count as date)
        end as first_day,
        case
            when is_whole_months then cast({{ month_start('greatest(next_month, 0)') }} - 1 as date)
            else cast(period_end - span_number * day_count as date)
        end as last_day
    from months
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
