-- The calendar months of each period, those after the as-of day included.
with periods as (
    select * from {{ ref('int_periods') }}
)

select
    period_type,
    period_start,
    period_end,
    first_month,
    end_boundary,
    cast(unnest(range(first_month, last_month + 1)) as integer) as month_index
from periods
