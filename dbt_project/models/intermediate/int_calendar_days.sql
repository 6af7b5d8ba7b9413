-- Days of the reporting time zone from the fiscal year of the first plausible date to the as-of day, with the
-- UTC moments between which each lasts. Of the days before, those are here on which something is dated
-- (`is_outlier`): it keeps its day and its rate, and one wrong date of long ago does not make thousands of
-- years. Future days are not here: dim_date has them.
with opportunities as (
    select * from {{ ref('int_opportunities_unioned') }}
),

history as (
    select * from {{ ref('int_opportunity_history_unioned') }}
),

calls as (
    select * from {{ ref('int_calls_unioned') }}
),

quotas as (
    select * from {{ ref('int_quotas_unioned') }}
),

{% for entity in dated_columns() %}
{{ entity }} as (
    select * from {{ ref('int_' ~ entity ~ '_unioned') }}
),

{% endfor %}
-- The local date may be one day before or after the UTC one: the earliest that it can be.
named_days as (
    select cast(created_at as date) - 1 as named_day from opportunities
    union
    select close_date from opportunities
    union
    select cast(changed_at as date) - 1 from history
    union
    select close_date from history
    union
    select cast(started_at as date) - 1 from calls
    union
    select period_start from quotas
    union
    {% for entity, columns in dated_columns().items() %}
    {% for column, type in columns.items() %}
    select cast({{ column }} as date){{ ' - 1' if type == 'timestamp' }} from {{ entity }}
    union
    {% endfor %}
    {% endfor %}
    select {{ as_of_day() }}
),

first_month as (
    select {{ period_first_month(month_index('min(named_day)'), 12) }} as month_index
    from named_days
    where named_day >= least({{ earliest_plausible_day() }}, {{ as_of_day() }}) - 1
),

days as (
    select
        false as is_outlier,
        {{ explode_days(month_start('month_index'), as_of_day()) }} as calendar_day
    from first_month
),

offsets as (
    select {{ explode_integers(0, 2) }} as day_offset
),

outliers as (
    select distinct
        true as is_outlier,
        named_days.named_day + offsets.day_offset as calendar_day
    from named_days
    cross join offsets
    cross join first_month
    where named_days.named_day + offsets.day_offset < {{ month_start('first_month.month_index') }}
),

all_days as (
    select * from days
    union all
    select * from outliers
)

select
    calendar_day,
    {{ month_index('calendar_day') }} as month_index,
    is_outlier,
    {{ local_midnight('calendar_day') }} as starts_at,
    {{ local_midnight('(calendar_day + 1)') }} as ends_at
from all_days
