-- What stood won and due for each period and owner at each of its snapshots.
with states as (
    select * from {{ ref('int_forecast_states') }}
),

snapshots as (
    select * from {{ ref('int_forecast_snapshots') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

owner_months as (
    select
        owner_id,
        snapshot_number,
        {{ month_index('counted_on') }} as counted_month,
        {% for category in ['won'] + forecast_categories() %}
        sum(amount) filter (where category = '{{ category }}') as {{ category }}_amount,
        {% endfor %}
        sum(cast(amount as decimal(20, 2)) * probability) filter (where category not in ('won', 'omitted'))
            as weighted_amount
    from states
    group by owner_id, snapshot_number, {{ month_index('counted_on') }}
)

select
    snapshots.period_type,
    snapshots.period_start,
    snapshots.snapshot_on,
    owner_months.owner_id,
    {% for category in ['won'] + forecast_categories() %}
    cast(coalesce(sum(owner_months.{{ category }}_amount), 0) as decimal(18, 2)) as {{ category }}_amount,
    {% endfor %}
    cast(round(coalesce(sum(owner_months.weighted_amount), 0), 2) as decimal(18, 2)) as weighted_amount
from owner_months
inner join period_months
    on owner_months.counted_month = period_months.month_index
inner join snapshots
    on
        period_months.period_type = snapshots.period_type
        and period_months.period_start = snapshots.period_start
        and owner_months.snapshot_number = snapshots.snapshot_number
group by snapshots.period_type, snapshots.period_start, snapshots.snapshot_on, owner_months.owner_id
