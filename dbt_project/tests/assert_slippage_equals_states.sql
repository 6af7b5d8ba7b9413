-- What: the opportunities due in each month, and those of them that were won, lost, slipped and remain, are
-- by owner what their states show at the first and the last moment of the month.
-- Why: the report compares numbered months, and takes for remaining what is nothing else; one without an end
-- state would be left out silently. Here moments are compared, and each outcome has a condition of its own.
-- A failure means that an opportunity is missing or doubled, or has the wrong outcome.
{% set outcomes = ['due', 'won', 'lost', 'slipped', 'remaining'] %}
{% set never = "timestamp '9999-12-31 00:00:00'" %}

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

-- A left join is a hash join only if each of its conditions compares a column with a column: hence no nulls.
spans as (
    select
        opportunity_key,
        stage_key,
        owner_id,
        close_date,
        valid_from,
        coalesce(valid_to, {{ never }}) as valid_to
    from states
),

-- The month of the as-of day has no end yet: the last state counts.
bounds as (
    select
        months.first_month,
        months.period_start,
        months.period_end,
        first_days.starts_at,
        coalesce(last_days.ends_at, {{ never }}) as ends_at
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
        spans.opportunity_key,
        spans.owner_id,
        bounds.period_start,
        bounds.period_end,
        bounds.ends_at
    from spans
    inner join stages
        on spans.stage_key = stages.stage_key
    inner join bounds
        on {{ month_index('spans.close_date') }} = bounds.first_month
    where
        not stages.is_closed
        and spans.valid_from < bounds.starts_at
        and spans.valid_to >= bounds.starts_at
),

ended as (
    select
        due.owner_id,
        due.period_start,
        due.period_end,
        spans.close_date,
        stages.is_closed,
        stages.is_won
    from due
    left join spans
        on
            due.opportunity_key = spans.opportunity_key
            and due.ends_at > spans.valid_from
            and due.ends_at <= spans.valid_to
    left join stages
        on spans.stage_key = stages.stage_key
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
    {% for outcome in outcomes %}
    expected.{{ outcome }}_count as expected_{{ outcome }}_count,
    slippage.{{ outcome }}_count as reported_{{ outcome }}_count,
    {% endfor %}
    coalesce(expected.owner_id, slippage.owner_id) as owner_id,
    coalesce(expected.period_start, slippage.period_start) as period_start
from expected
full join slippage
    on
        expected.owner_id = slippage.owner_id
        and expected.period_start = slippage.period_start
where
    false
    {% for outcome in outcomes %}
    or expected.{{ outcome }}_count is distinct from slippage.{{ outcome }}_count
    {% endfor %}
