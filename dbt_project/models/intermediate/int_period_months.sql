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
    {{ explode_integers('first_month', 'last_month') }} as month_index
from periods
