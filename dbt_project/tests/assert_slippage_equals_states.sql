-- What: the opportunities due in each month, and those of them that were won, lost, slipped and remain, are by owner
-- what their states show at the first and the last moment of the month.
-- Why: the report compares numbered months, and takes for remaining what is nothing else; one without an end state
-- would be left out silently. Here moments are compared, and each outcome has a condition of its own.
-- A failure means that an opportunity is missing or doubled, or has the wrong outcome.
{% set outcomes = ['due', 'won', 'lost', 'slipped', 'remaining'] %}

with slippage as (
    select * from {{ ref('kpi_slippage') }}
    where period_type = 'month'
),

states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

months as (
    select * from {{ ref('int_periods') }}
    where period_type = 'month'
),

calendar_days as (
    select * from {{ ref('int_calendar_days') }}
),

-- The month of the as-of day has no end yet: the last state counts.
bounds as (
    select
        months.first_month,
        months.period_start,
        months.period_end,
        first_days.starts_at,
        last_days.ends_at
    from months
    inner join calendar_days as first_days
        on months.period_start = first_days.calendar_day
    left join calendar_days as last_days
        on
            months.period_end = last_days.calendar_day
            and last_days.ends_at <= {{ as_of() }}
),

due as (
    select
        states.opportunity_key,
        states.owner_id,
        bounds.period_start,
        bounds.period_end,
        bounds.ends_at
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    inner join bounds
        on {{ month_index('states.close_date') }} = bounds.first_month
    where
        not stages.is_closed
        and states.valid_from < bounds.starts_at
        and coalesce(states.valid_to >= bounds.starts_at, true)
),

ended as (
    select
        due.owner_id,
        due.period_start,
        due.period_end,
        states.close_date,
        stages.is_closed,
        stages.is_won
    from due
    left join states
        on
            due.opportunity_key = states.opportunity_key
            and coalesce(states.valid_from < due.ends_at, true)
            and coalesce(states.valid_to >= due.ends_at, states.valid_to is null)
    left join stages
        on states.stage_key = stages.stage_key
),

expected as (
    select
        owner_id,
        period_start,
        count(*) as due_count,
        count(*) filter (where is_won) as won_count,
        count(*) filter (where is_closed and not is_won) as lost_count,
        count(*) filter (where not is_closed and close_date > period_end) as slipped_count,
        count(*) filter (where not is_closed and coalesce(close_date <= period_end, true)) as remaining_count
    from ended
    group by owner_id, period_start
)

select
    coalesce(expected.owner_id, slippage.owner_id) as owner_id,
    coalesce(expected.period_start, slippage.period_start) as period_start,
    {% for outcome in outcomes %}
    expected.{{ outcome }}_count as expected_{{ outcome }}_count,
    slippage.{{ outcome }}_count as reported_{{ outcome }}_count{{ ',' if not loop.last }}
    {% endfor %}
from expected
full join slippage
    on
        expected.owner_id = slippage.owner_id
        and expected.period_start = slippage.period_start
where
    {% for outcome in outcomes %}
    {{ 'or ' if not loop.first }}expected.{{ outcome }}_count is distinct from slippage.{{ outcome }}_count
    {% endfor %}
