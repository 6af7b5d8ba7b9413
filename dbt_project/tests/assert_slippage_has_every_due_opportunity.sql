-- What: of the opportunities open at the start of each month, those with a close date in it are all in the
-- slippage report.
-- Why: the report finds the end state of each by a join; one without an end state would be left out
-- silently.
-- A failure means that an opportunity has no state at the end of a period.
with slippage as (
    select * from {{ ref('kpi_slippage') }}
),

month_states as (
    select * from {{ ref('int_opportunity_month_states') }}
),

reported as (
    select
        {{ month_index('period_start') }} as boundary,
        sum(due_count) as due_count
    from slippage
    where period_type = 'month'
    group by period_start
),

expected as (
    select
        {{ month_index('close_date') }} as boundary,
        count(*) as due_count
    from month_states
    where
        is_open
        and {{ month_index('close_date') }} between first_boundary and last_boundary
        and {{ month_index('close_date') }} <= {{ as_of_month() }}
    group by {{ month_index('close_date') }}
)

select
    expected.boundary,
    expected.due_count as expected_count,
    reported.due_count as reported_count
from expected
full join reported
    on expected.boundary = reported.boundary
where expected.due_count is distinct from reported.due_count
