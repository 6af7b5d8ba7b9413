-- What of each opportunity stood won or due at each snapshot. A state counts at the snapshots that it spans, those days
-- that begin while it lasts, and only in the periods of the day on which it is won or due: states are cut to the
-- quarter of that day first, and only what is left of them becomes a row per snapshot.
with states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

days as (
    select * from {{ ref('int_forecast_days') }}
),

snapshots as (
    select * from {{ ref('int_forecast_snapshots') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

due_states as (
    select
        states.opportunity_key,
        states.owner_id,
        coalesce(states.forecast_category, stages.forecast_category) as category,
        states.amount,
        stages.probability,
        states.close_date as counted_on,
        states.from_day,
        states.to_day
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    where not stages.is_closed
),

closed_states as (
    select
        states.opportunity_key,
        states.amount,
        states.close_date,
        states.from_day,
        states.to_day,
        states.valid_from,
        stages.is_won,
        case when coalesce(not previous_stages.is_closed, true) then states.owner_id end as closing_owner_id,
        case when coalesce(not previous_stages.is_closed, true) then states.from_day end as closing_day
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    left join stages as previous_stages
        on states.previous_stage_key = previous_stages.stage_key
    where stages.is_closed
),

-- The unbroken run of closed states decides whose a won deal is, its last state what it is worth and when it counts.
runs as (
    select
        *,
        {{ last_known('closing_owner_id') }} over run_so_far as owner_id,
        {{ last_known('closing_day') }} over run_so_far as closed_at_day
    from closed_states
    window run_so_far as (partition by opportunity_key order by valid_from)
),

won_states as (
    select
        opportunity_key,
        owner_id,
        'won' as category,
        amount,
        cast(null as decimal(9, 6)) as probability,
        coalesce(close_date, closed_at_day) as counted_on,
        from_day,
        to_day
    from runs
    where is_won
),

counted_states as (
    select * from due_states
    union all
    select * from won_states
),

quarters as (
    select
        period_months.month_index,
        min(snapshots.snapshot_number) as first_snapshot,
        max(snapshots.snapshot_number) as last_snapshot
    from period_months
    inner join snapshots
        on
            period_months.period_type = snapshots.period_type
            and period_months.period_start = snapshots.period_start
    where period_months.period_type = 'quarter'
    group by period_months.month_index
),

spans as (
    select
        counted_states.*,
        greatest(
            first_days.snapshot_number + 1,
            case when counted_states.category = 'won' then 1 else quarters.first_snapshot end
        ) as first_snapshot,
        least(coalesce(last_days.snapshot_number, quarters.last_snapshot), quarters.last_snapshot) as last_snapshot
    from counted_states
    inner join quarters
        on
            {{ month_index(
                "case when counted_states.category = 'won' then least(counted_states.counted_on, " ~ as_of_day()
                ~ ") else counted_states.counted_on end"
            ) }} = quarters.month_index
    inner join days as first_days
        on counted_states.from_day = first_days.calendar_day
    left join days as last_days
        on counted_states.to_day = last_days.calendar_day
    where coalesce(counted_states.to_day > counted_states.from_day, true)
),

state_snapshots as (
    select
        opportunities.opportunity_id,
        spans.owner_id,
        spans.category,
        spans.amount,
        opportunities.currency,
        spans.probability,
        spans.counted_on,
        {{ explode_integers('spans.first_snapshot', 'spans.last_snapshot') }} as snapshot_number
    from spans
    inner join opportunities
        on spans.opportunity_key = opportunities.opportunity_key
    where spans.first_snapshot <= spans.last_snapshot
),

-- What is won on a day ahead counts on the day before the snapshot, as it would have that day.
dated as (
    select
        state_snapshots.opportunity_id,
        state_snapshots.owner_id,
        state_snapshots.category,
        state_snapshots.amount,
        state_snapshots.currency,
        state_snapshots.probability,
        state_snapshots.snapshot_number,
        case
            when state_snapshots.category = 'won'
                then least(state_snapshots.counted_on, cast(days.calendar_day - 1 as date))
            else state_snapshots.counted_on
        end as counted_on,
        days.calendar_day as snapshot_on
    from state_snapshots
    inner join days
        on
            state_snapshots.snapshot_number = days.snapshot_number
            and days.is_snapshot
)

select
    dated.opportunity_id,
    dated.owner_id,
    dated.category,
    dated.snapshot_number,
    dated.snapshot_on,
    dated.counted_on,
    dated.probability,
    {{ base_amount('dated.amount', 'dated.currency', 'rates.rate') }} as amount
from dated
left join rates
    on
        dated.currency = rates.currency
        and case when dated.category = 'won' then dated.counted_on else dated.snapshot_on end = rates.valued_on
