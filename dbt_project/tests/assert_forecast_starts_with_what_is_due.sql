-- What: on a period's first day the forecast has as due, omitted ones included, what the slippage report follows.
-- Why: both look at what is open at that midnight with a close date in the period, the one by snapshots and days, the
-- other by numbered months.
-- A failure means that one of them misreads from when to when a state holds, or values it on another day.
with first_snapshots as (
    select
        period_type,
        period_start,
        owner_id,
        due_amount + omitted_amount as due_amount
    from {{ ref('kpi_forecast') }}
    where snapshot_on = period_start
),

slippage as (
    select
        period_type,
        period_start,
        owner_id,
        due_amount
    from {{ ref('kpi_slippage') }}
    where period_type <> 'year'
)

select
    coalesce(first_snapshots.period_type, slippage.period_type) as period_type,
    coalesce(first_snapshots.period_start, slippage.period_start) as period_start,
    coalesce(first_snapshots.owner_id, slippage.owner_id) as owner_id,
    first_snapshots.due_amount as forecast_amount,
    slippage.due_amount as slippage_amount
from first_snapshots
full join slippage
    on
        first_snapshots.period_type = slippage.period_type
        and first_snapshots.period_start = slippage.period_start
        and first_snapshots.owner_id = slippage.owner_id
where coalesce(first_snapshots.due_amount, 0) <> coalesce(slippage.due_amount, 0)
