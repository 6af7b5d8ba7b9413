-- Opportunities as they stand at the as-of moment, with who opened and who closed them and what that was
-- worth.
{{ config(contract={'enforced': not pass_through_names('opportunities')}) }}

with opportunities as (
    select * from {{ ref('int_opportunities') }}
),

records as (
    select * from {{ ref('int_opportunities_unioned') }}
),

states as {{ inlined() }} (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
),

first_states as (
    select * from states
    where previous_stage_key is null
),

last_states as (
    select
        states.*,
        stages.pipeline,
        stages.stage,
        stages.stage_position,
        stages.probability,
        stages.is_won,
        case
            when not stages.is_closed then 'open'
            when stages.is_won then 'won'
            else 'lost'
        end as status
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    where states.valid_to is null
),

-- Each unbroken run of closed states starts once; the last start counts, if the opportunity is closed still.
closings as (
    select
        states.opportunity_key,
        max(states.valid_from) as closed_at,
        {{ last_by('states.from_day', 'states.valid_from') }} as closed_at_day,
        {{ last_by('states.owner_id', 'states.valid_from') }} as closed_owner_id
    from states
    inner join stages
        on states.stage_key = stages.stage_key
    left join stages as previous_stages
        on states.previous_stage_key = previous_stages.stage_key
    where
        stages.is_closed
        and coalesce(not previous_stages.is_closed, true)
    group by states.opportunity_key
),

timelines as (
    select
        opportunities.opportunity_id,
        opportunities.currency,
        opportunities.created_on,
        opportunities.created_at,
        first_states.owner_id as created_owner_id,
        first_states.amount as first_amount,
        first_states.from_day as first_state_on,
        first_states.valid_from as first_state_at,
        last_states.owner_id,
        last_states.pipeline,
        last_states.stage,
        last_states.stage_position,
        last_states.probability,
        last_states.status,
        last_states.amount,
        last_states.close_date,
        last_states.origin = 'assumed' as has_assumed_state,
        last_states.origin = 'inferred' as is_inferred,
        case when last_states.status <> 'open' then closings.closed_owner_id end as closed_owner_id,
        case when last_states.status <> 'open' then closings.closed_at end as closed_at,
        case
            when last_states.status <> 'open'
                then least(coalesce(last_states.close_date, closings.closed_at_day), {{ as_of_day() }})
        end as closed_on
    from opportunities
    inner join first_states
        on opportunities.opportunity_key = first_states.opportunity_key
    inner join last_states
        on opportunities.opportunity_key = last_states.opportunity_key
    left join closings
        on opportunities.opportunity_key = closings.opportunity_key
),

valued as (
    select
        timelines.*,
        {{ base_amount('timelines.first_amount', 'timelines.currency', 'first_rates.rate') }}
            as created_amount,
        -- A closed opportunity is valued on closed_on, an open one on the as-of day.
        {{ base_amount('timelines.amount', 'timelines.currency', 'last_rates.rate') }} as last_amount
    from timelines
    left join rates as first_rates
        on
            timelines.currency = first_rates.currency
            and timelines.first_state_on = first_rates.valued_on
    left join rates as last_rates
        on
            timelines.currency = last_rates.currency
            and coalesce(timelines.closed_on, {{ as_of_day() }}) = last_rates.valued_on
)

select
    valued.opportunity_id,
    records.account_id,
    valued.owner_id,
    valued.created_owner_id,
    valued.closed_owner_id,
    records.name,
    valued.pipeline,
    valued.stage,
    valued.status,
    records.type,
    records.lead_source,
    records.product,
    records.loss_reason,
    coalesce(valued.currency, '{{ var("base_currency") }}') as currency,
    valued.stage_position,
    valued.amount,
    valued.created_amount,
    case when valued.status = 'open' then valued.last_amount end as open_amount,
    case
        when valued.status = 'open'
            then cast(round(cast(valued.last_amount as decimal(20, 2)) * valued.probability, 2) as decimal(18, 2))
    end as weighted_amount,
    case when valued.status = 'won' then valued.last_amount end as won_amount,
    case when valued.status = 'lost' then valued.last_amount end as lost_amount,
    case
        when valued.status = 'won' and valued.closed_on >= valued.created_on
            then {{ dates_between('valued.created_on', 'valued.closed_on') }}
    end as cycle_days,
    valued.has_assumed_state,
    valued.is_inferred,
    (valued.first_amount is not null and valued.created_amount is null)
    or (valued.amount is not null and valued.last_amount is null) as has_unvalued_amount,
    valued.created_on,
    valued.first_state_on,
    valued.close_date,
    valued.closed_on,
    valued.created_at,
    valued.first_state_at,
    {% for name in pass_through_names('opportunities') %}
    records.{{ adapter.quote(name) }},
    {% endfor %}
    valued.closed_at
from valued
inner join records
    on valued.opportunity_id = records.opportunity_id
