-- The scorecard of each rep for each month, fiscal quarter and fiscal year since the first event: sums of the
-- parts, then the ratios.
{% set grain = ['period_type', 'period_start', 'user_id'] %}
{% set flow_names = scorecard_flows() | map(attribute='name') | list %}

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

periods as (
    select * from {{ ref('int_periods') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

users as (
    select * from {{ ref('int_users_unioned') }}
),

rep_months as (
    select
        user_id,
        {% for measure in flow_names %}
        sum({{ measure }}) as {{ measure }},
        {% endfor %}
        {{ month_index('date_day') }} as month_index
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
        'flows': grain + flow_names,
        'quotas': grain + ['quota_amount'],
        'open_at_end': grain + ['open_count', 'open_amount'],
        'open_at_start': grain + ['open_at_start_count'],
        'due': grain + ['due_open_amount'],
        'employed': grain + ['is_employed'],
    }) }}
),

summed as (
    {{ scorecard_sums('parts', grain) }}
),

rated as (
    {{ scorecard_rates('summed') }}
)

select
    rated.period_type,
    rated.user_id,
    {% for column in scorecard_columns() %}
    rated.{{ column }},
    {% endfor %}
    cast(rank() over (
        partition by rated.period_type, rated.period_start order by rated.won_amount desc
    ) as integer) as bookings_rank,
    rated.period_start,
    periods.period_end
from rated
inner join periods
    on
        rated.period_type = periods.period_type
        and rated.period_start = periods.period_start
