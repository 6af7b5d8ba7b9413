-- What scorecards add up: the measures of each rep and period by the rep's position on the day that counts for the
-- measure, and what follows from the rep's whole period by the position at its end. A scorecard of any grain is sums
-- over these rows.
{% set flows = scorecard_flows() | map(attribute='name') | list %}
{% set day_grain = ['period_type', 'period_start', 'user_id', 'day_that_counts'] %}
{% set measures = scorecard_measures() + quota_rep_counts() %}
{% set measured = scorecard_measures() | map(attribute='name') | list %}

with rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

quota_months as (
    select * from {{ ref('fct_quota_month') }}
    where metric = 'bookings'
),

slippage as (
    select * from {{ ref('kpi_slippage') }}
),

open_opportunities as (
    select * from {{ ref('int_open_opportunities_monthly') }}
),

periods as (
    select
        *,
        least(period_end, {{ as_of_day() }}) as last_day
    from {{ ref('int_periods') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

positions as (
    select * from {{ ref('int_rep_positions') }}
),

-- The first day of a position stands for all of them.
rep_months as (
    select
        rep_days.user_id,
        positions.valid_from as day_that_counts,
        {% for flow in flows %}
        sum(rep_days.{{ flow }}) as {{ flow }},
        {% endfor %}
        {{ month_index('rep_days.date_day') }} as month_index
    from rep_days
    inner join positions
        on
            rep_days.user_id = positions.user_id
            and rep_days.date_day between positions.valid_from and positions.valid_to
    group by rep_days.user_id, positions.valid_from, {{ month_index('rep_days.date_day') }}
),

flows as (
    select
        period_months.period_type,
        period_months.period_start,
        rep_months.*
    from rep_months
    inner join period_months
        on rep_months.month_index = period_months.month_index
),

quotas as (
    select
        period_months.period_type,
        period_months.period_start,
        quota_months.user_id,
        quota_months.month as day_that_counts,
        quota_months.quota_amount
    from quota_months
    inner join period_months
        on {{ month_index('quota_months.month') }} = period_months.month_index
),

open_at_end as (
    select
        periods.period_type,
        periods.period_start,
        open_opportunities.owner_id as user_id,
        periods.last_day as day_that_counts,
        open_opportunities.open_count,
        open_opportunities.open_amount
    from open_opportunities
    inner join periods
        on open_opportunities.boundary = periods.end_boundary
),

open_at_start as (
    select
        periods.period_type,
        periods.period_start,
        open_opportunities.owner_id as user_id,
        periods.period_start as day_that_counts,
        open_opportunities.open_count as open_at_start_count
    from open_opportunities
    inner join periods
        on open_opportunities.boundary = periods.first_month
),

due as (
    select
        period_type,
        period_start,
        owner_id as user_id,
        period_start as day_that_counts,
        due_amount as due_open_amount
    from slippage
),

employed as (
    select
        periods.period_type,
        periods.period_start,
        users.user_id,
        positions.valid_from as day_that_counts,
        true as is_employed
    from users
    inner join positions
        on users.user_id = positions.user_id
    inner join periods
        on
            greatest(periods.period_start, positions.valid_from, users.hired_on)
            <= least(periods.period_end, positions.valid_to, users.left_on)
),

parts as (
    {{ union_by_name({
        'flows': day_grain + flows,
        'quotas': day_grain + ['quota_amount'],
        'open_at_end': day_grain + ['open_count', 'open_amount'],
        'open_at_start': day_grain + ['open_at_start_count'],
        'due': day_grain + ['due_open_amount'],
        'employed': day_grain + ['is_employed'],
    }) }}
),

rep_totals as (
    select
        period_type,
        period_start,
        user_id,
        sum(quota_amount) as quota_amount,
        coalesce(sum(won_amount), 0) as won_amount
    from parts
    group by period_type, period_start, user_id
    having sum(quota_amount) > 0
),

quota_reps as (
    select
        rep_totals.period_type,
        rep_totals.period_start,
        rep_totals.user_id,
        periods.last_day as day_that_counts,
        1 as quota_rep_count,
        case when rep_totals.won_amount >= rep_totals.quota_amount then 1 else 0 end as reached_quota_count
    from rep_totals
    inner join periods
        on
            rep_totals.period_type = periods.period_type
            and rep_totals.period_start = periods.period_start
),

all_parts as (
    {{ union_by_name({
        'parts': day_grain + measured + ['is_employed'],
        'quota_reps': day_grain + ['quota_rep_count', 'reached_quota_count'],
    }) }}
)

select
    all_parts.period_type,
    all_parts.user_id,
    positions.team,
    positions.territory,
    {% for measure in measures %}
    cast({{ summed_measure(measure) }} as {{ measure.type }}) as {{ measure.name }},
    {% endfor %}
    coalesce(bool_or(all_parts.is_employed), false) as is_employed,
    all_parts.period_start,
    positions.valid_from as position_from
from all_parts
inner join positions
    on
        all_parts.user_id = positions.user_id
        and all_parts.day_that_counts between positions.valid_from and positions.valid_to
group by
    all_parts.period_type,
    all_parts.period_start,
    all_parts.user_id,
    positions.team,
    positions.territory,
    positions.valid_from
