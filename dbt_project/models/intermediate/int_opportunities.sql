-- Opportunities that exist at the as-of moment, with a whole-number key, for the models that follow their
-- states. Descriptive columns stay in staging until fct_opportunity.
with opportunities as (
    select * from {{ ref('int_opportunities_unioned') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

local_days as (
    select * from {{ ref('int_local_days') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_daily') }}
)

select
    {{ row_key() }} as opportunity_key,
    opportunities.opportunity_id,
    coalesce(opportunities.owner_id, 'unassigned') as owner_id,
    opportunities.pipeline,
    opportunities.currency,
    stages.stage_key,
    opportunities.amount,
    rates.rate as rate_at_creation,
    opportunities.close_date,
    local_days.local_day as created_on,
    opportunities.created_at,
    opportunities.updated_at
from opportunities
inner join stages
    on
        opportunities.pipeline = stages.pipeline
        and opportunities.stage = stages.stage
inner join local_days
    on {{ in_local_day('opportunities.created_at', 'local_days') }}
left join rates
    on
        opportunities.currency = rates.currency
        and local_days.local_day = rates.valued_on
where
    not opportunities.is_deleted
    and opportunities.created_at <= {{ as_of() }}
