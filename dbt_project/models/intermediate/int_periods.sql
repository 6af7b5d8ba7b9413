-- Months, fiscal quarters and fiscal years from those of the first event to those of the as-of day.
-- `end_boundary` is the boundary at which the period's end is looked at: its last midnight or the as-of
-- moment.
with first_event as (
    select * from {{ ref('int_first_event') }}
),

months as (
    select {{ explode_integers('first_month', as_of_month()) }} as month_index
    from first_event
),

period_types as (
    select
        'month' as period_type,
        1 as month_count
    union all
    select
        'quarter' as period_type,
        3 as month_count
    union all
    select
        'year' as period_type,
        12 as month_count
),

first_months as (
    select distinct
        period_types.period_type,
        period_types.month_count,
        {{ period_first_month('months.month_index', 'period_types.month_count') }} as first_month
    from months
    cross join period_types
)

select
    period_type,
    {{ month_start('first_month') }} as period_start,
    cast({{ month_start('first_month + month_count') }} - 1 as date) as period_end,
    first_month,
    first_month + month_count - 1 as last_month,
    least(first_month + month_count, {{ as_of_month() }} + 1) as end_boundary
from first_months
