-- The states that hold at a month boundary at least, with the first and last boundary at which each does.
-- At a boundary the last state strictly before that midnight holds; the boundary after the as-of month is
-- the as-of moment. All that is compared from month to month, and so from quarter to quarter, is found
-- here.
with states as (
    select * from {{ ref('int_opportunity_states') }}
),

stages as (
    select * from {{ ref('int_stages') }}
),

opportunities as (
    select * from {{ ref('int_opportunities') }}
),

spans as (
    select
        opportunity_key,
        stage_key,
        owner_id,
        amount,
        close_date,
        {{ month_index('from_day') }} + 1 as first_boundary,
        coalesce({{ month_index('to_day') }}, {{ as_of_month() }} + 1) as last_boundary
    from states
)

select
    spans.opportunity_key,
    spans.owner_id,
    stages.pipeline_key,
    opportunities.currency,
    spans.amount,
    opportunities.rate_at_creation,
    spans.first_boundary,
    spans.last_boundary,
    not stages.is_closed as is_open,
    stages.is_won,
    spans.close_date
from spans
inner join stages
    on spans.stage_key = stages.stage_key
inner join opportunities
    on spans.opportunity_key = opportunities.opportunity_key
where spans.first_boundary <= spans.last_boundary
