-- The amount that stood submitted by each user for each period at each of its snapshots: the last one before that day,
-- valued on its own.
with submissions as (
    select * from {{ ref('int_forecast_submissions_unioned') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

snapshots as (
    select * from {{ ref('int_forecast_snapshots') }}
),

valued as (
    select
        submissions.user_id,
        submissions.period_type,
        submissions.period_start,
        submissions.submitted_at,
        local_days.local_day as submitted_on,
        {{ base_amount('submissions.amount', 'submissions.currency', 'rates.rate') }} as submitted_amount
    from submissions
    inner join local_days
        on {{ in_local_day('submissions.submitted_at', 'local_days') }}
    left join rates
        on
            submissions.currency = rates.currency
            and local_days.local_day = rates.valued_on
    where not submissions.is_deleted
),

standing as (
    select
        *,
        lead(submitted_on) over (
            partition by user_id, period_type, period_start order by submitted_at
        ) as next_submitted_on
    from valued
)

select
    snapshots.period_type,
    snapshots.period_start,
    snapshots.snapshot_on,
    standing.user_id,
    standing.submitted_amount,
    standing.submitted_at
from standing
inner join snapshots
    on
        standing.period_type = snapshots.period_type
        and standing.period_start = snapshots.period_start
        and standing.submitted_on < snapshots.snapshot_on
        and coalesce(standing.next_submitted_on >= snapshots.snapshot_on, true)
