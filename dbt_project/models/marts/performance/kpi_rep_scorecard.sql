-- The scorecard of each rep for each month, fiscal quarter and fiscal year: sums of the parts, then the
-- ratios.
{% set counts = [
    'won_count', 'lost_count', 'created_count', 'cycle_count', 'cycle_days', 'outbound_calls', 'connected_calls',
] %}
{% set amounts = ['won_amount', 'lost_amount', 'created_amount'] %}
{% set keys = ['period_type', 'period_start', 'user_id'] %}

with rep_days as (
    select * from {{ ref('fct_rep_day') }}
),

quota_months as (
    select * from {{ ref('fct_quota_month') }}
),

slippage as (
    select * from {{ ref('kpi_slippage') }}
),

open_opportunities as (
    select * from {{ ref('int_open_opportunities_monthly') }}
),

all_periods as (
    select * from {{ ref('int_periods') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

calls_daily as (
    select * from {{ ref('int_calls_daily') }}
),

first_event as (
    select
        least(
            (select min(first_state_on) from opportunities),
            (select min(closed_on) from opportunities),
            (select min(call_on) from calls_daily)
        ) as first_event_on
),

periods as (
    select all_periods.*
    from all_periods
    inner join first_event
        on all_periods.period_end >= first_event.first_event_on
),

rep_months as (
    select
        user_id,
        {{ month_index('date_day') }} as month_index,
        {% for measure in counts + amounts %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        sum(talk_seconds) as talk_seconds
    from rep_days
    group by user_id, {{ month_index('date_day') }}
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
        quota_months.quota_amount
    from quota_months
    inner join period_months
        on {{ month_index('quota_months.month') }} = period_months.month_index
    where quota_months.metric = 'bookings'
),

open_at_end as (
    select
        periods.period_type,
        periods.period_start,
        open_opportunities.owner_id as user_id,
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
        due_amount as due_open_amount
    from slippage
),

employed as (
    select
        periods.period_type,
        periods.period_start,
        users.user_id,
        true as is_employed
    from users
    inner join periods
        on
            coalesce(users.hired_on <= periods.period_end, true)
            and coalesce(users.left_on >= periods.period_start, true)
),

parts as (
    {{ union_by_name({
        'flows': keys + counts + amounts + ['talk_seconds'],
        'quotas': keys + ['quota_amount'],
        'open_at_end': keys + ['open_count', 'open_amount'],
        'open_at_start': keys + ['open_at_start_count'],
        'due': keys + ['due_open_amount'],
        'employed': keys + ['is_employed'],
    }) }}
),

summed as (
    select
        period_type,
        period_start,
        user_id,
        {% for measure in counts + ['open_count', 'open_at_start_count'] %}
        cast(coalesce(sum({{ measure }}), 0) as integer) as {{ measure }},
        {% endfor %}
        {% for measure in amounts + ['open_amount', 'due_open_amount'] %}
        cast(coalesce(sum({{ measure }}), 0) as decimal(18, 2)) as {{ measure }},
        {% endfor %}
        cast(sum(quota_amount) as decimal(18, 2)) as quota_amount,
        cast(coalesce(sum(talk_seconds), 0) as decimal(18, 3)) as talk_seconds,
        coalesce(bool_or(is_employed), false) as is_employed
    from parts
    group by period_type, period_start, user_id
),

counted as (
    select
        summed.*,
        periods.period_end
    from summed
    inner join periods
        on
            summed.period_type = periods.period_type
            and summed.period_start = periods.period_start
    where
        summed.is_employed
        {% for measure in counts + amounts + ['open_count', 'due_open_amount', 'talk_seconds'] %}
        or summed.{{ measure }} <> 0
        {% endfor %}
        or coalesce(summed.quota_amount <> 0, false)
),

rated as (
    select
        *,
        {{ ratio('won_count', 'won_count + lost_count') }} as win_rate,
        {{ ratio('won_amount', 'won_amount + lost_amount') }} as win_rate_amount,
        {{ ratio('won_amount', 'won_count') }} as avg_won_amount,
        {{ ratio('cycle_days', 'cycle_count') }} as avg_cycle_days,
        {{ ratio('won_amount', 'quota_amount') }} as attainment,
        {{ ratio('due_open_amount', 'quota_amount') }} as coverage_at_start,
        {{ ratio('connected_calls', 'outbound_calls') }} as connect_rate
    from counted
)

select
    period_type,
    user_id,
    won_count,
    won_amount,
    lost_count,
    lost_amount,
    win_rate,
    win_rate_amount,
    avg_won_amount,
    avg_cycle_days,
    created_count,
    created_amount,
    open_at_start_count,
    open_count,
    open_amount,
    due_open_amount,
    quota_amount,
    attainment,
    coverage_at_start,
    outbound_calls,
    connected_calls,
    connect_rate,
    talk_seconds,
    case
        when avg_cycle_days > 0
            then (open_at_start_count + created_count) * win_rate * avg_won_amount / avg_cycle_days
    end as sales_velocity,
    cast(rank() over (
        partition by period_type, period_start order by won_amount desc
    ) as integer) as bookings_rank,
    period_start,
    period_end
from rated
