-- What: won, lost and created of all reps and periods of a type are those of fct_opportunity.
-- Why: the scorecard is summed by rep, day and period; nothing may be lost on the way, whoever owns it.
-- A failure means that a rep, a day or a period is missing or counted twice.
with scorecard as (
    select * from {{ ref('kpi_rep_scorecard') }}
),

opportunities as (
    select * from {{ ref('fct_opportunity') }}
),

in_periods as (
    select
        period_type,
        sum(won_count) as won_count,
        sum(won_amount) as won_amount,
        sum(lost_count) as lost_count,
        sum(lost_amount) as lost_amount,
        sum(created_count) as created_count,
        sum(created_amount) as created_amount
    from scorecard
    group by period_type
),

in_all as (
    select
        count(*) filter (where status = 'won') as won_count,
        coalesce(sum(won_amount), 0) as won_amount,
        count(*) filter (where status = 'lost') as lost_count,
        coalesce(sum(lost_amount), 0) as lost_amount,
        count(*) as created_count,
        coalesce(sum(created_amount), 0) as created_amount
    from opportunities
)

select
    in_periods.*,
    in_all.*
from in_periods
cross join in_all
where
    in_periods.won_count <> in_all.won_count
    or in_periods.won_amount <> in_all.won_amount
    or in_periods.lost_count <> in_all.lost_count
    or in_periods.lost_amount <> in_all.lost_amount
    or in_periods.created_count <> in_all.created_count
    or in_periods.created_amount <> in_all.created_amount
