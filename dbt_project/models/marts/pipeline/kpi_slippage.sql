-- What became of the opportunities that were due in a period: open at its start with a close date in it.
-- A close date lies in one period of each type, so no opportunity is compared with all periods.
with month_states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_month_states') }}
),

period_months as (
    select * from {{ ref('int_period_months') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

due as (
    select
        month_states.opportunity_key,
        month_states.owner_id,
        month_states.currency,
        month_states.amount,
        period_months.period_type,
        period_months.period_start,
        period_months.period_end,
        period_months.end_boundary
    from month_states
    inner join period_months
        on {{ month_index('month_states.close_date') }} = period_months.month_index
    where
        month_states.is_open
        and period_months.first_month between month_states.first_boundary and month_states.last_boundary
),

valued as (
    select
        due.*,
        {{ base_amount('due.amount', 'due.currency', 'rates.rate') }} as due_amount
    from due
    left join rates
        on
            due.currency = rates.currency
            and due.period_start = rates.valued_on
),

outcomes as (
    select
        valued.*,
        case
            when end_states.is_won then 'won'
            when not end_states.is_open then 'lost'
            when end_states.close_date > valued.period_end then 'slipped'
            else 'remaining'
        end as outcome
    from valued
    inner join month_states as end_states
        on
            valued.opportunity_key = end_states.opportunity_key
            and valued.end_boundary between end_states.first_boundary and end_states.last_boundary
),

summed as (
    select
        period_type,
        owner_id,
        count(*) as due_count,
        coalesce(sum(due_amount), 0) as due_amount,
        {% for outcome in ['won', 'lost', 'slipped', 'remaining'] %}
        count(*) filter (where outcome = '{{ outcome }}') as {{ outcome }}_count,
        coalesce(sum(due_amount) filter (
            where outcome = '{{ outcome }}'
        ), 0) as {{ outcome }}_amount,
        {% endfor %}
        period_start,
        period_end
    from outcomes
    group by period_type, owner_id, period_start, period_end
)

select
    period_type,
    owner_id,
    {% for measure in ['due', 'won', 'lost', 'slipped', 'remaining'] %}
    cast({{ measure }}_count as integer) as {{ measure }}_count,
    cast({{ measure }}_amount as decimal(18, 2)) as {{ measure }}_amount,
    {% endfor %}
    {{ ratio('slipped_amount', 'due_amount') }} as slippage_rate,
    period_start,
    period_end
from summed
