-- What: what users are credited with of a won deal adds up to its amount, to the cent.
-- Why: each share is rounded; the last user takes the rest.
-- A failure means that people are paid for more or less than what was won.
with opportunities as (
    select * from {{ ref('fct_opportunity') }}
    where status = 'won'
),

credits as (
    select
        opportunity_id,
        sum(credited_amount) as credited_amount
    from {{ ref('int_commission_credits') }}
    group by opportunity_id
)

select
    opportunities.opportunity_id,
    opportunities.won_amount,
    credits.credited_amount
from opportunities
left join credits
    on opportunities.opportunity_id = credits.opportunity_id
where coalesce(opportunities.won_amount, 0) is distinct from credits.credited_amount
